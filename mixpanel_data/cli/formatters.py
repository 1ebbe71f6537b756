"""Values as json, jsonl, csv or a table, on stdout and in UTF-8 whatever the locale."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.table import Table

Row = Mapping[str, Any]


class Plain(Protocol):
    """What knows how to put itself in plain values; every answer of the library does."""

    def to_dict(self) -> dict[str, Any]:
        """Every fact by name."""


Printable = Plain | Sequence[Plain] | Sequence[Row] | Sequence[str]

_WIDEST = 10_000
_LONGEST_CELL = 200
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_UNSAFE_IN_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def write(value: Printable, output: str, *, column: str = "name") -> None:
    """Print one answer, a list of answers, or a list of names under the heading `column`."""
    plain = _plain(value)
    if output == "json":
        text = to_json(plain)
    elif output == "jsonl":
        text = "".join(f"{_dumps(item)}\n" for item in _items(plain))
    elif output == "csv":
        text = to_csv(_rows(plain, column))
    elif isinstance(plain, Mapping):
        text = render(_fields_table(plain))
    else:
        text = render(rows_table(_rows(plain, column)))
    emit(text)


def emit(text: str) -> None:
    """Write to stdout as UTF-8, and let it be seen at once."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(errors="backslashreplace"))
    sys.stdout.buffer.flush()


def to_json(value: object) -> str:
    """One line; rows have each a line of their own, as in DuckDB's output."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return f"{_dumps(value)}\n"
    return "[\n\t" + ",\n\t".join(map(_dumps, value)) + "\n]\n"


def to_csv(rows: Sequence[Row]) -> str:
    """A header and RFC 4180 quoting; a nested value is JSON, a missing one is empty."""
    import csv

    if not rows:
        return ""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return file.getvalue()


def scalar(value: object, output: str) -> None:
    """Print one value: as JSON in json and jsonl, as bare text in csv and table."""
    if output in {"json", "jsonl"}:
        # every digit of a DECIMAL, as DuckDB writes it
        emit(f"{value if isinstance(value, Decimal) else _dumps(value)}\n")
    else:
        text = _cell(value)
        emit(f"{printable(text) if output == 'table' else text}\n")


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

    terminal = Console()
    console = Console(
        file=StringIO(),
        force_terminal=terminal.is_terminal,
        width=terminal.width if terminal.is_terminal else _WIDEST,
    )
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO from above
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def printable(text: str) -> str:
    r"""Text without control characters, which a terminal might obey; line breaks and tabs stay.

    >>> printable("red \x1b[31m alert")
    'red \\x1b[31m alert'
    """
    return _UNPRINTABLE.sub(lambda match: ascii(match.group())[1:-1], text)


def _fields_table(value: Row) -> Table:
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE, show_header=False, pad_edge=False, show_edge=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, item in value.items():
        is_table = isinstance(item, list) and item and isinstance(item[0], Mapping)
        shown = rows_table(item) if is_table else Text(_short(item))
        table.add_row(Text(name), shown)
    return table


def _plain(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return value.to_dict()
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _items(plain: Any) -> list[Any]:
    return plain if isinstance(plain, list) else [plain]


def _rows(plain: Any, column: str) -> list[Row]:
    return [item if isinstance(item, Mapping) else {column: item} for item in _items(plain)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    is_json = isinstance(value, bool | int | float | list | tuple | dict)
    return _dumps(value) if is_json else str(value)


def _short(value: Any) -> str:
    """A cell for eyes: long JSON would bury the rest of its table."""
    text = printable(_cell(value))
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"


def _is_number(value: object) -> bool:
    return value is None or (
        isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    )


def _dumps(value: object) -> str:
    """Compact JSON in UTF-8; what no terminal or encoder should see is escaped."""
    if isinstance(value, float) and not math.isfinite(value):
        value = None
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_foreign)
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _foreign(value: object) -> float | str:
    return float(value) if isinstance(value, Decimal) else str(value)
