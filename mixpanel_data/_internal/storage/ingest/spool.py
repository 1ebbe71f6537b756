"""Downloaded bodies on disk, beside the database, until they are in it.

`<database>.spool/` holds
- `job-<key>/`, one fetch of events, which outlives its process so that it can be resumed:
  `job.json` (what was asked, and since when), `<first>_<last>.<rows>.<size>.<source>.ndjson` (a whole
  body, renamed to this when it was on disk) and `<first>_<last>.<random>.part` (one that is coming);
- `tmp-<pid>-<random>/` and its lock, pages of profiles, swept when their process is gone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from mixpanel_data._internal import locking
from mixpanel_data._internal.locking import Locked, lock
from mixpanel_data._internal.storage.errors import file_failed
from mixpanel_data.exceptions import StorageError

_BODY = re.compile(r"(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)\.(\d+)\.(\d+)\.(\w+)\.ndjson")

Write = Callable[[bytes], object]


@dataclass(frozen=True)
class Body:
    """A whole export of the days first..last, from where, and when it was received (UTC)."""

    path: Path
    first: date
    last: date
    rows: int
    size: int
    source: str
    received: datetime


class Job:
    """The spool of one fetch. What is asked is the key: the same question finds its bodies."""

    def __init__(self, folder: Path, asked: Mapping[str, Any]) -> None:
        self.folder = folder
        self.asked = dict(asked)

    @property
    def id(self) -> str:
        """Tells this download from a later one of the same question."""
        return str(self.asked["id"])

    def bodies(self) -> list[Body]:
        """The whole bodies, by day; a file that lost bytes since is dropped."""
        found = []
        for path in self.folder.iterdir():
            if not (name := _BODY.fullmatch(path.name)):
                continue
            first, last, rows, size, source = name.groups()
            status = path.stat()
            if status.st_size != int(size):
                path.unlink()
                continue
            received = datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
            days = date.fromisoformat(first), date.fromisoformat(last)
            found.append(Body(path, *days, int(rows), int(size), source, received))
        return sorted(found, key=lambda body: body.first)

    @contextmanager
    def receive(self, first: date, last: date) -> Iterator[Incoming]:
        """A body that comes in; `keep` makes it count, anything else leaves nothing."""
        # A download that outlives its fetch for a moment must not write into that of the next one.
        part = self.folder / f"{first}_{last}.{uuid.uuid4().hex[:8]}.part"
        try:
            with body(part) as write:
                yield Incoming(self, part, write, (first, last))
        finally:
            part.unlink(missing_ok=True)

    def remove(self) -> None:
        """Forget the job and all its bodies."""
        shutil.rmtree(self.folder, ignore_errors=True)
        _remove_if_empty(self.folder.parent)


@dataclass
class Incoming:
    """A body that is not whole yet."""

    job: Job
    part: Path
    write: Write
    days: tuple[date, date]
    kept: Body | None = None

    def keep(self, rows: int, source: str) -> Body:
        """It is whole: on disk for good, under a name that says what must be in it."""
        first, last = self.days
        try:
            with self.part.open("rb") as file:
                os.fsync(file.fileno())
            size = self.part.stat().st_size
            path = self.part.with_name(f"{first}_{last}.{rows}.{size}.{source}.ndjson")
            self.part.rename(path)
        except OSError as error:
            raise file_failed(error) from error
        received = datetime.now(UTC).replace(tzinfo=None)
        return Body(path, first, last, rows, size, source, received)


def key_of(question: Mapping[str, Any]) -> str:
    """A short name for a question."""
    text = json.dumps(question, sort_keys=True)
    return "job-" + hashlib.sha256(text.encode()).hexdigest()[:16]


def home_of(database: Path) -> Path:
    """Where the bodies for a database lie."""
    return database.with_name(database.name + ".spool")


@contextmanager
def job(
    home: Path, question: Mapping[str, Any], *, finished: Container[str] = (), **facts: Any
) -> Iterator[Job]:
    """The job of a question, found or begun, held by this process alone; it stays on disk.

    One whose id is among the `finished` is stored already and begins anew.
    """
    folder = home / key_of(question)
    try:
        with ExitStack() as stack:
            try:
                locking.folder(home)
                locking.folder(folder)
                stack.enter_context(lock(folder / "lock"))
            except OSError as error:
                raise file_failed(error) from error
            for left in folder.glob("*.part"):
                with suppress(OSError):  # Windows keeps what a thread still writes
                    left.unlink()
            asked = _read(folder) or {}
            if not asked or asked["id"] in finished:
                for old in folder.glob("*.ndjson"):
                    old.unlink()
                asked = {"id": uuid.uuid4().hex, "started_at": _now()}
            asked |= {**question, **facts}
            _write(folder, asked)
            yield Job(folder, asked)
    except Locked:
        raise StorageError(
            f"another fetch into table {question['table']!r} is running",
            hint="wait for it, or fetch under another name",
        ) from None
    finally:
        _remove_if_empty(home)


def find(home: Path, question: Mapping[str, Any]) -> Job | None:
    """The job of a question, to look at."""
    asked = _read(home / key_of(question)) if _is_ours(home) else None
    return Job(home / key_of(question), asked) if asked else None


def jobs(home: Path) -> list[Job]:
    """Every job with its bodies still here, oldest first."""
    folders = sorted(home.glob("job-*")) if _is_ours(home) else []
    found = [Job(folder, asked) for folder in folders if (asked := _read(folder))]
    return sorted(found, key=lambda job: str(job.asked["started_at"]))


def _is_ours(home: Path) -> bool:
    try:
        locking.check_folder(home)
    except OSError:
        return False
    return True


def is_running(job: Job) -> bool:
    """Whether a process works on it."""
    try:
        with lock(job.folder / "lock"):
            return False
    except Locked:
        return True


@contextmanager
def temporary(database: Path | None) -> Iterator[Path]:
    """A private folder that goes with the block; without a database file, in the temp folder.

    Its lock, taken before it is made, tells those of others from what dead processes left.
    """
    if database is None:
        with tempfile.TemporaryDirectory(prefix="mixpanel-data-") as folder:
            yield Path(folder)
        return
    home = home_of(database)
    private = home / f"tmp-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    with ExitStack() as stack:
        stack.callback(_remove_if_empty, home)
        try:
            locking.folder(home)
            stack.enter_context(lock(_lock_of(private)))
            stack.callback(_remove, private)
            _sweep(home)
            private.mkdir(mode=0o700)
        except OSError as error:
            raise file_failed(error) from error
        yield private


def _sweep(home: Path) -> None:
    """Remove the folders of processes that are gone."""
    for left in home.glob("tmp-*"):
        if left.is_dir():
            with suppress(Locked, OSError), lock(_lock_of(left)):
                _remove(left)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    _lock_of(folder).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + ".lock")


@contextmanager
def body(path: Path) -> Iterator[Write]:
    """A function that appends to a new file, which is closed with the block."""
    try:
        file = path.open("wb", buffering=0)
    except OSError as error:
        raise file_failed(error) from error

    def write(chunk: bytes) -> None:
        view = memoryview(chunk)
        try:
            while view:
                view = view[file.write(view) :]
        except OSError as error:
            raise file_failed(error) from error

    with file:
        yield write


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        asked: dict[str, Any] = json.loads((folder / "job.json").read_text())
    except (OSError, ValueError, RecursionError):
        return None
    return asked


def _write(folder: Path, asked: Mapping[str, Any]) -> None:
    new = folder / "job.json.new"
    try:
        new.write_text(json.dumps(asked))
        new.replace(folder / "job.json")
    except OSError as error:
        raise file_failed(error) from error


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat(sep=" ")


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # others are still in there
        folder.rmdir()
