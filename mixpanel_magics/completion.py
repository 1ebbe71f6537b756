"""Tab in SQL: tables, columns of the tables that it names, and properties after `->>'`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from mixpanel_data.exceptions import MixpanelDataError
from mixpanel_magics.names import quoted

if TYPE_CHECKING:
    from mixpanel_data.types import TableSchema
    from mixpanel_magics.session import MixpanelSession

_LINE = re.compile(r"%mpsql\s")
_CELL = re.compile(r"\s*%%mpsql\b.*\n")
_PROPERTY = re.compile(r"->>?\s*'(?P<typed>(?:[^']|'')*)$")
_TABLE = re.compile(r"\b(from|join|into|update|table|describe|summarize)\s+$", re.IGNORECASE)
_NAME = re.compile(r'(?:"[^"]*|[^\W\d][\w$]*|)$')
_WORD = re.compile(r'"((?:[^"]|"")+)"|([^\W\d]\w*)')

SOME = 8
"""So many tables are looked at while the SQL names none: a Tab must be quick."""


class Completion:
    """What fits at the cursor, from the session's own tables; Mixpanel is not asked."""

    def __init__(self, session: MixpanelSession) -> None:
        self._session = session

    @context_matcher(identifier="mixpanel_magics")
    def complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """Names for the word before the cursor; none outside of SQL, and none where it fails."""
        sql, before = _sql(context)
        if sql is None:
            self._session.offer_to_complete(context.full_text)
            return {"completions": []}
        try:
            fragment, names = self._names(sql, before)
        except MixpanelDataError:
            return {"completions": []}
        fitting = [name for name in dict.fromkeys(names) if _fits(name, fragment)]
        return {
            "completions": [SimpleCompletion(name, type="name") for name in fitting],
            "matched_fragment": fragment,
            "suppress": True,
            "ordered": True,
        }

    def _names(self, sql: str, before: str) -> tuple[str, Iterable[str]]:
        inside = _PROPERTY.search(before)
        schemas = self._schemas(sql)
        if inside is not None:
            return inside["typed"], _properties(schemas, inside["typed"])
        named = _NAME.search(before)
        fragment = named.group() if named else ""
        tables = map(quoted, self._tables())
        if _TABLE.search(before.removesuffix(fragment)):
            return fragment, tables
        columns = (quoted(column.name) for schema in schemas for column in schema.columns)
        return fragment, chain(columns, tables)

    def _schemas(self, sql: str) -> list[TableSchema]:
        """The tables that the SQL names; some, while it names none."""
        words = {(quoted or word).lower() for quoted, word in _WORD.findall(sql)}
        tables = self._tables()
        named = [name for name in tables if name.lower() in words]
        return [self._session.workspace.schema(name) for name in named or tables[:SOME]]

    def _tables(self) -> list[str]:
        workspace = self._session.workspace
        if workspace.path is not None and not workspace.path.exists():
            return []  # a Tab makes no database
        tables = workspace.tables()
        return [name for table in tables for name in (table.name, table.flat) if name is not None]


def _sql(context: CompletionContext) -> tuple[str | None, str]:
    """The SQL around the cursor, and the part of its line before the cursor."""
    before = context.text_until_cursor
    if _CELL.match(context.full_text):
        return (context.full_text, before) if context.cursor_line > 0 else (None, "")
    begun = _LINE.search(before)
    return (context.line_with_cursor, before[begun.end() :]) if begun else (None, "")


def _fits(name: str, fragment: str) -> bool:
    return name.lower().startswith(fragment.lower()) or (
        not fragment.startswith('"') and name.lower().startswith(f'"{fragment.lower()}')
    )


def _properties(schemas: list[TableSchema], typed: str) -> Iterator[str]:
    """Names as `->>` takes them: a key, or a path where one is begun or needed."""
    for schema in schemas:
        for known in schema.properties:
            name = known.property.replace("'", "''")
            is_key = name[:1] not in {"$", "/", ""} and not typed.startswith("$")
            if is_key:
                yield name
            elif re.fullmatch(r"[^\W\d]\w*", name):
                yield f"$.{name}"
            elif '"' not in name:
                yield f'$."{name}"'
