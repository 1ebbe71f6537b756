"""Pages of a table: the same query for all of them, cut at other places.

A page must follow on the one before it. DuckDB promises to keep the order of rows in queries that
only read one table, filter and cut; it skips what OFFSET leaves out without reading it, so that the
last page of many millions is as near as the first, and rows that were deleted are none. For all
other queries the rows are sorted, down to a key that no two different rows share.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import duckdb

from mixpanel_data._internal.sql import literal, pointer, quote
from mixpanel_data._internal.storage.acceleration.analysis import NotEligible
from mixpanel_data._internal.storage.acceleration.parser import Parser
from mixpanel_data._internal.storage.acceleration.planning import Planner, PlanRejected
from mixpanel_data._internal.storage.acceleration.syntax import Tree, bare
from mixpanel_data._internal.storage.errors import UNRELATED, one_line_up
from mixpanel_data._internal.storage.profiling.measures import plain
from mixpanel_data._internal.storage.profiling.summaries import plain_rows
from mixpanel_data._internal.storage.profiling.values import is_number
from mixpanel_data._internal.storage.snapshot import TableSnapshot
from mixpanel_data.exceptions import ColumnNotFoundError, InvalidArgumentError
from mixpanel_data.types import ColumnInfo, Page
from mixpanel_data.types.tables import MAX_PAGE_OFFSET

if TYPE_CHECKING:
    from mixpanel_data._internal.storage.engine import StorageEngine as Tables

_KEEPS_ORDER = {"SEQ_SCAN", "FILTER", "PROJECTION", "LIMIT", "STREAMING_LIMIT", "EMPTY_RESULT"}
_SORTS = {"ORDER_BY", "TOP_N"}


@dataclass(frozen=True)
class RowSelection:
    """Which rows of a table, and in what order; the table's own when nothing is said."""

    where: str | None = None
    order_by: str | None = None
    descending: bool = False


def page(
    tables: Tables, table: str, selection: RowSelection, start: int, size: int, max_chars: int
) -> Page:
    """Rows from number `start` on, with no more than `max_chars` characters of text in a cell."""
    return _with_fallback(
        lambda how: tables.look(table, how),
        lambda source, quickly: _page(source, selection, start, size, max_chars, quickly=quickly),
    )


def row(tables: Tables, table: str, selection: RowSelection, number: int) -> dict[str, Any]:
    """One row, whole, as plain JSON values."""
    return _with_fallback(
        lambda how: tables.look(table, how),
        lambda source, quickly: _row(source, selection, number, quickly=quickly),
    )


def _page(
    source: TableSnapshot,
    selection: RowSelection,
    start: int,
    size: int,
    max_chars: int,
    *,
    quickly: bool,
) -> Page:
    _check_depth(source, selection, start, size)
    query = _query(source, selection)
    shown = ", ".join(_shown(name, kind, max_chars) for name, kind in source.columns.items())
    one_more = _rows(source, selection, query, start, size + 1, quickly=quickly)
    found = source.rows(f"SELECT {shown} FROM ({one_more})")
    rows = tuple(tuple(_short(value, max_chars) for value in row) for row in found[:size])
    return Page(
        table=source.name,
        start=start,
        columns=tuple(ColumnInfo(name, kind) for name, kind in source.columns.items()),
        rows=rows,
        has_next=len(found) > size,
        total=_total(source, selection, start, len(found), size),
        sql=f"{query}\n{_cut(start, size)}",
    )


def _row(
    source: TableSnapshot, selection: RowSelection, number: int, *, quickly: bool
) -> dict[str, Any]:
    _check_depth(source, selection, number, 1)
    query = _query(source, selection)
    one = _rows(source, selection, query, number, 1, quickly=quickly)
    rows = plain_rows(source.connection.execute(one))
    if not rows:
        raise InvalidArgumentError(
            f"table {source.name!r} has no row {number:,} here", hint="the first row has number 0"
        )
    return rows[0]


def count_sql(source: TableSnapshot, where: str | None) -> str:
    """SQL that counts the rows of a table, or those that meet a condition."""
    counted = f"SELECT count(*) FROM {source.named(source.name)}"
    return f"{counted}\nWHERE {checked(source, where)}" if where else counted


