"""Waiting for something that happens, never for time to pass: a busy machine takes its time."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

import psutil

T = TypeVar("T")

HANG = float(os.environ.get("HANG_SECONDS", "600"))
"""Seconds after which a wait is taken for a hang; nothing that works comes near.

The only time limit of the tests. Set HANG_SECONDS to a few while you look for a hang.
"""

_WORKED = 0.1


def until(happened: Callable[[], T], process: subprocess.Popen | None = None) -> T:
    """What `happened` answers once that is true; `process` must not end before."""
    end = time.monotonic() + HANG
    while not (answer := happened()):
        assert process is None or process.poll() is None, "the process ended too early"
        assert time.monotonic() < end, "it hangs"
        time.sleep(0.005)
    return answer


def until_at_work(pid: int, began: float = 0.0) -> None:
    """Until a process has used a tenth of a second of CPU since it had used `began`."""
    until(lambda: cpu_seconds(pid) >= began + _WORKED)


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process has used."""
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system


class Changes:
    """Counts how often the answer of `state` has changed: how far work has come, without a clock."""

    def __init__(self, state: Callable[[], object]) -> None:
        self._state = state
        self._last = state()
        self._count = 0

    def count(self) -> int:
        """The changes up to now; those between two looks are one."""
        if (now := self._state()) != self._last:
            self._last = now
            self._count += 1
        return self._count
