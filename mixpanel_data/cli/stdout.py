"""Where data goes, as bytes. Its reader may leave before the end, as `head` does: no error."""

from __future__ import annotations

import sys

from mixpanel_data.cli.streams import send_nowhere


def write(data: bytes, /) -> None:
    """Write bytes, after any text that waits."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


def flush() -> None:
    """Let everything be seen."""
    sys.stdout.buffer.flush()


def abandon() -> None:
    """Let what is still buffered go nowhere: its reader has left."""
    send_nowhere(sys.stdout.fileno())


def settle() -> None:
    """Write what is still buffered, or let it go where it can't be written: that was told."""
    try:
        sys.stdout.flush()
    except OSError:
        abandon()
