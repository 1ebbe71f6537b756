"""Rows that meet a condition on the JSON, found on the flat table: their places are the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple, TypeVar

import duckdb

from mixpanel_data._internal.storage.acceleration.parser import Parser
from mixpanel_data._internal.storage.acceleration.planning import Misfit, Planner
from mixpanel_data._internal.storage.errors import UNRELATED
from mixpanel_data._internal.storage.looks.source import Source

T = TypeVar("T")


class Order(NamedTuple):
    """A column, as SQL names it, and DESC or ASC with what becomes of NULL."""

    column: str
    direction: str


def else_slowly(look: Callable[[Callable[[Source], T]], T], how: Callable[[Source, bool], T]) -> T:
    """A look that may use `places`; and where that fails one that does not, on a new snapshot."""
    try:
        return look(lambda source: how(source, True))
    except Misfit:
        return look(lambda source: how(source, False))


def places(source: Source, condition: str, order: Order | None, bounds: str) -> list[int] | None:
    """The rowids of the rows that meet a condition; None where the JSON has to be read.

    A row's place among all is its rowid as long as no row was deleted, and as long as DuckDB keeps
    to the order of a table. Raises Misfit when it fails, which ends the snapshot.
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
        raise Misfit(str(error)) from error


def _has_places(source: Source) -> bool:
    return source.keeps_order and not source.count(f"rowid >= {source.count()}")
