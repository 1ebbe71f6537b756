"""What was sent and not stored. Mixpanel drops it in silence; a test wants to know."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

_KEPT = 1000
_MAX_RECORD = 10_000


@dataclass(frozen=True)
class Dropped:
    """A record that was refused or ignored, and why."""

    path: str
    reason: str
    record: Any


class Drops:
    """The latest thousand of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: deque[Dropped] = deque(maxlen=_KEPT)

    def add(self, path: str, reason: str, record: Any) -> None:
        """Remember one; of a large record, its beginning as text."""
        text = json.dumps(record)
        kept = record if len(text) <= _MAX_RECORD else f"{text[:_MAX_RECORD]}…"
        with self._lock:
            self._latest.append(Dropped(path, reason, kept))

    def latest(self) -> list[Dropped]:
        """All that is remembered, latest last."""
        with self._lock:
            return list(self._latest)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._latest.clear()
