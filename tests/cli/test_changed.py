"""Tables that were changed by hand: listed, warned of, and not appended to as if they were not."""

from __future__ import annotations

import shlex
from pathlib import Path

import duckdb
import pytest

DAYS = ("--from", "2026-01-01", "--to", "2026-01-31")
REPORT = ("segmentation", "--event", "Purchase", *DAYS, "--local", "--timezone", "UTC")
WARNING = "warning: table 'events' was changed by SQL or another program after it was fetched"

BY_HAND = [
    "DELETE FROM events WHERE event_time < '2026-01-10'",
    "UPDATE events SET distinct_id = 'x'",
    "INSERT INTO events FROM events LIMIT 1",
    "TRUNCATE events",
    "MERGE INTO events USING profiles ON false WHEN NOT MATCHED THEN INSERT (event_name) VALUES ('x')",
    "CREATE OR REPLACE TABLE events AS FROM events LIMIT 3",
    "ALTER TABLE events ALTER event_name SET DEFAULT 'x'",
    "SELECT 1; DELETE FROM events; SELECT 2",
    "PREPARE p AS DELETE FROM events; EXECUTE p",
    "BEGIN; DELETE FROM events; COMMIT",
]


@pytest.fixture
def changed(mp, db: Path):
    """Which tables are listed as changed."""

    def changed(path: Path = db) -> set[str]:
        return {it["name"] for it in mp("--db", path, "tables").data if it["changed"]}

    return changed


def fetched(mp, path: Path) -> None:
    assert mp("fetch", "events", *DAYS, "--db", path).code == 0


@pytest.mark.parametrize("statement", BY_HAND)
def test_a_table_that_sql_changes_is_listed_as_changed(mp, db, changed, statement) -> None:
    assert changed() == set()
    assert mp("--db", db, "sql", statement).code == 0
    assert changed() == {"events"}


def test_what_fails_or_is_undone_changes_nothing(mp, db, changed) -> None:
    for statement in (
        "DELETE FROM events WHERE nonsense",
        "UPDATE events SET event_time = CAST(event_name AS TIMESTAMP)",
        "SELECT 1; INSERT INTO events VALUES (1)",
    ):
        assert mp("--db", db, "sql", statement).code == 1
    assert mp("--db", db, "sql", "BEGIN; DELETE FROM events; ROLLBACK").code == 0
    assert changed() == set()
    assert "warning" not in mp("--db", db, *REPORT).err


def test_a_failure_does_not_withdraw_what_another_statement_did(mp, db, changed) -> None:
    assert mp("--db", db, "sql", "DELETE FROM events WHERE distinct_id < 'b'").code == 0
    assert mp("--db", db, "sql", "DELETE FROM events WHERE nonsense").code == 1
    assert changed() == {"events"}


def test_a_database_that_is_imported_changes_every_table(mp, db, changed, tmp_path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    assert mp("--db", db, "sql", f"COPY (FROM events LIMIT 1) TO '{dump}/rows.parquet'").code == 0
    (dump / "schema.sql").write_text("CREATE TABLE new (i INTEGER);")
    (dump / "load.sql").write_text(f"COPY events FROM '{dump}/rows.parquet' (FORMAT parquet);")
    assert mp("--db", db, "sql", f"IMPORT DATABASE '{dump}'").code == 0
    assert changed() == {"events", "profiles"}


def test_rows_that_another_program_adds_or_deletes_show(mp, db, changed) -> None:
    with duckdb.connect(str(db)) as other:
        other.execute("DELETE FROM events WHERE event_time < '2026-01-10'")
    assert changed() == {"events"}
    assert WARNING in mp("--db", db, *REPORT).err


def test_a_file_of_an_earlier_version_is_marked_as_well(mp, db, changed) -> None:
    with duckdb.connect(str(db)) as other:
        other.execute("ALTER TABLE _metadata DROP COLUMN changed_at")
    assert changed() == set()
    assert mp("--db", db, "sql", "UPDATE events SET distinct_id = 'x'").code == 0
    assert changed() == {"events"}


def test_a_report_on_a_changed_table_warns_in_its_answer_too(mp, db) -> None:
    assert "warnings" not in mp("--db", db, *REPORT).data
    mp("--db", db, "sql", "DELETE FROM events WHERE event_time < '2026-01-10'")
    report = mp("--db", db, *REPORT)
    assert WARNING in report.err
    assert f"warning: {report.data['warnings'][0]}" in report.err.splitlines()


def test_a_report_that_reads_changed_profiles_warns(mp, db) -> None:
    mp("--db", db, "sql", "UPDATE profiles SET properties = '{}'")
    assert "warning" not in mp("--db", db, *REPORT).err
    assert (
        "warning: table 'profiles' was changed"
        in mp("--db", db, *REPORT, "--on", 'user["plan"]').err
    )


def test_a_changed_table_is_not_appended_to_but_replaced_by_the_hint(
    mp, online, tmp_path, changed
) -> None:
    mine = tmp_path / "mine.duckdb"
    options = ("--events", '"Purchase",Sign Up', "--where", 'properties["amount"] != "it\'s"')
    assert mp("fetch", "events", *DAYS, *options, "--db", mine).code == 0
    mp("--db", mine, "sql", "DELETE FROM events WHERE event_time < '2026-01-10'")
    refused = mp("fetch", "events", "--append", "--db", mine)
    assert (refused.code, refused.out) == (3, "")
    error, hint = refused.err.splitlines()
    assert error.startswith("error: table 'events' was changed by SQL")
    _, *again = shlex.split(hint.removeprefix("hint: "))
    assert mp(*again, "--db", mine).code == 0
    assert changed(mine) == set()


def test_days_that_are_named_are_appended_and_the_table_stays_changed(
    mp, online, tmp_path, changed
) -> None:
    mine = tmp_path / "mine.duckdb"
    fetched(mp, mine)
    with duckdb.connect(str(mine)) as other:
        other.execute("DELETE FROM events WHERE event_time < '2026-01-10'")
    append = ("fetch", "events", "--append", "--from", "2026-01-09", "--to", "2026-01-09")
    assert mp(*append, "--db", mine).code == 0
    assert changed(mine) == {"events"}
