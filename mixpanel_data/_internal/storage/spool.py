"""Downloaded bodies on disk, beside the database, until they are in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mixpanel_data._internal.storage.errors import file_failed


@contextmanager
def spool(database: Path | None) -> Iterator[Path]:
    """A private folder, gone at the end; without a database file it lies in the temp folder.

    A fetch that was killed leaves its folder behind. Only the process that has the database open
    may fetch into it, so the folders of other processes are theirs no more and are swept.
    """
    if database is None:
        with tempfile.TemporaryDirectory(prefix="mixpanel-data-") as temporary:
            yield Path(temporary)
        return
    home = database.with_name(database.name + ".spool")
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        for left in home.iterdir():
            if not left.name.startswith(f"{os.getpid()}-"):
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=home))
    except OSError as error:
        raise file_failed(error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if not any(home.iterdir()):
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def body(path: Path) -> Iterator[Callable[[bytes], object]]:
    """A function that appends to a new file; the file is on disk when the block ends."""
    try:
        file = path.open("wb")
    except OSError as error:
        raise file_failed(error) from error

    def write(chunk: bytes) -> None:
        try:
            file.write(chunk)
        except OSError as error:
            raise file_failed(error) from error

    try:
        yield write
    finally:
        try:
            file.close()
        except OSError as error:
            raise file_failed(error) from error
