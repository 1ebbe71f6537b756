"""Results on stdout: the part asked for, filtered or not, and no more than asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mixpanel_data.cli import formatters, stdout
from mixpanel_data.formats import Format
from mixpanel_data.serialization import safe_json

if TYPE_CHECKING:
    from mixpanel_data.cli.jq import Program
    from mixpanel_data.queries import Excerpt
    from mixpanel_data.types import Writable


def show(part: Any, output: Format, excerpt: Excerpt, *, column: str = "name") -> str | None:
    """Print one answer, or as many of the rows as fit; what was left out, in words."""
    whole = _bytes(part, output, column)
    if excerpt.max_bytes is None or len(whole) <= excerpt.max_bytes:
        stdout.write(whole)
        return None
    if not isinstance(part, list):
        return f"all of {len(whole):,} bytes; --columns or --jq take less of it"
    rows, text = fitting(part, output, excerpt.max_bytes, column=column)
    stdout.write(text)
    counts = f"{rows:,} of {len(part):,} rows, {len(text):,} of {len(whole):,} bytes"
    return f"{counts}; {remedy(rows, excerpt)}"


def fitting(part: Sequence[Any], output: Format, most: int, *, column: str) -> tuple[int, bytes]:
    """How many of the first rows have at most `most` bytes as text, and that text."""
    rows = bisect_right(
        range(len(part) + 1), most, key=lambda count: len(_bytes(part[:count], output, column))
    )
    return (rows - 1, _bytes(part[: rows - 1], output, column)) if rows else (0, b"")


def remedy(rows: int, excerpt: Excerpt) -> str:
    """What to type for what `--max-bytes` left out after so many rows."""
    if rows:
        return f"the rest: --offset {excerpt.offset + rows}"
    return "one row is too long: name fewer --columns, or allow more --max-bytes"


def filtered(
    program: Program, most: int | None, write: Callable[[Writable], object], *, by_line: bool
) -> str | None:
    """Print what the program makes of the JSON that `write` writes; if that was cut, in words.

    By line, each row is an input of its own, and nothing piles up.
    """
    results = _Results(program, most, by_line=by_line)
    try:
        write(results)
        results.close()
    except _EnoughError:
        many = f"after {results.lines:,} results of --jq, {results.bytes:,} bytes"
        return f"{many}; take less with --jq, or allow more --max-bytes"
    return None


def taken(plain: Any, excerpt: Excerpt, column: str) -> Any:
    """The rows and columns asked for; of one answer alone, the fields."""
    if not isinstance(plain, list):
        return _chosen([plain], excerpt, column)[0]
    last = None if excerpt.limit is None else excerpt.offset + excerpt.limit
    return _chosen(plain, excerpt, column)[excerpt.offset : last]


def _chosen(rows: list[Any], excerpt: Excerpt, column: str) -> list[Any]:
    if excerpt.columns is None or not rows:
        return rows
    named = [row for row in rows if isinstance(row, Mapping)]
    known = list(dict.fromkeys(name for row in named for name in row)) or [column]
    names = excerpt.chosen(known)
    return [
        {name: row.get(name) for name in names} if isinstance(row, Mapping) else row for row in rows
    ]


class _EnoughError(Exception):
    """The next result would be too much."""


class _Results:
    """A file for JSON, which prints what the program makes of it."""

    def __init__(self, program: Program, most: int | None, *, by_line: bool) -> None:
        self.lines = 0
        self.bytes = 0
        self._program = program
        self._most = most
        self._by_line = by_line
        self._held = b""

    def write(self, data: bytes, /) -> None:
        self._held += data
        if self._by_line:
            lines, end, self._held = self._held.rpartition(b"\n")
            self._print(lines + end)

    def close(self) -> None:
        self._print(self._held)

    def _print(self, text: bytes) -> None:
        for result in self._program.results(text):
            line = formatters.encoded(f"{safe_json(result)}\n")
            if self._most is not None and self.bytes + len(line) > self._most:
                raise _EnoughError
            stdout.write(line)
            self.lines += 1
            self.bytes += len(line)


def _bytes(part: Any, output: Format, column: str) -> bytes:
    return formatters.encoded(formatters.formatted(part, output, column=column))
