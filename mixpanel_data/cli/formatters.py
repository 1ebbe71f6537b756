"""Values as json, jsonl, csv or a table, on stdout and in UTF-8 whatever the locale."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING, Any, Protocol

from mixpanel_data.cli import stdout
from mixpanel_data.formats import Format
from mixpanel_data.serialization import cell, compact, to_csv, to_json
from mixpanel_data.text import printable

if TYPE_CHECKING:
    from rich.table import Table

Row = Mapping[str, Any]


class Plain(Protocol):
    """What knows how to put itself in plain values; every answer of the library does."""

    def to_dict(self) -> dict[str, Any]:
        """Every fact by name."""


Printable = Plain | Sequence[Plain] | Sequence[Row] | Sequence[str]

_WIDEST = 10_000
_MAX_CELL_CHARS = 200


def write(value: Printable, output: Format, *, column: str = "name") -> None:
    """Print one answer, a list of answers, or a list of names under the heading `column`."""
    emit(formatted(plain(value), output, column=column))


def plain(value: Any) -> Any:
    """An answer as plain values."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def formatted(value: Any, output: Format, *, column: str = "name") -> str:
    """Plain values in a format."""
    if output is Format.JSON:
        return to_json(value)
    if output is Format.JSONL:
        return "".join(f"{compact(item)}\n" for item in _items(value))
    if output is Format.CSV:
        return to_csv(_rows(value, column))
    if isinstance(value, Mapping):
        return render(_fields_table(value))
    return render(rows_table(_rows(value, column)))


def encoded(text: str) -> bytes:
    """UTF-8, also of a text that can't be."""
    return text.encode(errors="backslashreplace")


def emit(text: str) -> None:
    """Write to stdout as UTF-8, and let it be seen at once."""
    stdout.write(encoded(text))
    stdout.flush()


def scalar(value: object, output: Format) -> str:
    """One value: as JSON in json and jsonl, as bare text in csv and table."""
    if output.is_json:
        return f"{compact(value)}\n"
    text = cell(value)
    return f"{printable(text) if output is Format.TABLE else text}\n"


def rows_table(rows: Iterable[Row]) -> Table:
    """Rows under their headings; numbers to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    listed = list(rows)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in listed[0] if listed else ():
        numeric = all(_is_number(row.get(name)) for row in listed)
        table.add_column(
            Text(printable(name)), justify="right" if numeric else "left", overflow="fold"
        )
    for row in listed:
        table.add_row(*(Text(_short(value)) for value in row.values()))
    return table


def render(table: Table) -> str:
    """A table as text: within a terminal's width, else as wide as it needs to be."""
    from rich.console import Console

    terminal = Console(force_jupyter=False)
    console = Console(
        file=StringIO(),
        force_jupyter=False,  # in a notebook, too, this is text
        force_terminal=terminal.is_terminal,
        # FORCE_COLOR, which kernels set, makes a terminal of what has no width
        width=terminal.width if sys.stdout.isatty() else _WIDEST,
    )
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO from above
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _fields_table(value: Row) -> Table:
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE, show_header=False, pad_edge=False, show_edge=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, item in value.items():
        rows = [item] if isinstance(item, Mapping) else item
        is_table = isinstance(rows, list) and rows and isinstance(rows[0], Mapping)
        shown = rows_table(rows) if is_table else Text("" if rows == [] else _short(item))
        table.add_row(Text(name), shown)
    return table


def _items(plain: Any) -> list[Any]:
    return plain if isinstance(plain, list) else [plain]


def _rows(plain: Any, column: str) -> list[Row]:
    return [item if isinstance(item, Mapping) else {column: item} for item in _items(plain)]


def _short(value: Any) -> str:
    """A cell for eyes: long JSON would bury the rest of its table."""
    text = printable(cell(value))
    return text if len(text) <= _MAX_CELL_CHARS else f"{text[: _MAX_CELL_CHARS - 1]}…"


def _is_number(value: object) -> bool:
    return value is None or (
        isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    )


def parsed(lines: bytes) -> list[dict[str, Any]]:
    """JSON lines, read; a fraction keeps the digits it came with."""
    return [json.loads(line, parse_float=Decimal) for line in lines.splitlines()]
