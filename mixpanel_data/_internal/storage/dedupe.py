"""Copies of an event, told by Mixpanel's own key (contract, section 14).

The key is event, distinct_id, time and $insert_id. The copy that Mixpanel processed last
survives, else the one that came last. Events without $insert_id are never copies.
"""

from __future__ import annotations

_KEY = "event_name, distinct_id, event_time, insert_id"

# A hash of the key finds the few candidates with little memory; only they are compared in full.
_EVENTS = """
    WITH rows AS (
        SELECT rowid AS row, hash({key}) AS hash, {key}, properties
        FROM {table}
        WHERE insert_id <> '' AND rowid > {after}
    ), candidates AS (
        SELECT hash FROM rows GROUP BY hash HAVING count(*) > 1
    )
    SELECT row
    FROM rows
    WHERE hash IN (FROM candidates)
    QUALIFY row_number() OVER (
        PARTITION BY {key}
        ORDER BY
            TRY_CAST(properties ->> '$.mp_processing_time_ms' AS BIGINT) DESC NULLS LAST,
            row DESC
    ) > 1
"""

# A profile that changed while it was paged comes twice: the later page wins.
_PROFILES = """
    SELECT rowid FROM {table}
    WHERE rowid NOT IN (SELECT max(rowid) FROM {table} GROUP BY distinct_id)
"""


def events(table: str, after: int) -> str:
    """SQL for the rows past rowid `after` that are copies of others there."""
    return _EVENTS.format(table=table, key=_KEY, after=after)


def profiles(table: str) -> str:
    """SQL for all rows of users who come again."""
    return _PROFILES.format(table=table)
