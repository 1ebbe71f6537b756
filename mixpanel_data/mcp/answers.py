"""Answers as little text: what is empty is left out, and what is too long is cut in whole rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from mixpanel_data.serialization import to_csv, to_json

if TYPE_CHECKING:
    from mixpanel_data.mcp.call import Call
    from mixpanel_data.types import Report

MAX_BYTES = 8_000
"""Of an answer, unless another number is asked for."""

_DIGITS = 4

Bytes = Annotated[int, Field(ge=100, le=200_000)]
"""How long an answer may be."""


def brief(value: Any) -> Any:
    """The same without empty fields, and with as many digits as anybody reads.

    >>> brief({"rate": 0.280547409, "on": None, "counts": [1, None]})
    {'rate': 0.2805, 'counts': [1, None]}
    """
    if isinstance(value, Mapping):
        return {name: brief(item) for name, item in value.items() if item not in (None, [], ())}
    if isinstance(value, list | tuple):
        return [brief(item) for item in value]
    return round(value, _DIGITS) if isinstance(value, float) else value


def fields(value: Mapping[str, Any], *, without: Iterable[str] = ()) -> str:
    """Facts as JSON."""
    left_out = set(without)
    return to_json(brief({name: item for name, item in value.items() if name not in left_out}))


def of_report(call: Call, report: Report, most: int) -> str:
    """A report as JSON; where that is too long, the rows that fit, as CSV."""
    text = fields(report.to_dict(), without=("warnings",))  # which are the call's notes
    if len(text.encode()) <= most:
        return text
    rows = [{name: brief(value) for name, value in row.items()} for row in report.rows()]
    text, count = fitting(rows, most)
    if count < len(rows):
        call.note(
            f"cut: {count} of {len(rows)} rows; ask for fewer days or a smaller top, for a longer"
            " unit, or allow more max_bytes"
        )
    return text


def names(call: Call, found: Sequence[str], *, limit: int) -> str:
    """The first names of a list."""
    if len(found) > limit:
        call.note(f"cut: {limit} of {len(found)}; narrow it with contains, or raise limit")
    return to_json(list(found[:limit]))


def fitting(rows: Sequence[Mapping[str, Any]], most: int) -> tuple[str, int]:
    r"""As many of the first rows as have at most `most` bytes as CSV, and how many they are.

    >>> fitting([{"a": 1}, {"a": 2}, {"a": 3}], 6)
    ('a\n1\n2\n', 2)
    """
    text = to_csv([], list(rows[0])) if rows else ""
    size = len(text.encode())
    for count, row in enumerate(rows):
        line = to_csv([row]).partition("\n")[2]
        size += len(line.encode())
        if size > most:
            return text, count
        text += line
    return text, len(rows)
