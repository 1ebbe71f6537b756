"""What the values in a relation are: each function takes SQL with a column `value`, never NULL."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from mixpanel_data._internal import lines
from mixpanel_data._internal.storage.snapshot import TableSnapshot
from mixpanel_data.types.profiling import (
    ListStats,
    NumberStats,
    ObjectStats,
    TextStats,
    TimeStats,
    ValueCount,
)

WHOLE = frozenset(
    f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")
) | {"INTEGER", "UINTEGER"}
FLOATING = frozenset({"DOUBLE", "FLOAT"})

_DIGITS = 15
"""Significant digits that a sum of doubles has, in whatever order they are added."""


def counted(source: TableSnapshot, values: str, top: int) -> tuple[int, list[tuple[Any, int]]]:
    """How many distinct values there are, and the most common ones with their rows.

    Where not all are listed, which of those that come once would be chance: one is example enough.
    """
    found = source.rows(f"""
        WITH counted AS (SELECT value, count(*) AS rows FROM ({values}) GROUP BY value)
        SELECT value, rows, (SELECT count(*) FROM counted)
        FROM counted
        ORDER BY rows DESC, value
        LIMIT {top}
    """)
    distinct = found[0][2] if found else 0
    common = [(value, rows) for value, rows, _ in found]
    if distinct > top:
        common = [pair for place, pair in enumerate(common) if pair[1] > 1 or place == 0]
    return distinct, common


def numbers(source: TableSnapshot, values: str, kind: str) -> NumberStats | None:
    """Numbers of one type. Whole ones and decimals are added exactly."""
    total = "fsum" if kind in FLOATING else "sum"
    rows, least, most, added, quantiles = source.row(f"""
        SELECT
            count(*),
            min(value),
            max(value),
            {total}(value),
            quantile_disc(value, [0.05, 0.25, 0.5, 0.75, 0.95])
        FROM ({values})
    """)
    if not rows:
        return None
    p5, p25, median, p75, p95 = map(plain, quantiles)
    return NumberStats(
        rows=rows,
        min=plain(least),
        max=plain(most),
        mean=_settled(added / rows),
        sum=_settled(added),
        p5=p5,
        p25=p25,
        median=median,
        p75=p75,
        p95=p95,
    )


def texts(source: TableSnapshot, values: str) -> TextStats | None:
    """Strings, and their lengths in characters."""
    found = source.row(
        "SELECT count(*), min(value), max(value), min(length(value)), max(length(value)) "
        f"FROM ({values})"
    )
    return TextStats(*found) if found[0] else None


def times(source: TableSnapshot, values: str) -> TimeStats | None:
    """Dates or times."""
    found = source.row(f"SELECT count(*), min(value), max(value) FROM ({values})")
    return TimeStats(*found) if found[0] else None


def lists(source: TableSnapshot, values: str, top: int) -> ListStats | None:
    """Lists as JSON; an item that a list repeats counts once for its row."""
    rows, items, shortest, longest = source.row(
        "SELECT count(*), sum(size), min(size), max(size) "
        f"FROM (SELECT json_array_length(value) AS size FROM ({values}))"
    )
    if not rows:
        return None
    each = f"SELECT unnest(list_distinct(json_extract(value, '$[*]'))) AS value FROM ({values})"
    distinct, common = counted(source, each, top)
    return ListStats(rows, int(items), shortest, longest, distinct, shares(common, rows, "JSON"))


def objects(source: TableSnapshot, values: str, top: int) -> ObjectStats | None:
    """Objects as JSON, by their keys."""
    rows = int(source.row(f"SELECT count(*) FROM ({values})")[0])
    if not rows:
        return None
    each = f"SELECT unnest(list_distinct(json_keys(value))) AS value FROM ({values})"
    distinct, common = counted(source, each, top)
    return ObjectStats(rows, distinct, shares(common, rows, "VARCHAR"))


def shares(common: list[tuple[Any, int]], total: int, kind: str) -> tuple[ValueCount, ...]:
    """Common values of a type, with their share of all rows that have a value."""
    read = lines.value if kind == "JSON" else plain
    return tuple(ValueCount(read(value), rows, share(rows, total)) for value, rows in common)


def share(part: int, whole: int) -> float:
    """A part of 1, with four decimals; 1 is all of it and 0 nothing, also of nothing.

    >>> share(1, 3), share(99_999, 100_000), share(0, 0)
    (0.3333, 0.9999, 0.0)
    """
    if part in {0, whole}:
        return 1.0 if part else 0.0
    return min(max(round(part / whole, 4), 0.0001), 0.9999)


def plain(value: Any) -> Any:
    """A value of DuckDB as one of JSON, or as a date or time.

    >>> plain(Decimal("12.50")), plain(Decimal(3)), plain(float("inf"))
    (12.5, 3, 'inf')
    """
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == int(value) else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _settled(number: Any) -> Any:
    """A sum without the digits that depend on the order of adding; None where it is not finite."""
    if not math.isfinite(number):
        return None
    return float(f"{number:.{_DIGITS}g}") if isinstance(number, float) else plain(number)
