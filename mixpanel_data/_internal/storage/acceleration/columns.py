"""What an extraction gives, from a typed column of the flat table."""

from __future__ import annotations

from mixpanel_data._internal.sql import quote
from mixpanel_data.types import PropertyInfo

_DOUBLES = {"double", "float8"}
_INTEGERS = {"bigint", "int8", "long", "integer", "int", "int4", "signed"}
_EXACT = {
    "BIGINT": _INTEGERS | _DOUBLES,
    "DOUBLE": _DOUBLES,
    "BOOLEAN": {"boolean", "bool"},
}
"""Types of columns, and the types that a cast turns them into just as it does with their text."""


def is_exact(info: PropertyInfo | None, cast: str | None) -> bool:
    """Whether the column itself may stand under a cast in the place of its text."""
    return info is not None and cast in _EXACT.get(info.type or "", ())


def text(info: PropertyInfo | None) -> str | None:
    """SQL for exactly what `->>` gives; None where the column can't tell.

    A property that is not in the catalog is in no row.
    """
    if info is None:
        return "CAST(NULL AS VARCHAR)"
    if info.column is None or info.spelling is None:
        return None
    column = quote(info.column)
    if info.type == "VARCHAR":
        return column
    spelled = f"CAST({column} AS VARCHAR)"
    if info.spelling == "cast":
        return spelled
    whole = f"CAST({column} AS BIGINT)"
    return f"CASE WHEN {column} = {whole} THEN CAST({whole} AS VARCHAR) ELSE {spelled} END"
