"""Time and chance in one value, so that waiting can be tested without waiting."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _now() -> datetime:
    return datetime.now(UTC)


def _spread(ceiling: float) -> float:
    return random.uniform(0, ceiling)  # noqa: S311 - spreads retries; nothing secret hangs on it


@dataclass(frozen=True)
class Clock:
    """`monotonic` measures, `now` is aware UTC, `spread` is a random share of its argument."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _now
    sleep: Callable[[float], None] = time.sleep
    spread: Callable[[float], float] = _spread
