"""Time and chance in one value, so that waiting can be tested without waiting."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _now() -> datetime:
    return datetime.now(UTC)


def _spread(ceiling: float) -> float:
    return random.uniform(0, ceiling)  # noqa: S311 - spreads retries; nothing secret hangs on it


def _wait(stopped: threading.Event, seconds: float) -> None:
    end = time.monotonic() + seconds
    # In slices: on Windows Ctrl-C does not reach a thread that waits for a lock.
    while (left := end - time.monotonic()) > 0 and not stopped.wait(min(left, 1.0)):
        pass


@dataclass(frozen=True)
class Clock:
    """`monotonic` measures, `now` is aware UTC, `spread` is a random share of its argument.

    `wait` lets seconds pass, or fewer when the event is set.
    """

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _now
    wait: Callable[[threading.Event, float], None] = _wait
    spread: Callable[[float], float] = _spread
