"""Small things that belong nowhere else. Imports nothing of ours; 60 lines at most."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The current instant, naive UTC and whole seconds, as stored in `_metadata`."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
