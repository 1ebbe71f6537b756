"""What all answers can do: print small, show as HTML in notebooks, serialise."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import Any


class Answer:
    """What all answers can do. `to_dict` holds plain JSON values only."""

    def to_dict(self) -> dict[str, Any]:
        """Every field by name; dates and times as ISO 8601 text."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{_cell(value)}</td></tr>"
            for name, value in self.to_dict().items()
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


def instant(value: datetime) -> str:
    """A time as DuckDB spells it.

    >>> instant(datetime(2024, 1, 31, 12, 0, 0, 250_000)), instant(datetime(2024, 1, 31))
    ('2024-01-31 12:00:00.25', '2024-01-31 00:00:00')
    """
    text = value.isoformat(sep=" ")
    return text.rstrip("0") if value.microsecond and value.tzinfo is None else text


def _plain(value: Any) -> Any:
    if isinstance(value, Answer):
        return value.to_dict()
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date | Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _cell(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        head = "".join(f"<th>{escape(key)}</th>" for key in value[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row.values()) + "</tr>"
            for row in value
        )
        return f"<table><tr>{head}</tr>{body}</table>"
    if isinstance(value, dict):
        value = [f"{name}: {item}" for name, item in value.items()]
    if isinstance(value, list):
        return escape(", ".join(map(str, value)))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else escape(str(value))
