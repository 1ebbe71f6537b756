"""A table that SQL changes has no flat table any more, until it is built anew."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from mixpanel_data import TableMetadata
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.exceptions import QueryError

DAY = datetime(2024, 1, 1)
EVENTS = TableMetadata(type="events", fetched_at=DAY, from_date="2024-01-01", to_date="2024-01-01")
TABLES = ("events", "other")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[StorageEngine]:
    engine = StorageEngine(tmp_path / "mine.duckdb")
    fetch(engine)
    engine.execute_rows("CREATE TABLE mine (i INTEGER); CREATE TABLE copy_of AS FROM events")
    yield engine
    engine.close()


def fetch(engine: StorageEngine) -> None:
    rows = [{"event": "e", "properties": {"time": 1_704_067_200_000, "x": n}} for n in range(3)]
    for table in TABLES:
        engine.create_events_table(table, iter(rows), EVENTS)


def changed(engine: StorageEngine) -> set[str]:
    return {table for table in TABLES if engine.flat_of(table) is None}


CHANGES = [
    "INSERT INTO events FROM copy_of",
    "insert into EVENTS select * from copy_of",
    'INSERT INTO main."Events" BY NAME SELECT * FROM copy_of',
    "INSERT INTO mine.main.events FROM copy_of",
    "INSERT INTO 'events' FROM copy_of",
    "INSERT INTO events (event_name) VALUES ('x')",
    "UPDATE events SET event_name = 'x'",
    "UPDATE events AS e SET event_name = 'x' FROM other WHERE e.insert_id = other.insert_id",
    "UPDATE/* why not */events SET event_name = 'x'",
    "DELETE FROM events",
    "DELETE FROM events USING other WHERE events.insert_id = other.insert_id",
    "TRUNCATE events",
    "MERGE INTO events USING copy_of ON false WHEN NOT MATCHED THEN INSERT BY NAME",
    "ALTER TABLE events ADD COLUMN y INTEGER",
    "ALTER TABLE events RENAME TO elsewhere",
    "DROP TABLE events",
    "DROP TABLE IF EXISTS nothing; DROP TABLE events",
    "CREATE OR REPLACE TABLE events AS FROM copy_of",
    "CREATE OR REPLACE TABLE events AS SELECT * FROM other",
    "WITH c AS (FROM copy_of) INSERT INTO events FROM c",
    "WITH c AS (DELETE FROM events RETURNING *) SELECT count(*) FROM c",
    "EXPLAIN ANALYZE DELETE FROM events",
    "SELECT 1; DELETE FROM events; SELECT 2",
    "BEGIN; DELETE FROM events; COMMIT",
    "UPDATE events_flat SET x = 5",
    "DELETE FROM events WHERE event_name = 'DELETE FROM ' || 'mine'",
]
HARMLESS = [
    "SELECT * FROM events",
    "SELECT 'INSERT INTO events', event_name AS \"update\" FROM events -- DELETE FROM events",
    "CREATE TABLE t AS SELECT * FROM events",
    "CREATE OR REPLACE TEMP VIEW v AS FROM events",
    "CREATE VIEW v(a, b, c, d, e) AS SELECT * FROM events",
    "INSERT INTO mine SELECT count(*) FROM events",
    "INSERT INTO mine WITH c AS (FROM events) SELECT count(*) FROM c",
    "DELETE FROM mine WHERE i IN (SELECT count(*) FROM events)",
    "UPDATE mine SET i = (SELECT count(*) FROM events)",
    "COPY (SELECT * FROM events) TO '/dev/null'",
    "COPY events TO '/dev/null'",
    "CREATE SCHEMA s; SET VARIABLE events = 1; ANALYZE; CHECKPOINT",
    "DROP TABLE mine",
    "PREPARE p AS DELETE FROM events",
    (
        "MERGE INTO mine USING (SELECT count(*) AS i FROM events) AS n ON mine.i = n.i"
        " WHEN MATCHED THEN UPDATE SET i = 0 WHEN NOT MATCHED THEN INSERT VALUES (n.i)"
    ),
    (
        "CREATE TABLE keyed (i INTEGER PRIMARY KEY);"
        "INSERT INTO keyed SELECT count(*) FROM events ON CONFLICT DO UPDATE SET i = 0"
    ),
]


@pytest.mark.parametrize("statement", CHANGES)
def test_a_changed_table_is_out_of_step(engine: StorageEngine, statement: str) -> None:
    engine.execute_rows(statement)
    assert "events" in changed(engine)


@pytest.mark.parametrize("statement", HARMLESS)
def test_what_only_reads_a_table_changes_nothing(engine: StorageEngine, statement: str) -> None:
    engine.execute_rows(statement)
    assert changed(engine) == set()


def test_only_the_table_that_is_changed_is_out_of_step(engine: StorageEngine) -> None:
    for statement in ("DELETE FROM other", "INSERT INTO other FROM events"):
        engine.execute_rows(statement)
        assert changed(engine) == {"other"}
    engine.flatten("other")
    assert changed(engine) == set()


def test_every_way_to_run_a_statement_notes_it(engine: StorageEngine) -> None:
    ways = [
        engine.execute,
        engine.execute_df,
        engine.execute_scalar,
        lambda sql: engine.execute_rows(sql, accelerate=True),
        lambda sql: engine.write(sql, io.BytesIO(), format="csv"),
        lambda sql: engine.write(f"{sql}; SELECT 1", io.BytesIO(), format="csv"),
    ]
    for way in ways:
        way("DELETE FROM events")
        assert changed(engine) == {"events"}
        engine.flatten("events")


def test_a_file_that_is_loaded_changes_its_table(engine: StorageEngine, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    engine.execute_rows(f"COPY events TO '{file}'")
    assert changed(engine) == set()
    engine.execute_rows(f"COPY events FROM '{file}'")
    assert changed(engine) == {"events"}


def test_a_transaction_that_is_undone_undoes_the_note(engine: StorageEngine) -> None:
    engine.execute_rows("BEGIN")
    engine.execute_rows("UPDATE events SET properties = '{}'")
    assert changed(engine) == {"events"}
    engine.execute_rows("ROLLBACK")
    assert changed(engine) == set()
    engine.execute_rows("BEGIN; DELETE FROM other; ROLLBACK; DELETE FROM events; BEGIN")
    engine.execute_rows("ROLLBACK")
    assert changed(engine) == {"events"}


def test_a_statement_that_fails_costs_no_more_than_the_flat_table(engine: StorageEngine) -> None:
    with pytest.raises(QueryError, match="does not exist"):
        engine.execute_rows("DELETE FROM nowhere; DELETE FROM events")
    assert changed(engine) == set()
    with pytest.raises(QueryError, match="Could not convert"):
        engine.execute_rows("DELETE FROM events WHERE CAST(event_name AS INTEGER) = 1")
    assert changed(engine) == {"events"}


def test_a_change_in_a_transaction_keeps_others_from_putting_it_in_step(
    engine: StorageEngine,
) -> None:
    engine.execute_rows("DELETE FROM events")
    engine.execute_rows("BEGIN; UPDATE events SET event_name = 'x'")
    with pytest.raises(QueryError, match="onflict"):
        engine.flatten("events")
    engine.execute_rows("COMMIT")
    assert changed(engine) == {"events"}


def test_a_prepared_statement_changes_its_table_whenever_it_runs(engine: StorageEngine) -> None:
    engine.execute_rows("PREPARE p AS DELETE FROM events WHERE insert_id = $1")
    engine.flatten("events")
    engine.execute_rows("EXECUTE p('x')")
    assert changed(engine) == {"events"}


def test_a_trigger_may_change_any_table() -> None:
    engine = StorageEngine()  # DuckDB has no triggers in files of older versions yet
    fetch(engine)
    engine.execute_rows("CREATE TABLE mine (i INTEGER)")
    engine.execute_rows(
        "CREATE TRIGGER t AFTER INSERT ON mine FOR EACH STATEMENT DELETE FROM events"
    )
    engine.flatten("events")
    assert changed(engine) == set()
    engine.execute_rows("INSERT INTO mine VALUES (1)")
    assert engine.execute_scalar("SELECT count(*) FROM events") == 0
    assert changed(engine) == {"events", "other"}
    engine.close()


def test_what_is_known_of_flat_tables_is_not_for_others_to_change(engine: StorageEngine) -> None:
    engine.execute_rows("UPDATE _properties SET spelling = 'cast'")
    assert changed(engine) == {"events", "other"}


def test_an_attached_database_has_flat_tables_of_its_own(
    engine: StorageEngine, tmp_path: Path
) -> None:
    other = StorageEngine(tmp_path / "there.duckdb")
    fetch(other)
    other.close()
    engine.execute_rows(f"ATTACH '{tmp_path}/there.duckdb'")
    engine.execute_rows("BEGIN; DELETE FROM there.events; COMMIT")
    assert changed(engine) == set()
    engine.execute_rows("USE there; DELETE FROM other; USE mine; DETACH there")
    assert changed(engine) == set()
    other = StorageEngine(tmp_path / "there.duckdb")
    assert changed(other) == {"events", "other"}
    other.close()


def test_a_database_that_never_had_a_flat_table_is_changed_as_ever() -> None:
    engine = StorageEngine()
    engine.execute_rows("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1)")
    assert engine.execute_rows("FROM t") == [(1,)]
    engine.close()
