"""Drawing a state into widgets, from whichever thread has changed it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Drawing:
    """One thread draws at a time, and what it changes in a widget is not taken for the user's."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._thread: int | None = None

    @contextmanager
    def in_progress(self) -> Iterator[None]:
        """Within the block widgets are set."""
        with self._lock:
            before, self._thread = self._thread, threading.get_ident()
            try:
                yield
            finally:
                self._thread = before

    def by_user(self, widget: Any, do: Callable[[Any], None]) -> None:
        """Have `do` called with each value that the user gives a widget."""

        def changed(change: dict[str, Any]) -> None:
            if self._thread != threading.get_ident():
                do(change["new"])

        widget.observe(changed, "value")
