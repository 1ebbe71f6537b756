"""What is stored, and how rows that are sent come in.

`events` holds every copy of every event, in the order of arrival; `rest` is the JSON of its
properties after `{"time":…,`, closing brace included. `superseded` are copies that reports leave
out; `reported` is the rest. `profile_rows` keeps its rows and their `id` for ever, since pages of a query point to them;
a profile that was deleted has no `properties`; `profiles` are the others. The reports read
`fetched_events` and `fetched_profiles`, which look as after a fetch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

EMPTY = (
    """
CREATE TABLE events (
    event VARCHAR, time_ms BIGINT, distinct_id VARCHAR, rest VARCHAR, superseded BOOLEAN
)
""",
    """
CREATE TABLE profile_rows (
    id BIGINT, data_group_id VARCHAR, distinct_id VARCHAR, id_json VARCHAR, properties VARCHAR
)
""",
)
"""The tables of a project without data; the shop makes its own."""

VIEWS = (
    "CREATE VIEW profiles AS FROM profile_rows WHERE properties IS NOT NULL",
    """
CREATE VIEW reported AS
SELECT event, time_ms, distinct_id, ('{"time":' || time_ms || ',' || rest)::JSON AS properties
FROM events WHERE NOT superseded
""",
    """
CREATE VIEW fetched_events AS
SELECT event AS event_name, make_timestamp_ms(time_ms) AS event_time, distinct_id, properties
FROM reported
""",
    """
CREATE VIEW fetched_profiles AS
SELECT distinct_id, properties::JSON AS properties FROM profiles WHERE data_group_id = ''
""",
)


@dataclass(frozen=True)
class Event:
    """A row of `events`."""

    name: str
    time_ms: int
    distinct_id: str
    rest: str


_ADD_EVENTS = """
INSERT INTO events
SELECT unnest($names), unnest($times), unnest($ids), unnest($rests), false
"""

# Of copies with the same key (contract, section 14) the one that came last counts. The JSON of a
# row is read only where the rest of its key is not the only one.
_SUPERSEDE = """
UPDATE events SET superseded = true WHERE rowid IN (
    SELECT row FROM (
        SELECT e.rowid AS row, e.event, e.time_ms, e.distinct_id,
            ('{' || e.rest)::JSON ->> '$."$insert_id"' AS insert_id
        FROM events AS e
        WHERE e.rowid IN (SELECT unnest($alike)) AND NOT e.superseded
    ) AS copies
    WHERE insert_id <> ''
    QUALIFY row_number() OVER (
        PARTITION BY event, time_ms, distinct_id, insert_id ORDER BY row DESC
    ) > 1
)
"""
_ALIKE = """
SELECT unnest(list(e.rowid))
FROM events AS e
SEMI JOIN (
    SELECT unnest($names) AS event, unnest($times) AS time_ms, unnest($ids) AS distinct_id
) AS new ON (e.time_ms, e.event, e.distinct_id) = (new.time_ms, new.event, new.distinct_id)
WHERE e.time_ms BETWEEN list_min($times) AND list_max($times)
GROUP BY e.time_ms, e.event, e.distinct_id
HAVING count(*) > 1
"""


def add_events(cursor: duckdb.DuckDBPyConnection, events: Sequence[Event]) -> None:
    """Store events; reports leave out what they are newer copies of."""
    keys = {
        "names": [event.name for event in events],
        "times": [event.time_ms for event in events],
        "ids": [event.distinct_id for event in events],
    }
    cursor.execute(_ADD_EVENTS, {**keys, "rests": [event.rest for event in events]})
    alike = [row for (row,) in cursor.execute(_ALIKE, keys).fetchall()]
    if alike:
        cursor.execute(_SUPERSEDE, {"alike": alike})


@dataclass(frozen=True)
class Owner:
    """Whose profile it is: a user's (`group` is empty) or a group's."""

    group: str
    distinct_id: str


def find_profiles(
    cursor: duckdb.DuckDBPyConnection, owners: Sequence[Owner]
) -> dict[Owner, str | None]:
    """The rows that these owners have, as JSON text; None was deleted."""
    found = cursor.execute(
        """
SELECT data_group_id, distinct_id, properties FROM profile_rows
SEMI JOIN (SELECT unnest($groups) AS data_group_id, unnest($ids) AS distinct_id) AS asked
    USING (data_group_id, distinct_id)
""",
        _named(owners),
    ).fetchall()
    return {Owner(group, name): properties for group, name, properties in found}


def save_profiles(
    cursor: duckdb.DuckDBPyConnection,
    profiles: Mapping[Owner, str | None],
    ids: Mapping[Owner, str],
) -> None:
    """Store whole profiles; `ids` are the distinct_ids of new ones as JSON."""
    known = find_profiles(cursor, list(profiles))
    changed = {owner: text for owner, text in profiles.items() if owner in known}
    new = {owner: text for owner, text in profiles.items() if owner not in known}
    if changed:
        cursor.execute(
            """
UPDATE profile_rows AS p SET properties = c.properties
FROM (
    SELECT unnest($groups) AS data_group_id, unnest($ids) AS distinct_id,
        unnest($texts::VARCHAR[]) AS properties
) AS c
WHERE (p.data_group_id, p.distinct_id) = (c.data_group_id, c.distinct_id)
""",
            {**_named(list(changed)), "texts": list(changed.values())},
        )
    if new:
        cursor.execute(
            """
INSERT INTO profile_rows
SELECT (SELECT coalesce(max(id), 0) FROM profile_rows) + unnest(range(1, len($ids) + 1)),
    unnest($groups), unnest($ids), unnest($written), unnest($texts::VARCHAR[])
""",
            {
                **_named(list(new)),
                "written": [ids[owner] for owner in new],
                "texts": list(new.values()),
            },
        )


def _named(owners: Sequence[Owner]) -> dict[str, list[str]]:
    return {
        "groups": [owner.group for owner in owners],
        "ids": [owner.distinct_id for owner in owners],
    }