# -- SQL ----------------------------------------------------------------------------------------


def _query(source: TableSnapshot, selection: RowSelection) -> str:
    query = f"SELECT *\nFROM {source.named(source.name)}"
    if selection.where:
        query += f"\nWHERE {checked(source, selection.where)}"
    if (order := _order(source, selection)) is not None:
        return f"{query}\nORDER BY {order.column} {order.direction}, {_last_key(source)}"
    if not _keeps_order(source, query):
        return f"{query}\nORDER BY {'rowid' if _has_rowid(source) else 'ALL'}"
    return query


def _rows(
    source: TableSnapshot,
    selection: RowSelection,
    query: str,
    start: int,
    size: int,
    *,
    quickly: bool,
) -> str:
    """SQL of some rows of a query; those of a filter are looked up where the flat table has them."""
    cut = _cut(start, size)
    found = None
    if quickly and selection.where:
        found = places(source, selection.where, _order(source, selection), cut)
    if found is None:
        return f"{query}\n{cut}"
    listed = f"[{', '.join(map(str, found))}]::BIGINT[]"
    return (
        f"SELECT * FROM {source.sql} WHERE rowid IN ({', '.join(map(str, found)) or 'NULL'}) "
        f"ORDER BY list_position({listed}, rowid)"
    )


def _order(source: TableSnapshot, selection: RowSelection) -> Order | None:
    if selection.order_by is None:
        return None
    column = source.spelled(selection.order_by)
    if column is None:
        raise ColumnNotFoundError(selection.order_by, source.columns)
    return Order(source.named(column), "DESC NULLS LAST" if selection.descending else "NULLS LAST")


def _cut(start: int, size: int) -> str:
    return f"LIMIT {size}" + (f" OFFSET {start}" if start else "")


def _last_key(source: TableSnapshot) -> str:
    return "rowid" if _has_rowid(source) else "COLUMNS(*)"


def _has_rowid(source: TableSnapshot) -> bool:
    return source.kind == "TABLE" and "rowid" not in map(str.lower, source.columns)


def _keeps_order(source: TableSnapshot, query: str) -> bool:
    """Whether DuckDB gives the rows of a query in the same order each time."""
    if not source.keeps_order:
        return False
    ((_, plan),) = source.rows(f"EXPLAIN (FORMAT json) {query}")
    operators = list(_operators(json.loads(plan)))
    outer = next((name for name in operators if name != "PROJECTION"), None)
    return outer in _SORTS or _KEEPS_ORDER.issuperset(operators)


def _operators(plan: list[dict[str, Any]]) -> Iterator[str]:
    for node in plan:
        yield node["name"].strip()
        yield from _operators(node["children"])


def _shown(name: str, kind: str, max_chars: int) -> str:
    """A column as it is if it is small, else the begin of its text."""
    if is_number(kind) or kind == "BOOLEAN":
        return quote(name)
    return f"left(CAST({quote(name)} AS VARCHAR), {max_chars + 1})"


# -- the rest -----------------------------------------------------------------------------------


def _check_depth(source: TableSnapshot, selection: RowSelection, start: int, size: int) -> None:
    is_own = source.kind == "TABLE" and not selection.where and selection.order_by is None
    if not is_own and start + size > MAX_PAGE_OFFSET:
        raise InvalidArgumentError(
            f"sorted or filtered rows, and those of a view, can be paged to number {MAX_PAGE_OFFSET:,}",
            hint="narrow the condition, sort the other way round, or write SQL",
        )


def _total(
    source: TableSnapshot, selection: RowSelection, start: int, found: int, size: int
) -> int | None:
    if source.kind == "TABLE" and not selection.where:
        return source.count()
    is_last = found <= size and (found or not start)
    return start + found if is_last else None


def _short(value: Any, max_chars: int) -> Any:
    if isinstance(value, str) and len(value) > max_chars:
        return f"{value[: max_chars - 1]}…"
    return plain(value)


# -- What stands after WHERE: a condition, and nothing but a condition ----------------------------

_KEY = re.compile(r"[^\W\d]\w*")
_OR_OR_COMMENT = re.compile(r"\bor\b|--|/\*", re.IGNORECASE)


