"""How notebooks show answers: as HTML, and as text of the same content.

Names and values are hostile text. HTML is escaped; what would move a terminal is spelled out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import chain, islice
from typing import Any

from mixpanel_data.text import printable

SHOWN = 20
"""Rows of a table that are shown."""

MAX_LINE_CHARS = 60
"""Characters of a text that are shown in a column."""

_NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Table:
    """Rows under their columns, and how many more there are."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    more: int = 0
    where: str = ""
    """Where those are."""

    @classmethod
    def of(
        cls, columns: Sequence[str], records: Iterable[Sequence[Any]], *, where: str = ""
    ) -> Table:
        """The first rows; the others are counted."""
        left = iter(records)
        rows = [tuple(row) for row in islice(left, SHOWN)]
        return cls(columns, rows, sum(1 for _ in left), where)

    @classmethod
    def of_dicts(cls, dicts: Sequence[Mapping[str, Any]]) -> Table:
        """Alike ones, which may leave out what is empty; a column that all leave out is none."""
        names = [
            name
            for name in dict.fromkeys(chain.from_iterable(dicts))
            if any(one.get(name) not in _NOTHING for one in dicts)
        ]
        return cls.of(names, ([one.get(name) for name in names] for one in dicts))

    def html(self) -> str:
        """A table element."""
        if not self.rows:
            return "<p>nothing</p>"
        head = "".join(map(_heading, self.columns))
        body = "".join(f"<tr>{''.join(map(_data, row))}</tr>" for row in self.rows)
        note = f"<p>{escape(self._note)}</p>" if self.more else ""
        return f"<table><tr>{head}</tr>{body}</table>{note}"

    def text(self) -> str:
        """Aligned lines: numbers to the right."""
        if not self.rows:
            return "nothing"
        columns = [
            _aligned(name, values)
            for name, values in zip(self.columns, zip(*self.rows, strict=True), strict=True)
        ]
        lines = ["  ".join(line).rstrip() for line in zip(*columns, strict=True)]
        return "\n".join([*lines, self._note] if self.more else lines)

    @property
    def _note(self) -> str:
        return f"… and {self.more:,} more rows" + (f": {self.where}" if self.where else "")


@dataclass(frozen=True)
class View:
    """An answer as it is shown: facts about it, or facts about its table."""

    title: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    table: Table | None = None

    def html(self) -> str:
        """A heading with what is below it."""
        if self.table is None:
            rows = "".join(
                f"<tr>{_heading(name)}{_data(value)}</tr>" for name, value in self.facts.items()
            )
            below = f"<table>{rows}</table>"
        else:
            told = escape(self._told)
            below = (f"<div>{told}</div>" if told else "") + self.table.html()
        return f"<div><strong>{escape(self.title)}</strong>{below}</div>"

    def text(self) -> str:
        """The same, for terminals."""
        if self.table is not None:
            head = f"{self.title}  {self._told}".rstrip()
            return f"{head}\n{self.table.text()}"
        width = max(map(len, self.facts), default=0)
        lines = [self.title]
        for name, value in self.facts.items():
            first, *rest = (value.text() if isinstance(value, Table) else cell(value)).split("\n")
            lines.append(f"  {name:<{width}}  {first}".rstrip())
            lines += [f"  {'':<{width}}  {line}" for line in rest]
        return "\n".join(lines)

    @property
    def _told(self) -> str:
        return cell({name: value for name, value in self.facts.items() if value is not None})


def cell(value: Any) -> str:
    """A value in few characters, numbers with at most four decimals.

    >>> [cell(value) for value in (1234567, 1234.56789, 0.000012345, None, [1, "a"])]
    ['1,234,567', '1,234.5679', '1.234e-05', '', '1, a']
    """
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(map(cell, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{cell(name)}: {cell(item)}" for name, item in value.items())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return printable(str(value))
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if 0 < abs(value) < 0.001 else f"{value:,.4f}".rstrip("0").rstrip(".")


def _heading(name: str) -> str:
    return f"<th style='text-align:left'>{escape(printable(name))}</th>"


def _data(value: Any) -> str:
    side = "right" if _is_number(value) else "left"
    inside = value.html() if isinstance(value, Table) else escape(cell(value))
    return f"<td style='text-align:{side}'>{inside}</td>"


def _aligned(name: str, values: Sequence[Any]) -> list[str]:
    texts = [_short(printable(name)), *(_short(cell(value)) for value in values)]
    width = max(map(len, texts))
    is_numeric = all(value is None or _is_number(value) for value in values)
    return [text.rjust(width) if is_numeric else text.ljust(width) for text in texts]


def _short(text: str) -> str:
    line = text.replace("\n", "\\n").replace("\t", "\\t")
    return line if len(line) <= MAX_LINE_CHARS else f"{line[: MAX_LINE_CHARS - 1]}…"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
