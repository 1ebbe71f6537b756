"""Values that a format can't hold, and the SQL of what is written in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import duckdb
from duckdb.sqltypes import DuckDBPyType

from mixpanel_data._internal.sql import literal, quote
from mixpanel_data.formats import Format

_FLOATING = {"double", "float"}
_COMMON = {
    "bignum": "VARCHAR",
    "bit": "VARCHAR",
    "hugeint": "DECIMAL(38, 0)",
    "uhugeint": "DECIMAL(38, 0)",
}
_NESTED = {"array", "list", "map", "struct", "tuple", "union"}

_MAYBE_CONSTANT = [rf"{before}\s*-?(?i:nan|inf)" for before in (":", ",", r"\[", "^")]
"""Find every JSON text with NaN or an infinity, and few others; by one literal each, since RE2 is
six times as fast then."""

# Every match begins outside of strings, since the one before it ended there. The last one ends
# with the text and a blank, so that no search begins within a string; the null that it leaves is
# taken off.
_UP_TO_CONSTANT = r'((?:"(?:[^"\\]|\\.)*"|null|-[0-9]|[^"nNiI-])*)(?:-?(?i:nan|inf(?:inity)?)|$)'


def to_text(output: Format) -> Callable[[Mapping[str, str]], Mapping[str, str]]:
    """What is written to JSON and CSV.

    JSON knows no NaN and no infinity, so they are null in it, also inside of nested values and of
    what events carry. CSV knows no nested values, so they are JSON in it.
    """

    def spell(columns: Mapping[str, str]) -> dict[str, str]:
        found = {}
        for name, kind in columns.items():
            column, parsed = quote(name), duckdb.sqltype(kind)
            is_nested = parsed.id in _NESTED or str(parsed) == "JSON"
            finite = _finite(column, parsed) if is_nested or output is not Format.CSV else column
            if output is Format.CSV and parsed.id in _NESTED:
                finite = f"to_json({finite})"
            if finite != column:
                found[name] = finite
        return found

    return spell


def to_columns(columns: Mapping[str, str]) -> dict[str, str]:
    """What is written to Parquet and Arrow, so that any engine reads it without loss.

    JSON is text. DuckDB would write HUGEINT, which a sum of integers is, as DOUBLE: it becomes a
    DECIMAL, and one that does not fit into 38 digits is an error.
    """
    found = {}
    for name, kind in columns.items():
        column, parsed = quote(name), duckdb.sqltype(kind)
        common = _common(parsed)
        if str(duckdb.sqltype(common)) != str(parsed):
            found[name] = f"CAST({column} AS {common})"
    return found


def _finite(value: str, kind: DuckDBPyType, depth: int = 0) -> str:
    """The value with NULL for what is not finite in it; itself, where its type has no such thing."""
    if kind.id in _FLOATING:
        return f"CASE WHEN isfinite({value}) THEN {value} END"
    if str(kind) == "JSON":
        return _finite_json(value)
    item = f"item{depth}"
    if kind.id in {"list", "array"}:
        inner = _finite(item, _parts(kind)[0][1], depth + 1)
        return value if inner == item else f"list_transform({value}, lambda {item}: {inner})"
    if kind.id == "map":
        entry = f"{item}.value"
        inner = _finite(entry, _parts(kind)[1][1], depth + 1)
        pair = f"{{'key': {item}.key, 'value': {inner}}}"
        entries = f"list_transform(map_entries({value}), lambda {item}: {pair})"
        return value if inner == entry else f"map_from_entries({entries})"
    if kind.id in {"struct", "tuple"}:
        return _finite_fields(value, kind, depth)
    return value


def _finite_json(value: str) -> str:
    text = f"CAST({value} AS VARCHAR)"
    finite = f"regexp_replace({text} || ' ', {literal(_UP_TO_CONSTANT)}, '\\1null', 'g')[:-5]"
    maybe = " OR ".join(f"regexp_matches({text}, {literal(it)})" for it in _MAYBE_CONSTANT)
    return f"CASE WHEN {maybe} THEN CAST({finite} AS JSON) ELSE {value} END"


def _finite_fields(value: str, kind: DuckDBPyType, depth: int) -> str:
    fields = []
    changed = False
    for place, (name, inner) in enumerate(_parts(kind), start=1):
        field = f"struct_extract({value}, {literal(name) if name else place})"
        finite = _finite(field, inner, depth)
        changed |= finite != field
        fields.append(f"{quote(name)} := {finite}" if name else finite)
    packed = f"{'struct_pack' if kind.id == 'struct' else 'row'}({', '.join(fields)})"
    return f"CASE WHEN {value} IS NOT NULL THEN {packed} END" if changed else value


def _common(kind: DuckDBPyType) -> str:
    """The name of the type that other engines know for it."""
    if str(kind) == "JSON":
        return "VARCHAR"
    if kind.id not in _NESTED or kind.id == "union":
        return _COMMON.get(kind.id, str(kind))
    named = [(quote(name), _common(part)) for name, part in _parts(kind)]
    parts = [" ".join(part) if kind.id == "struct" else part[1] for part in named]
    if kind.id == "list":
        return f"{parts[0]}[]"
    if kind.id == "array":
        return f"{parts[0]}[{kind.children[1][1]}]"
    return f"{kind.id.upper()}({', '.join(parts)})"


def _parts(kind: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    """The types that a nested type is made of; the size of an array is not one of them."""
    return [(name, part) for name, part in kind.children if isinstance(part, DuckDBPyType)]
