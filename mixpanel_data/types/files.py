"""What results are written to, and how."""

from __future__ import annotations

from typing import Literal, Protocol

Format = Literal["json", "jsonl", "csv"]


class Writable(Protocol):
    """Anything that takes bytes: an open file, a pipe, `sys.stdout.buffer`."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""
