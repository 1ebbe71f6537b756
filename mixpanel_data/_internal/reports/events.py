"""The events that a report reads: from one table or several, by their typed columns or JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mixpanel_data._internal.expressions import as_expression, property_expression
from mixpanel_data._internal.reports.text import deeper, one_of, select, where
from mixpanel_data._internal.sql import quote
from mixpanel_data.types import PropertyInfo

if TYPE_CHECKING:
    from mixpanel_data._internal.expressions.compiler import Compiler, Fields

Expression = Callable[["Compiler"], str]
"""SQL of an expression, once it is known where a table has its properties."""

Key = str
KEYS: tuple[Key, ...] = ("event_name", "event_time", "distinct_id", "row_id")
"""Columns that every event has. `row_id` orders events of one instant as they are stored."""

_JSON, _USER_JSON = "e.properties", "u.properties"
_PER_TABLE = 1 << 40
"""Rows of the first table come before those of the second; DuckDB's rowids are smaller."""

_IS_COPY = """insert_id <> '' AND row_number() OVER (
    PARTITION BY event_name, distinct_id, event_time, insert_id
    ORDER BY processed DESC NULLS LAST, row_id DESC
) > 1 AS is_copy"""


@dataclass(frozen=True)
class Table:
    """A table of events or profiles: its JSON, and its typed columns where it has a flat table.

    A view has no rowid.
    """

    name: str
    flat: str | None = None
    properties: Mapping[str, PropertyInfo] | None = None
    is_view: bool = False


@dataclass(frozen=True)
class Events:
    """All tables that a report reads as one.

    `deduplicate` leaves out copies, by Mixpanel's key (contract, section 14): the copy that was
    processed last stays, else the one that is stored last.
    """

    tables: Sequence[Table]
    profiles: Table | None = None
    zone: str = "UTC"
    deduplicate: bool = False

    @property
    def several_times(self) -> str:
        """The name of a query that is read several times: copies and views are looked at once."""
        if self.deduplicate or any(table.is_view for table in self.tables):
            return "events AS MATERIALIZED"
        return "events AS NOT MATERIALIZED"

    def select(
        self,
        keys: Sequence[Key],
        more: Mapping[str, Expression] | None = None,
        *,
        names: Sequence[str] | None = None,
        conditions: Sequence[str] = (),
        passes: Expression | None = None,
    ) -> str:
        """A query of these columns of the events.

        `names` None takes all events; `conditions` are SQL on the keys of `e`, the event.
        """
        columns = dict(more or {})
        if names is not None:
            conditions = [one_of("e.event_name", names), *conditions]
        if self.deduplicate:
            return self._without_copies(keys, columns, conditions, passes)
        return self._together(keys, columns, conditions, passes)

    def _without_copies(
        self,
        keys: Sequence[Key],
        more: Mapping[str, Expression],
        conditions: Sequence[str],
        passes: Expression | None,
    ) -> str:
        extra: dict[str, Expression] = {**more, "processed": _processed}
        if passes is not None:
            extra["passes"] = passes  # the copy that stays decides
        rows = self._together((*KEYS, "insert_id"), extra, conditions, None)
        numbered = f"{select('*', _IS_COPY)}\nFROM (\n{deeper(rows)}\n)"
        kept = ["is_copy IS NOT TRUE", *(["passes"] if passes else [])]
        return f"{select(*keys, *more)}\nFROM (\n{deeper(numbered)}\n){where(*kept)}"

    def _together(
        self,
        keys: Sequence[Key],
        more: Mapping[str, Expression],
        conditions: Sequence[str],
        passes: Expression | None,
    ) -> str:
        return "\nUNION ALL\n".join(
            self._rows(number, table, keys, more, conditions, passes)
            for number, table in enumerate(self.tables)
        )

    def _rows(
        self,
        number: int,
        table: Table,
        keys: Sequence[Key],
        more: Mapping[str, Expression],
        conditions: Sequence[str],
        passes: Expression | None,
    ) -> str:
        row = self._row(table, [*more.values(), *([passes] if passes else [])])
        columns = [_key(key, number) for key in keys]
        columns += [f"{text} AS {name}" for name, text in zip(more, row.texts, strict=False)]
        filters = [_guarded(text, conditions) for text in row.texts[len(more) :]]
        return f"{select(*columns)}\nFROM {row.source}{where(*conditions, *filters)}"

    def _row(self, table: Table, expressions: Sequence[Expression]) -> _Row:
        """The flat table alone where it answers all, else the JSON alone."""
        if table.flat is not None:
            row = self._compiled(table, table.flat, expressions)
            if not any(_JSON in text for text in row.texts):
                return row
        return self._compiled(table, None, expressions)

    def _compiled(self, table: Table, flat: str | None, expressions: Sequence[Expression]) -> _Row:
        source = f"{_relation(table, flat)} AS e"
        properties = _fields(_JSON, table, flat, "e")
        people = self.profiles
        if people is None:
            return _Row(source, self._texts(properties, None, expressions))
        texts = self._texts(properties, _fields(_USER_JSON, people, people.flat, "u"), expressions)
        if any(_USER_JSON in text for text in texts):
            texts = self._texts(properties, _fields(_USER_JSON, people, None, "u"), expressions)
            joined = people.name
        elif people.flat is not None and any(f"{quote('u')}." in text for text in texts):
            joined = people.flat
        else:
            return _Row(source, texts)
        join = f"LEFT JOIN main.{quote(joined)} AS u ON u.distinct_id = e.distinct_id"
        return _Row(f"{source}\n{join}", texts)

    def _texts(
        self, properties: Fields, user: Fields | None, expressions: Sequence[Expression]
    ) -> list[str]:
        if not expressions:
            return []
        from mixpanel_data._internal.expressions.compiler import Columns, Compiler

        compiler = Compiler(
            Columns(
                properties=properties,
                user=user,
                event_name="e.event_name",
                event_time="e.event_time",
                zone=self.zone,
            )
        )
        return [expression(compiler) for expression in expressions]


