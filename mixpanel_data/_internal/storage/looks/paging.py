"""Pages of a table: the same query for all of them, cut at other places.

A page must follow on the one before it. DuckDB promises to keep the order of rows in queries that
only read one table, filter and cut; it skips what OFFSET leaves out without reading it, so that the
last page of many millions is as near as the first, and rows that were deleted are none. For all
other queries the rows are sorted, down to a key that no two different rows share.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.looks.condition import checked
from mixpanel_data._internal.storage.looks.measures import plain
from mixpanel_data._internal.storage.looks.quick import Order, places
from mixpanel_data._internal.storage.looks.sampling import plain_rows
from mixpanel_data._internal.storage.looks.source import Source
from mixpanel_data._internal.storage.looks.values import is_number
from mixpanel_data.exceptions import ColumnNotFoundError, InvalidArgumentError
from mixpanel_data.types import ColumnInfo, Page
from mixpanel_data.types.pages import DEEPEST

_KEEPS_ORDER = {"SEQ_SCAN", "FILTER", "PROJECTION", "LIMIT", "STREAMING_LIMIT", "EMPTY_RESULT"}
_SORTS = {"ORDER_BY", "TOP_N"}


@dataclass(frozen=True)
class Wanted:
    """Which rows of a table, and in what order; the table's own when nothing is said."""

    where: str | None = None
    order_by: str | None = None
    descending: bool = False


def page(
    source: Source, wanted: Wanted, start: int, size: int, longest: int, *, quickly: bool
) -> Page:
    """Rows from number `start` on, with no more than `longest` characters of text in a cell."""
    _check_depth(source, wanted, start, size)
    query = _query(source, wanted)
    shown = ", ".join(_shown(name, kind, longest) for name, kind in source.columns.items())
    one_more = _rows(source, wanted, query, start, size + 1, quickly=quickly)
    found = source.rows(f"SELECT {shown} FROM ({one_more})")
    rows = tuple(tuple(_short(value, longest) for value in row) for row in found[:size])
    return Page(
        table=source.name,
        start=start,
        columns=tuple(ColumnInfo(name, kind) for name, kind in source.columns.items()),
        rows=rows,
        has_next=len(found) > size,
        total=_total(source, wanted, start, len(found), size),
        sql=f"{query}\n{_cut(start, size)}",
    )


def row(source: Source, wanted: Wanted, number: int, *, quickly: bool) -> dict[str, Any]:
    """One row, whole, as plain JSON values."""
    _check_depth(source, wanted, number, 1)
    query = _query(source, wanted)
    one = _rows(source, wanted, query, number, 1, quickly=quickly)
    rows = plain_rows(source.connection.execute(one))
    if not rows:
        raise InvalidArgumentError(
            f"table {source.name!r} has no row {number:,} here", hint="the first row has number 0"
        )
    return rows[0]


def counting(source: Source, where: str | None) -> str:
    """SQL that counts the rows of a table, or those that meet a condition."""
    counted = f"SELECT count(*) FROM {source.named(source.name)}"
    return f"{counted}\nWHERE {checked(source, where)}" if where else counted


# -- SQL ----------------------------------------------------------------------------------------


def _query(source: Source, wanted: Wanted) -> str:
    query = f"SELECT *\nFROM {source.named(source.name)}"
    if wanted.where:
        query += f"\nWHERE {checked(source, wanted.where)}"
    if (order := _order(source, wanted)) is not None:
        return f"{query}\nORDER BY {order.column} {order.direction}, {_last_key(source)}"
    if not _keeps_order(source, query):
        return f"{query}\nORDER BY {'rowid' if _has_rowid(source) else 'ALL'}"
    return query


def _rows(
    source: Source, wanted: Wanted, query: str, start: int, size: int, *, quickly: bool
) -> str:
    """SQL of some rows of a query; those of a filter are looked up where the flat table has them."""
    cut = _cut(start, size)
    found = None
    if quickly and wanted.where:
        found = places(source, wanted.where, _order(source, wanted), cut)
    if found is None:
        return f"{query}\n{cut}"
    listed = f"[{', '.join(map(str, found))}]::BIGINT[]"
    return (
        f"SELECT * FROM {source.sql} WHERE rowid IN ({', '.join(map(str, found)) or 'NULL'}) "
        f"ORDER BY list_position({listed}, rowid)"
    )


def _order(source: Source, wanted: Wanted) -> Order | None:
    if wanted.order_by is None:
        return None
    column = source.spelled(wanted.order_by)
    if column is None:
        raise ColumnNotFoundError(wanted.order_by, source.columns)
    return Order(source.named(column), "DESC NULLS LAST" if wanted.descending else "NULLS LAST")


def _cut(start: int, size: int) -> str:
    return f"LIMIT {size}" + (f" OFFSET {start}" if start else "")


def _last_key(source: Source) -> str:
    return "rowid" if _has_rowid(source) else "COLUMNS(*)"


def _has_rowid(source: Source) -> bool:
    return source.kind == "TABLE" and "rowid" not in map(str.lower, source.columns)


def _keeps_order(source: Source, query: str) -> bool:
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


def _shown(name: str, kind: str, longest: int) -> str:
    """A column as it is if it is small, else the begin of its text."""
    if is_number(kind) or kind == "BOOLEAN":
        return quote(name)
    return f"left(CAST({quote(name)} AS VARCHAR), {longest + 1})"


# -- the rest -----------------------------------------------------------------------------------


def _check_depth(source: Source, wanted: Wanted, start: int, size: int) -> None:
    is_own = source.kind == "TABLE" and not wanted.where and wanted.order_by is None
    if not is_own and start + size > DEEPEST:
        raise InvalidArgumentError(
            f"sorted or filtered rows, and those of a view, can be paged to number {DEEPEST:,}",
            hint="narrow the condition, sort the other way round, or write SQL",
        )


def _total(source: Source, wanted: Wanted, start: int, found: int, size: int) -> int | None:
    if source.kind == "TABLE" and not wanted.where:
        return source.count()
    is_last = found <= size and (found or not start)
    return start + found if is_last else None


def _short(value: Any, longest: int) -> Any:
    if isinstance(value, str) and len(value) > longest:
        return f"{value[: longest - 1]}…"
    return plain(value)
