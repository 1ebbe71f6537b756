"""The first lines of a stream, and the number of all of them."""

from __future__ import annotations

import json
from decimal import Decimal
from io import RawIOBase
from typing import Any


class Head(RawIOBase):
    """A file for JSON lines that keeps the first `limit` and counts the rest."""

    def __init__(self, limit: int) -> None:
        self.lines = 0
        self._limit = limit
        self._kept = bytearray()

    def writable(self) -> bool:
        """It is written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Keep what belongs to the first lines."""
        block = bytes(data)
        if self.lines < self._limit:
            self._kept += block
        self.lines += block.count(b"\n")
        return len(block)

    def rows(self) -> list[dict[str, Any]]:
        """The kept lines, read; a fraction keeps the digits it came with."""
        lines = self._kept.split(b"\n")[: min(self.lines, self._limit)]
        return [json.loads(line, parse_float=Decimal) for line in lines]
