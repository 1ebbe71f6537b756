"""Small things that belong nowhere else. Imports nothing of ours; 60 lines at most."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from mixpanel_data.exceptions import InvalidArgumentError


def utc_now() -> datetime:
    """The current instant, naive UTC and whole seconds, as stored in `_metadata`."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def expanded(path: str | Path, name: str) -> Path:
    """A path whose `~` or `~user` is that home; `name` is what a message blames."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # there is no such user
        raise InvalidArgumentError(f"{name}: {str(path)!r} is in no user's home") from None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, whatever a name server says.

    >>> is_loopback("localhost"), is_loopback("127.0.0.7"), is_loopback("example.com")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
