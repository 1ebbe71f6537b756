"""DuckDB's own syntax tree of a query, as `json_serialize_sql` gives it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

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
