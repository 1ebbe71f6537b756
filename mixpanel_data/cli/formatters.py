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

from mixpanel_data.cli import stdout
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
_LONGEST_CELL = 200
_UNSAFE_IN_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def write(value: Printable, output: str, *, column: str = "name") -> None:
    """Print one answer, a list of answers, or a list of names under the heading `column`."""
    emit(formatted(plain(value), output, column=column))


def plain(value: Any) -> Any:
    """An answer as plain values."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def formatted(value: Any, output: str, *, column: str = "name") -> str:
    """Plain values in a format."""
    if output == "json":
        return to_json(value)
    if output == "jsonl":
        return "".join(f"{_dumps(item)}\n" for item in _items(value))
    if output == "csv":
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


def to_json(value: object) -> str:
    """Without blanks; rows have each a line of their own, as those of `mp sql`."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return f"{_dumps(value)}\n"
    rows = ",\n".join(map(_dumps, value))
    return f"[{rows}]\n"


def to_csv(rows: Sequence[Row], headings: Sequence[str] = ()) -> str:
    """A header and RFC 4180 quoting; a nested value is JSON, a missing one is empty.

    `headings` are for no rows, which have none.
    """
    import csv

    names = list(rows[0]) if rows else headings
    if not names:
        return ""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return file.getvalue()


def scalar(value: object, output: str) -> str:
    """One value: as JSON in json and jsonl, as bare text in csv and table."""
    if output in {"json", "jsonl"}:
        return f"{_dumps(value)}\n"
    cell = _cell(value)
    return f"{printable(cell) if output == 'table' else cell}\n"


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
    """Compact JSON in UTF-8, every digit of a number included; what is not finite is null."""
    try:
        dumped = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError):
        dumped = _exactly(value)
    return safe_json(dumped)


def parsed(lines: bytes) -> list[dict[str, Any]]:
    """JSON lines, read; a fraction keeps the digits it came with."""
    return [json.loads(line, parse_float=Decimal) for line in lines.splitlines()]


def safe_json(dumped: str) -> str:
    """JSON in which what no terminal or encoder should see is escaped."""
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match.group()):04x}", dumped)


def _exactly(value: object) -> str:
    """JSON of what the standard library can't spell: decimals, NaN, dates."""
    if isinstance(value, Mapping):
        pairs = (
            f"{json.dumps(str(k), ensure_ascii=False)}:{_exactly(v)}" for k, v in value.items()
        )
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_exactly, value))}]"
    if isinstance(value, float | Decimal):
        return str(value) if math.isfinite(value) else "null"
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False)