def checked(source: TableSnapshot, condition: str) -> str:
    """The condition, if it is one on the rows of this table; else DuckDB's error, or ours.

    It is compared with the syntax tree of another condition: a text that ends the WHERE clause
    and goes on with LIMIT, UNION or a second statement has other things beside it.
    """
    before = f"SELECT * FROM {source.sql} WHERE\n"
    sql = f"{before}{condition}"
    try:
        source.connection.extract_statements(sql)
        if not _is_like(sql, f"{before}true"):
            raise InvalidArgumentError(
                f"this is more than a condition: {condition.strip()}",
                hint="what SQL has between WHERE and ORDER BY, such as event_name = 'Purchase'",
            )
        source.rows(f"DESCRIBE {sql}")
    except duckdb.Error as error:
        raise one_line_up(error) from error
    return condition.strip()


def condition_for(source: TableSnapshot, name: str, value: Any, also: str) -> str:
    """The condition of rows with this value in a column, else in a property, and of another one."""
    sought = _sought(source, name)
    if value is None:
        condition = f"{sought} IS NULL"
    elif isinstance(value, bool | str):
        condition = f"{sought} = {literal(value if isinstance(value, str) else str(value).lower())}"
    else:
        number = sought if "->>" not in sought else f"TRY_CAST({sought} AS DOUBLE)"
        condition = f"{number} = {value!r}"
    return f"{_whole(also)} AND {condition}" if also else condition


def _is_like(sql: str, model: str) -> bool:
    with closing(Parser()) as parser:
        try:
            found, other = parser.statements(sql), parser.statements(model)
        except NotEligible:
            return False
        return list(map(_without_condition, found)) == list(map(_without_condition, other))


def _without_condition(tree: Tree) -> Tree:
    node = {key: value for key, value in tree["node"].items() if key != "where_clause"}
    return {**bare(tree), "node": bare(node)}


def _sought(source: TableSnapshot, name: str) -> str:
    """A column as it is, a property as its text in the JSON."""
    if (column := source.spelled(name)) is not None:
        return source.named(column)
    if not source.has_json:
        raise ColumnNotFoundError(name, source.columns)
    return f"properties->>{literal(name if _KEY.fullmatch(name) else pointer(name))}"


def _whole(condition: str) -> str:
    """A condition that AND leaves as it is."""
    is_plain = _OR_OR_COMMENT.search(condition) is None
    return condition if is_plain else f"({condition}\n)"


# -- Rows that meet a condition on the JSON, found on the flat table: their places are the same

T = TypeVar("T")


class Order(NamedTuple):
    """A column, as SQL names it, and DESC or ASC with what becomes of NULL."""

    column: str
    direction: str


def _with_fallback(
    look: Callable[[Callable[[TableSnapshot], T]], T], how: Callable[[TableSnapshot, bool], T]
) -> T:
    """A look that may use `places`; and where that fails one that does not, on a new snapshot."""
    try:
        return look(lambda source: how(source, True))
    except PlanRejected:
        return look(lambda source: how(source, False))


def places(
    source: TableSnapshot, condition: str, order: Order | None, bounds: str
) -> list[int] | None:
    """The rowids of the rows that meet a condition; None where the JSON has to be read.

    A row's place among all is its rowid as long as no row was deleted, and as long as DuckDB keeps
    to the order of a table. Raises PlanRejected when it fails, which ends the snapshot.
    """
    if source.kind == "VIEW" or source.flat is None or not _has_places(source):
        return None
    column = f", {order.column} AS sorted" if order else ""
    ordered = f" ORDER BY sorted {order.direction}, place" if order else ""
    sql = (
        f"SELECT place FROM (SELECT row_number() OVER () - 1 AS place, (\n{condition}\n) AS holds"
        f"{column} FROM {source.sql}) WHERE holds{ordered} {bounds}"
    )
    try:
        with closing(Parser()) as parser:
            plan = Planner(parser, source.connection).plan(sql, None, by_type=True)
        return None if plan.sql is None else [place for (place,) in source.rows(plan.sql)]
    except UNRELATED:
        raise
    except duckdb.Error as error:
        raise PlanRejected(str(error)) from error


def _has_places(source: TableSnapshot) -> bool:
    return source.keeps_order and not source.count(f"rowid >= {source.count()}")
