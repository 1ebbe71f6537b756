"""Who asked when: one window of a quota, in memory, or in a file for all processes."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mixpanel_data._internal.locking import Locked, lock
from mixpanel_data.exceptions import warn

HOUR = 3600.0
_AHEAD = 5.0
"""Seconds by which the clocks of two readings may differ; a start later than that is an error."""

_PATIENCE = 5.0
"""Seconds to wait for the file: whoever holds it this long was stopped while it did."""


@dataclass
class QuotaWindow:
    """Starts of the last hour (epoch seconds), and what Mixpanel's answers told of the quota.

    `per_hour` is the limit it named, `closed_until` when a used-up window opens again.
    """

    starts: list[float] = field(default_factory=list)
    per_hour: int | None = None
    closed_until: float = 0.0

    def settle(self, now: float) -> None:
        """Forget what is over, and what a clock that was set back has made impossible."""
        self.starts = sorted(at for at in self.starts if now - HOUR < at <= now + _AHEAD)
        if not now < self.closed_until <= now + HOUR + _AHEAD:
            self.closed_until = 0.0


class Ledger:
    """An window that threads and, with a path, processes take turns to change.

    It never stops a request: a damaged file begins anew, and where no file can be kept this
    process counts by itself from then on. Both are warned of; Mixpanel counts, too.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._account = QuotaWindow()
        self._lock = threading.Lock()

    @contextmanager
    def open(self, now: float) -> Iterator[QuotaWindow]:
        """The window as it is now; what the block changes in it is kept."""
        with self._lock, ExitStack() as stack:
            before = self._load(stack)
            self._account.settle(now)
            try:
                yield self._account
            finally:
                if (after := _text(self._account)) != before:
                    self._save(after)

    def _load(self, stack: ExitStack) -> str | None:
        """What the file says, which stays locked; None when that is not what counts."""
        if self._path is None:
            return None
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _acquire(self._path.with_suffix(".lock"), stack)
            text = self._path.read_text(errors="replace")
        except FileNotFoundError:
            self._account = QuotaWindow()
            return _text(self._account)
        except (OSError, Locked) as error:
            self._go_alone(error)
            return None
        try:
            self._account = _parse(text)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            self._account = QuotaWindow()
            _warn(f"{self._path} is damaged: the count of the quota begins anew")
            return None
        return text

    def _save(self, text: str) -> None:
        if self._path is None:
            return
        try:
            _write(self._path, text)
        except OSError as error:
            self._go_alone(error)

    def _go_alone(self, error: Exception) -> None:
        why = "another process holds it" if isinstance(error, Locked) else str(error)
        path, self._path = self._path, None
        _warn(f"{path} can't be used ({why}): this process counts its quota by itself")


def ledger_path(folder: Path, origin: str, project_id: str, quota: str) -> Path:
    """The file of one quota; distinct for any two projects and origins."""
    name = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{project_id}-{origin.partition('://')[2]}-{quota}")
    digest = hashlib.sha256(f"{project_id}\n{origin}\n{quota}".encode()).hexdigest()[:8]
    return folder / f"{name[:80]}-{digest}.json"


def _acquire(path: Path, stack: ExitStack) -> None:
    # Not by waiting in the system: a holder that was stopped with Ctrl-Z would stop us, too.
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            stack.enter_context(lock(path))
        except Locked:
            if time.monotonic() > end:
                raise
            time.sleep(random.uniform(0, 0.002))  # noqa: S311 - spreads the processes
        else:
            return


def _text(window: QuotaWindow) -> str:
    return json.dumps(vars(window))  # asdict() copies number by number, for a millisecond


def _parse(text: str) -> QuotaWindow:
    told = json.loads(text)
    window = QuotaWindow(list(map(float, told["starts"])), None, float(told["closed_until"]))
    if told["per_hour"] is not None:
        window.per_hour = int(told["per_hour"])
        if window.per_hour < 1:
            raise ValueError("no quota is empty")
    return window


def _write(path: Path, text: str) -> None:
    # A new file under the old name: whoever is killed here leaves the one or the other.
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:  # noqa: PTH123 - a descriptor
        file.write(text)
    new.replace(path)


def _warn(text: str) -> None:
    warn(text)