@dataclass(frozen=True)
class _Row:
    """What stands after FROM, and the SQL of expressions on it."""

    source: str
    texts: list[str]


def passing(where: str | None, event: str | None = None) -> Expression | None:
    """Whether a row passes a filter, which only events of this name are asked; None without one.

    Another event may have a value that the filter refuses.
    """
    if where is None:
        return None
    text = as_expression(where)
    if event is None:
        return lambda compiler: compiler.condition(text)
    named = one_of("e.event_name", [event])
    return lambda compiler: f"CASE WHEN {named} THEN {compiler.condition(text)} END"


def labels(on: str) -> Expression:
    """The segments of an event, VARCHAR[]."""
    return lambda compiler: compiler.labels(as_expression(on))


def number(on: str) -> Expression:
    """The number that a numeric expression gives, DOUBLE, else NULL."""
    return lambda compiler: compiler.number(as_expression(on))


def _guarded(text: str, conditions: Sequence[str]) -> str:
    """The filter, and where it may raise, only of rows that the conditions take.

    DuckDB is free to ask the operands of AND in any order; CASE keeps its own.
    """
    if "error(" not in text or not conditions:
        return f"({text})"
    return f"CASE WHEN {' AND '.join(f'({it})' for it in conditions)} THEN {text} END"


def _processed(compiler: Compiler) -> str:
    return compiler.number(property_expression("mp_processing_time_ms"))


def _relation(table: Table, flat: str | None) -> str:
    name = f"main.{quote(flat or table.name)}"
    return f"(SELECT *, row_number() OVER () AS rowid FROM {name})" if table.is_view else name


def _fields(json: str, table: Table, flat: str | None, alias: str) -> Fields:
    from mixpanel_data._internal.expressions.compiler import Fields

    if flat is None:
        return Fields(json=json)
    return Fields(json=json, flat=alias, known=table.properties)


def _key(key: Key, number: int) -> str:
    if key != "row_id":
        return f"e.{key}"
    return f"e.rowid + {number * _PER_TABLE} AS row_id" if number else "e.rowid AS row_id"
