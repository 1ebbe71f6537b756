"""Slow work of a widget, on a thread of its own: what was asked last is what counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from mixpanel_data.exceptions import MixpanelDataError

T = TypeVar("T")

_PAUSE = 0.05
"""Seconds between two interrupts: one may come between two statements, and be lost."""


class Work:
    """Runs one job at a time; a new one stops the one before it, whose answer is not wanted."""

    def __init__(self, interrupt: Callable[[], None] = lambda: None) -> None:
        self._interrupt = interrupt
        self._lock = threading.Lock()
        self._last: threading.Thread | None = None

    def do(
        self,
        job: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[MixpanelDataError], None],
    ) -> None:
        """Start `job`; its answer, or the library's error, is told on the job's thread."""

        def run(before: threading.Thread | None) -> None:
            while before is not None and before.is_alive():
                self._interrupt()
                before.join(_PAUSE)
            if not self._is_wanted():
                return
            try:
                answer = job()
            except MixpanelDataError as error:
                if self._is_wanted():
                    failed(error)
            else:
                if self._is_wanted():
                    then(answer)

        with self._lock:
            thread = threading.Thread(target=run, args=(self._last,), name="mixpanel widget")
            self._last = thread
            thread.start()

    def stop(self) -> None:
        """Have what runs stopped; nothing more is told of it."""
        self.do(lambda: None, lambda _: None, lambda _: None)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs; False when that takes too long."""
        while (last := self._last) is not None:
            last.join(timeout)
            if last.is_alive():
                return False
            if last is self._last:  # what is told may have begun more
                return True
        return True

    def close(self) -> None:
        """Have what runs stopped, and wait for that; closing twice is fine."""
        self.stop()
        self.wait()

    def _is_wanted(self) -> bool:
        return threading.current_thread() is self._last
