"""DuckDB's own syntax tree of a query, as `json_serialize_sql` gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from mixpanel_data._internal.sql import quote
from mixpanel_data.types import PropertyInfo

Tree = dict[str, Any]

PROPERTIES = "properties"
EXTRACTIONS = frozenset({"->>", "json_extract_string", "json_extract_path_text"})


class Extraction(NamedTuple):
    """`column ->> path`, with a column called properties; `column` is folded."""

    column: tuple[str, ...]
    path: str


def fold(name: str) -> str:
    """A name as DuckDB compares names: only ASCII letters ignore case.

    >>> fold("Été")
    'Été'
    """
    return name.encode(errors="surrogatepass").lower().decode(errors="surrogatepass")


def extraction(node: Tree) -> Extraction | None:
    """What an expression takes out of `properties`, if that is all it does."""
    if node.get("class") != "FUNCTION" or fold(node["function_name"]) not in EXTRACTIONS:
        return None
    modified = node["schema"] or node["catalog"] or node["filter"] or node["distinct"]
    if modified or node["order_bys"]["orders"] or len(node["arguments"]) != 2:
        return None
    if any(argument["name"] for argument in node["arguments"]):
        return None
    value, path = (argument["expression"] for argument in node["arguments"])
    if value["class"] != "COLUMN_REF" or path["type"] != "VALUE_CONSTANT":
        return None
    column = names_in(value)
    literal = path["literal"]
    if column[-1] != PROPERTIES or len(column) > 2 or literal["kind"] != "STRING":
        return None
    return Extraction(column, literal["text"])


def names_in(reference: Tree) -> tuple[str, ...]:
    """The parts of a COLUMN_REF, folded."""
    return tuple(fold(name) for name in reference["column_names"])


def column_ref(*names: str, like: Tree) -> Tree:
    """A COLUMN_REF in the place of another expression, under that one's alias."""
    return {
        "class": "COLUMN_REF",
        "type": "COLUMN_REF",
        "alias": like["alias"],
        "column_names": list(names),
    }


def simple_type(node: Tree) -> str | None:
    """The folded name of a type without parameters, such as DOUBLE."""
    if node["class"] != "TYPE" or node.get("children") or node.get("schema"):
        return None
    return fold(node["type_name"])


def texts(value: Any) -> Iterator[str]:
    """Every string in a tree."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def bare(value: Any) -> Any:
    """A tree without the places in the text that it came from."""
    if isinstance(value, dict):
        return {
            key: bare(item) for key, item in value.items() if not key.startswith("query_location")
        }
    if isinstance(value, list):
        return [bare(item) for item in value]
    return value


# -- Which property a JSON path of `->>` names, by DuckDB's rules ---------------------------------

# DuckDB takes an escape in quotes, a wildcard and an index too: such paths are left to it.
_PATH = re.compile(r'\$\.(?:"([^"\\*\0]+)"|([^."\\*\[\]\0]+))')
_POINTER = re.compile(r"/([^/~\0]+)")
_KEY = re.compile(r'[^$/"\\*\0][^"\\*\0]*')
_INDEX = re.compile(r"[0-9]+|-")


def property_of(path: str) -> str | None:
    """The top-level property that a path means and nothing else; None where it may mean more.

    >>> property_of("$.country"), property_of('$."a.b"'), property_of("/plan"), property_of("a.b")
    ('country', 'a.b', 'plan', 'a.b')
    >>> property_of("$.a.b"), property_of("$.*"), property_of("$"), property_of(""), property_of("/0")
    (None, None, None, None, None)
    """
    if found := _PATH.fullmatch(path):
        return found[1] or found[2]
    if found := _POINTER.fullmatch(path):
        # A pointer to a number may index a list.
        return None if _INDEX.fullmatch(found[1]) else found[1]
    return path if _KEY.fullmatch(path) else None


# -- What an extraction gives, from a typed column of the flat table ------------------------------

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
