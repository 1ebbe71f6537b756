"""Rows from all over a table, the same ones each time."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

from mixpanel_data._internal import lines
from mixpanel_data._internal.storage.looks.measures import plain
from mixpanel_data._internal.storage.looks.source import Source
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data.types.answers import instant


def sample(source: Source, n: int, event: str | None, seed: int) -> Connection:
    """Run a query for `n` rows, or for all when there are fewer.

    A table is cut in `n` equal parts and one row of each is taken, in the table's order. The rows
    of a view have no order, so a hash that depends on the seed chooses among them.
    """
    where = source.only(event)
    if source.kind == "VIEW" or "rowid" in (name.lower() for name in source.columns):
        return source.connection.execute(
            f"SELECT * FROM {source.sql} WHERE {where} "
            f"ORDER BY hash(*COLUMNS(*), {seed}::BIGINT) LIMIT {n}"
        )
    places = ", ".join(map(str, _places(source.count(where), n, seed)))
    chosen = source.rows(f"""
        SELECT id
        FROM (SELECT rowid AS id, row_number() OVER () - 1 AS place FROM {source.sql} WHERE {where})
        WHERE place IN ({places or "NULL"})
    """)
    ids = ", ".join(str(id_) for (id_,) in chosen)
    return source.connection.execute(
        f"SELECT * FROM {source.sql} WHERE rowid IN ({ids or 'NULL'}) ORDER BY rowid"
    )


def _places(rows: int, n: int, seed: int) -> list[int]:
    """One place in each of `n` equal parts of so many rows."""
    parts = min(n, rows)
    chance = Random(seed)  # noqa: S311 (no secret)
    bounds = [rows * part // parts for part in range(parts + 1)] if parts else []
    return [chance.randrange(low, high) for low, high in pairwise(bounds)]


def plain_rows(result: Connection) -> list[dict[str, Any]]:
    """Rows as plain JSON values; JSON columns are what they hold."""
    columns = [(name, str(kind)) for name, kind, *_ in result.description or ()]
    return [
        {name: _plain(value, kind) for (name, kind), value in zip(columns, row, strict=True)}
        for row in result.fetchall()
    ]


def _plain(value: Any, kind: str) -> Any:
    if kind == "JSON" and isinstance(value, str):
        return lines.value(value)
    if isinstance(value, dict):
        return {str(key): _plain(item, "") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, "") for item in value]
    if isinstance(value, datetime):
        return instant(value)
    value = plain(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
