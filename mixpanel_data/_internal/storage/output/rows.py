"""Text that DuckDB writes, on its way to a file: cut after a whole row, and made an array."""

from __future__ import annotations

from collections.abc import Iterator

from mixpanel_data.formats import Format
from mixpanel_data.types import Writable


class EnoughError(Exception):
    """The next row would be too much."""


class Held:
    """Holds back the first bytes: as long as none was passed on, the query may run again."""

    _MOST = 1 << 16

    def __init__(self, file: Writable) -> None:
        self.is_open = False
        self._file = file
        self._first: list[bytes] = []
        self._size = 0

    def write(self, data: bytes, /) -> None:
        """Hold back, or pass on."""
        if self.is_open:
            self._file.write(data)
            return
        self._first.append(data)
        self._size += len(data)
        if self._size > self._MOST:
            self.release()

    def release(self) -> None:
        """Pass on from now on."""
        self.is_open = True
        for data in self._first:
            self._file.write(data)
        self._first = []


class Lines:
    """Rows as they come."""

    more = 0
    """Bytes that a row costs besides its own."""

    def __init__(self, file: Writable) -> None:
        self.bytes = 0
        self._file = file

    def write(self, data: bytes, /) -> None:
        """Pass on."""
        self._file.write(data)
        self.bytes += len(data)

    def close(self) -> None:
        """There is nothing to add."""


class Array(Lines):
    """JSON objects, a line each, as one JSON array, still a line each."""

    more = 1  # a comma; and instead of the last one, a bracket

    def __init__(self, file: Writable) -> None:
        super().__init__(file)
        self._before = b"["
        self._held = b""

    def write(self, data: bytes, /) -> None:
        """Pass lines on; the end of the last one is held back until another one follows."""
        text = self._held + data
        body = text.removesuffix(b"\n")
        self._held = text[len(body) :]
        if body:
            super().write(self._before + body.replace(b"\n", b",\n"))
            self._before = b""

    def close(self) -> None:
        """End the array."""
        super().write(self._before + b"]\n")


class Cut:
    """Passes whole rows on, and counts them, as long as they have `most` bytes at most."""

    def __init__(self, lines: Lines, output: Format, most: int) -> None:
        self.rows = 0
        self._lines = lines
        self._left = most - lines.more
        self._header = output is Format.CSV
        self._quotes = output is Format.CSV
        self._rest = b""

    def write(self, data: bytes, /) -> None:
        """Pass on what fits; raise at the first row that does not."""
        for row in self._whole(data):
            self._left -= len(row) + self._lines.more
            if self._left < 0:
                raise EnoughError
            self._lines.write(row)
            if self._header:
                self._header = False
            else:
                self.rows += 1
        if len(self._rest) > self._left:
            raise EnoughError

    def _whole(self, data: bytes) -> Iterator[bytes]:
        """Rows that are here to their end. In CSV, a line break within quotes ends none."""
        row = b""
        for line in (self._rest + data).splitlines(keepends=True):
            row += line
            if row.endswith(b"\n") and not (self._quotes and row.count(b'"') % 2):
                yield row
                row = b""
        self._rest = row
