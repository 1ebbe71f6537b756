"""How far a fetch is, counted by many threads and reported by one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

from mixpanel_data.types import FetchProgress

OnProgress = Callable[[FetchProgress], None]

_EVERY = 0.2


class Tally:
    """Rows and bytes per window; a window that starts over takes its share back."""

    def __init__(self, windows: int | None, report: OnProgress | None) -> None:
        self.windows = windows
        self.done = 0
        self._report = report
        self._shares: dict[object, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._shown = 0.0

    def received(self, window: object, rows: int, size: int) -> None:
        """What a window has received in all so far."""
        with self._lock:
            self._shares[window] = (rows, size)

    def split(self) -> None:
        """A window became two."""
        with self._lock:
            self.windows = None if self.windows is None else self.windows + 1

    def show(
        self, phase: Literal["download", "store"] = "download", *, always: bool = False
    ) -> None:
        """Report, but not more often than eyes can follow."""
        if self._report is None or not (always or time.monotonic() - self._shown > _EVERY):
            return
        self._shown = time.monotonic()
        with self._lock:
            shares = list(self._shares.values())
        self._report(
            FetchProgress(
                sum(rows for rows, _ in shares),
                size=sum(size for _, size in shares),
                windows_done=self.done,
                windows=self.windows,
                phase=phase,
            )
        )
