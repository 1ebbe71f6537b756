"""`mp sql`."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest

from mixpanel_data.cli.commands.query import TABLE_ROWS

COUNT = "SELECT event_name, count(*) AS n FROM events GROUP BY ALL ORDER BY n DESC, 1"


@pytest.fixture
def sql(mp, db):
    def ask(*args, **more):
        return mp("--db", db, "sql", *args, **more)

    return ask


def test_every_format_gives_the_same_rows(sql):
    rows = sql(COUNT).data
    assert rows[0]["event_name"] == "View Item"
    lines = sql(COUNT, "-f", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == rows
    table = list(csv.DictReader(StringIO(sql(COUNT, "-f", "csv").out)))
    assert [(row["event_name"], int(row["n"])) for row in table] == [
        (row["event_name"], row["n"]) for row in rows
    ]
    shown = sql(COUNT, "-f", "table").out.splitlines()
    assert shown[0].split() == ["event_name", "n"]
    assert len(shown) == len(rows) + 2


def test_a_query_comes_from_an_argument_a_file_or_standard_input(sql, tmp_path):
    path = tmp_path / "q.sql"
    path.write_text("SELECT 'ü' AS x;\n", encoding="utf-8")
    assert sql("--file", path).data == [{"x": "ü"}]
    assert sql("-", stdin="SELECT 2 AS x").data == [{"x": 2}]


@pytest.mark.parametrize(
    "args", [(), ("SELECT 1", "--file", "x"), (" ",), ("-",), ("--file", "nowhere.sql")]
)
def test_exactly_one_query_is_needed(sql, args):
    done = sql(*args)
    assert done.code == 3
    assert done.out == ""


@pytest.mark.parametrize(
    ("query", "as_json", "as_csv"),
    [
        ("SELECT count(*) FROM profiles", "50", "50"),
        ("SELECT 'US'", '"US"', "US"),
        ("SELECT NULL", "null", ""),
        ("SELECT 1.10::DECIMAL(5, 2)", "1.10", "1.10"),
        ("SELECT 1 WHERE false", "null", ""),
        ("SELECT DATE '2026-01-01'", '"2026-01-01"', "2026-01-01"),
    ],
)
def test_a_scalar_is_one_value(sql, query, as_json, as_csv):
    assert sql("--scalar", query).out == f"{as_json}\n"
    assert sql("--scalar", query, "-f", "csv").out == f"{as_csv}\n"


def test_a_table_shows_the_first_rows_and_says_what_it_left_out(sql):
    done = sql("SELECT * FROM range(12345) AS t(n)", "-f", "table")
    assert len(done.out.splitlines()) == TABLE_ROWS + 2
    assert done.err == "the first 200 rows; more: --limit N, all of them: --format csv\n"
    assert sql("SELECT 1 AS x WHERE false", "-f", "table").err == "no rows\n"


def test_an_sql_error_shows_the_place(sql):
    done = sql("SELECT nothing FROM events")
    assert done.code == 1
    assert "LINE 1: SELECT nothing FROM events\n               ^" in done.err
    done = sql("SELEC 1", "-f", "json")
    assert json.loads(done.err)["type"] == "QueryError"
    assert done.out == ""


def test_an_escape_sequence_in_the_data_is_shown_not_obeyed(sql):
    done = sql("SELECT 'a' || chr(27) || '[31m' AS x", "-f", "table")
    assert "a\\x1b[31m" in done.out


def test_a_statement_that_gives_no_rows_works_too(sql):
    assert sql("CREATE TABLE mine AS SELECT 1 AS x").code == 0
    assert sql("SELECT * FROM mine").data == [{"x": 1}]


def test_a_database_that_is_not_there_is_a_clear_error(mp, tmp_path):
    done = mp("--db", tmp_path / "no.duckdb", "sql", "SELECT 1")
    assert done.code == 4
    assert "no.duckdb" in done.err
    assert not (tmp_path / "no.duckdb").exists()


def test_a_file_that_is_no_database_is_a_clear_error(mp, tmp_path):
    path = tmp_path / "text.duckdb"
    path.write_text("not a database, but long enough to look at" * 500)
    done = mp("--db", path, "sql", "SELECT 1")
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err


def test_properties_come_from_the_flat_table_unless_told_otherwise(sql):
    query = "SELECT properties->>'$.platform' AS platform, count(*) AS n FROM events GROUP BY ALL ORDER BY 1"
    assert sql(query).data == sql(query, "--no-accelerate").data
    assert sql(query, "-f", "table").out == sql(query, "-f", "table", "--no-accelerate").out
    assert sql("--scalar", query).out == sql("--scalar", query, "--no-accelerate").out
    explained = sql(query, "--explain").data
    assert explained["tables"] == [
        {"name": "events", "table": "events", "flat": "events_flat", "properties": ["platform"]}
    ]
    assert explained["query"] == query
    assert sql(explained["runs"]).data == sql(query).data


def test_what_runs_can_be_pasted(sql):
    whole = "SELECT * FROM events WHERE properties->>'platform' = 'iOS'"
    assert (
        sql(whole, "--explain", "-f", "table").out == f"{whole}\n-- events: * takes all columns\n"
    )
    told = sql(
        "SELECT properties->>'platform' AS p FROM events LIMIT 1", "--explain", "-f", "table"
    )
    assert told.out.splitlines()[-1] == "-- events: platform from events_flat"
    assert sql(told.out).data == sql("SELECT properties->>'platform' AS p FROM events LIMIT 1").data


def test_explaining_a_wrong_query_is_an_error(sql):
    done = sql("SELECT nothing, properties->>'platform' FROM events", "--explain")
    assert done.code == 1
    assert "LINE 1: SELECT nothing, " in done.err
