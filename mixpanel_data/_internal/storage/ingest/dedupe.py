"""Copies of an event, told by Mixpanel's own key (contract, section 14).

The key is event, distinct_id, time and $insert_id. The copy that Mixpanel processed last
survives, else the one that came last. Events without $insert_id are never copies.
"""

from __future__ import annotations

_KEY = "event_name, distinct_id, event_time, insert_id"

# A hash of $insert_id finds the few candidates with little memory. Mostly there are none, and the
# properties, which are ten times as large as the rest, are never looked at.
_CANDIDATES = """
    SELECT hash(insert_id) AS hash
    FROM {table}
    WHERE insert_id <> '' AND rowid > {after}
    GROUP BY hash
    HAVING count(*) > 1
"""

_EVENTS = """
    WITH candidates AS ({candidates})
    SELECT rowid
    FROM {table}
    WHERE insert_id <> '' AND rowid > {after} AND hash(insert_id) IN (FROM candidates)
    QUALIFY row_number() OVER (
        PARTITION BY {key}
        ORDER BY
            TRY_CAST(properties ->> '$.mp_processing_time_ms' AS BIGINT) DESC NULLS LAST,
            rowid DESC
    ) > 1
"""

# Rows without a time, or outside the days of their export, stay when those days are deleted.
_STRAYS = """
    WITH strays AS (
        SELECT {key}, {rest} AS rest, count(*) AS came
        FROM {table}
        WHERE rowid > {after} AND {is_stray}
        GROUP BY ALL
    )
    SELECT row_id
    FROM (
        SELECT rowid AS row_id, {key}, {rest} AS rest
        FROM {table}
        WHERE rowid <= {after} AND {is_stray}
    ) AS before
    JOIN strays ON {same}
    QUALIFY row_number() OVER (PARTITION BY {before}, before.rest ORDER BY row_id) <= came
"""

# A profile that changed while it was paged comes twice: the later page wins. Profiles without an
# id are not each other's copies.
_PROFILES = """
    SELECT rowid FROM {table}
    WHERE distinct_id IS NOT NULL
    AND rowid NOT IN (SELECT max(rowid) FROM {table} GROUP BY distinct_id)
"""


def candidates(table: str, after: int) -> str:
    """SQL for how many values of $insert_id come again past rowid `after`."""
    return f"SELECT count(*) FROM ({_CANDIDATES.format(table=table, after=after)})"


def events(table: str, after: int) -> str:
    """SQL for the rows past rowid `after` that are copies of others there."""
    found = _CANDIDATES.format(table=table, after=after)
    return _EVENTS.format(table=table, key=_KEY, after=after, candidates=found)


def strays(table: str, after: int, condition: str, *, by_key: bool) -> str:
    """SQL for rows up to `after` that came again past it, though `condition` does not find them.

    Two rows are the same where all of them is, or `by_key` where they have Mixpanel's key.
    """
    names = [*_KEY.split(", "), "rest"]
    return _STRAYS.format(
        table=table,
        key=_KEY,
        after=after,
        is_stray=f"({condition}) IS NOT true",
        rest="if(insert_id <> '', NULL, properties)" if by_key else "properties",
        same=" AND ".join(f"before.{it} IS NOT DISTINCT FROM strays.{it}" for it in names),
        before=", ".join(f"before.{it}" for it in names[:-1]),
    )


def profiles(table: str) -> str:
    """SQL for all rows of users who come again."""
    return _PROFILES.format(table=table)
