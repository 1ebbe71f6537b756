"""SQL text: any string can be a name, and any string can be a value."""

from __future__ import annotations


def quote(name: str) -> str:
    """Quote an SQL identifier, so that any string can name a table or a column.

    >>> quote('my "best" users')
    '"my ""best"" users"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a string literal, for the few places where DuckDB takes no bound value.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def pointer(name: str) -> str:
    r"""The JSON pointer of a top-level property; any name has one.

    >>> pointer("a/b~c")
    '/a~1b~0c'
    """
    return "/" + name.replace("~", "~0").replace("/", "~1")
