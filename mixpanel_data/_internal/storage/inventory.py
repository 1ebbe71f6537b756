"""Which tables there are, what is in them, and where it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mixpanel_data._internal.sql import literal, quote
from mixpanel_data._internal.storage import metadata
from mixpanel_data._internal.storage.flat import catalog
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data._internal.storage.snapshot import Relation
from mixpanel_data._internal.storage.transactions import consistent
from mixpanel_data.exceptions import InvalidArgumentError, TableNotFoundError, command, near
from mixpanel_data.types import ColumnInfo, TableDetails, TableInfo, TableMetadata, TableSchema

_RELATIONS = """
    SELECT table_name, table_type FROM information_schema.tables
    WHERE table_catalog = current_database() AND table_schema = 'main'
        AND NOT starts_with(table_name, '_')
    ORDER BY lower(table_name)
"""

_DESCRIPTIONS = {
    "event_name": "name of the event",
    "event_time": "when it occurred, UTC",
    "distinct_id": "user",
    "insert_id": "$insert_id, which tells copies of an event",
    "last_seen": "$last_seen: last update of the profile, UTC",
    "properties": "all properties as JSON: properties->>'$.name'",
}

_STORAGE_VERSION = """
    SELECT tags['storage_version'] FROM duckdb_databases()
    WHERE database_name = current_database()
"""
_FIRST_WITH_ZSTD = (1, 2)

Companion = tuple[str, bool]
"""A flat table, and whether it is in step."""


def has_zstd(connection: Connection) -> bool:
    """Whether columns may be compressed with ZSTD: not in files that DuckDB 1.0 or 1.1 can read.

    Every DuckDB up to 2.0 creates such files unless it is asked for a newer storage version.
    """
    ((version,),) = connection.execute(_STORAGE_VERSION).fetchall()
    numbers = re.match(r"v(\d+)\.(\d+)", version or "")
    return numbers is None or tuple(map(int, numbers.groups())) >= _FIRST_WITH_ZSTD


def relations(connection: Connection) -> list[tuple[str, Relation]]:
    """Names and kinds of all tables and views but ours, by name."""
    rows = connection.execute(_RELATIONS).fetchall()
    return [(name, "VIEW" if kind == "VIEW" else "TABLE") for name, kind in rows]


def find(connection: Connection, name: str) -> tuple[str, Relation]:
    """A relation as it is really spelled, and its kind; case does not matter."""
    found = relations(connection)
    for known, kind in found:
        if known.lower() == name.lower():
            return known, kind
    raise TableNotFoundError(name, [known for known, _ in found])


def exists(connection: Connection, name: str) -> bool:
    """Whether a table or view of this name is there; case does not matter."""
    return name.lower() in {known.lower() for known, _ in relations(connection)}


def tables(connection: Connection) -> list[TableInfo]:
    """All tables and views but flat ones, with their exact number of rows, by name."""
    with consistent(connection):
        facts = metadata.read(connection)
        flats = catalog.flat_tables(connection)
        found = relations(connection)
        beside = {flats[name.lower()][0] for name, _ in found if name.lower() in flats}
        return [
            _info(connection, name, kind, facts.get(name.lower()), flats.get(name.lower()))
            for name, kind in found
            if name not in beside
        ]


def schema(connection: Connection, table: str) -> TableSchema:
    """The columns of a table or view, in order."""
    with consistent(connection):
        table, kind = find(connection, table)
        flats = catalog.flat_tables(connection)
        facts = metadata.read(connection).get(table.lower())
        info = _info(connection, table, kind, facts, flats.get(table.lower()))
        described = _descriptions(connection, info, flats)
        columns = connection.execute(f"DESCRIBE main.{quote(table)}").fetchall()
        properties = catalog.read(connection, table) if info.flat else ()
    return TableSchema(
        table=info.name,
        type=info.type,
        rows=info.rows,
        columns=tuple(ColumnInfo(name, kind, described.get(name)) for name, kind, *_ in columns),
        flat=info.flat,
        properties=tuple(properties),
        changed=info.changed,
    )


def details(connection: Connection, table: str) -> TableDetails:
    """A table, how it was fetched, and the blocks of the file that hold it and its flat table."""
    with consistent(connection):
        table, kind = find(connection, table)
        facts = metadata.read(connection).get(table.lower())
        companion = catalog.flat_tables(connection).get(table.lower())
        size = None
        if kind == "TABLE":
            size = _size(connection, [table, *companion[:1]] if companion else [table])
        return TableDetails(_info(connection, table, kind, facts, companion), facts, size)


def _size(connection: Connection, tables: list[str]) -> int | None:
    """Bytes of the blocks with data of these tables; small tables share theirs with others."""
    blocks = " UNION ALL ".join(
        f"SELECT block_id, additional_block_ids FROM pragma_storage_info({literal('main.' + quote(name))})"
        for name in tables
    )
    ((count, size),) = connection.execute(f"""
        SELECT count(DISTINCT id), (SELECT any_value(block_size) FROM pragma_database_size())
        FROM (SELECT unnest(list_append(additional_block_ids, block_id)) AS id FROM ({blocks}))
        WHERE id >= 0
    """).fetchall()
    return int(count * size) or None


def source_of(connection: Connection, table: str) -> TableMetadata:
    """Where a fetched table came from."""
    with consistent(connection):
        facts = metadata.read(connection)
        if table.lower() not in facts or not exists(connection, table):
            raise TableNotFoundError(table, facts)
        return facts[table.lower()]


def properties_of(connection: Connection, table: str, event: str) -> list[str]:
    """Names of the properties that an event carries in this table, sorted."""
    with consistent(connection):
        table = find(connection, table)[0]
        _, in_step = catalog.flat_tables(connection).get(table.lower(), (None, False))
        if not in_step:
            raise InvalidArgumentError(
                f"table {table!r} has no flat table that is up to date",
                hint=command("flatten", table),
            )
        known = catalog.read(connection, table)
    found = sorted(info.property for info in known if event in info.events)
    if not found:
        events = {name for info in known for name in info.events}
        raise InvalidArgumentError(
            f"table {table!r} has no event {event!r}", hint=near(event, events)
        )
    return found


def _info(
    connection: Connection,
    name: str,
    kind: Relation,
    facts: TableMetadata | None,
    companion: Companion | None,
) -> TableInfo:
    ((rows,),) = connection.execute(f"SELECT count(*) FROM main.{quote(name)}").fetchall()
    if facts is None:
        return TableInfo(name=name, type="view" if kind == "VIEW" else "table", rows=rows)
    return TableInfo(
        name=name,
        type=facts.type,
        rows=rows,
        from_date=facts.from_date,
        to_date=facts.to_date,
        fetched_at=facts.fetched_at,
        source=facts.source,
        flat=companion[0] if companion and companion[1] else None,
        changed=facts.is_changed(rows),
        left_out=facts.left_out,
    )


def _descriptions(
    connection: Connection, info: TableInfo, flats: Mapping[str, Companion]
) -> Mapping[str, str]:
    """What the columns of our own tables hold."""
    of = next((table for table, (flat, _) in flats.items() if flat == info.name), None)
    if of is not None:
        named = {
            found.column: f"property {found.property}, in {found.rows:,} rows"
            for found in catalog.read(connection, of)
            if found.column
        }
        return {**named, **_DESCRIPTIONS}
    return _DESCRIPTIONS if info.type in {"events", "profiles"} else {}
