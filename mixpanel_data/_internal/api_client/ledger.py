"""Who asked when: one account of a quota, in memory, or in a file for all processes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mixpanel_data._internal.locking import lock

HOUR = 3600.0
_AHEAD = 5.0
"""Seconds by which the clocks of two readings may differ; a start later than that is an error."""


@dataclass
class Account:
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
    """An account that threads and, with a path, processes take turns to change."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._account = Account()
        self._lock = threading.Lock()

    @contextmanager
    def open(self, now: float) -> Iterator[Account]:
        """The account as it is now; what the block changes in it is kept."""
        with self._lock, ExitStack() as stack:
            if self._path is not None:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                stack.enter_context(lock(self._path.with_suffix(".lock"), wait=True))
                self._account = _read(self._path)
            self._account.settle(now)
            before = asdict(self._account)
            try:
                yield self._account
            finally:
                if self._path is not None and asdict(self._account) != before:
                    _write(self._path, self._account)


def ledger_path(folder: Path, origin: str, project_id: str, quota: str) -> Path:
    """The file of one quota; distinct for any two projects and origins."""
    name = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{project_id}-{origin.partition('://')[2]}-{quota}")
    digest = hashlib.sha256(f"{project_id}\n{origin}\n{quota}".encode()).hexdigest()[:8]
    return folder / f"{name[:80]}-{digest}.json"


def _read(path: Path) -> Account:
    """What the file says; a file that can't be read is an empty account: Mixpanel counts too."""
    try:
        told = json.loads(path.read_text())
        starts = [float(at) for at in told["starts"]]
        per_hour = told["per_hour"]
        return Account(
            starts, None if per_hour is None else int(per_hour), float(told["closed_until"])
        )
    except (OSError, ValueError, TypeError, KeyError):
        return Account()


def _write(path: Path, account: Account) -> None:
    # A new file under the old name: whoever is killed here leaves the one or the other.
    new = path.with_suffix(".new")
    with suppress(OSError):  # a full disk must not stop a request
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w") as file:  # noqa: PTH123 - a descriptor
            json.dump(asdict(account), file)
        new.replace(path)
