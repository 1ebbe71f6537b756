"""`mp export`."""

from __future__ import annotations

import csv

import pytest


@pytest.fixture
def export(mp, db, tmp_path, monkeypatch):
    folder = tmp_path / "exports"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def call(*args, **more):
        return mp("--db", db, "export", *args, **more)

    return call


@pytest.mark.parametrize("name", ["e.parquet", "e.csv", "e.jsonl", "e.arrow", "e.csv.gz"])
def test_a_table_goes_into_a_file_and_the_result_to_stdout(export, mp, db, tmp_path, name):
    result = export("events", name).data
    assert result["path"] == str(tmp_path / "exports" / name)
    assert result["rows"] == mp("--db", db, "tables").data[0]["rows"]
    assert result["bytes"] == (tmp_path / "exports" / name).stat().st_size


def test_a_query_comes_from_an_argument_or_standard_input(export, tmp_path):
    assert export("SELECT 1 AS x", "a.csv").data["rows"] == 1
    assert export("-", "b.csv", stdin="SELECT 2 AS x;\n").data["rows"] == 1
    assert (tmp_path / "exports" / "b.csv").read_text() == "x\n2\n"
    assert export("-", "c.csv", stdin=" ").code == 3


def test_rows_and_columns_of_the_file_can_be_chosen(export, tmp_path):
    done = export("events", "some.csv", "--columns", "distinct_id,event_name", "--limit", "3")
    assert done.data["rows"] == 3
    rows = list(csv.reader((tmp_path / "exports" / "some.csv").read_text().splitlines()))
    assert rows[0] == ["distinct_id", "event_name"]
    assert len(rows) == 4
    done = export("events", "none.csv", "--columns", "event_nam")
    assert (done.code, done.err.splitlines()[1]) == (3, "hint: did you mean 'event_name'?")


def test_a_file_that_is_there_is_written_over_by_force_alone(export, tmp_path):
    assert export("SELECT 1 AS x", "a.csv").code == 0
    done = export("SELECT 2 AS x", "a.csv")
    assert done.code == 1
    assert done.err == (
        f"error: {tmp_path / 'exports' / 'a.csv'} is already there\n"
        "hint: choose another name; --force, or overwrite=True, writes over it\n"
    )
    assert export("SELECT 2 AS x", "a.csv", "--force").code == 0
    assert (tmp_path / "exports" / "a.csv").read_text() == "x\n2\n"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["events", "x.xlsx"], 3),
        (["events", "nowhere/x.csv"], 3),
        (["events", "x.txt", "--as", "excel"], 3),
        (["evnts", "x.csv"], 4),
        (["SELECT nothing", "x.csv"], 1),
    ],
)
def test_mistakes_leave_no_file(export, tmp_path, args, code):
    done = export(*args)
    assert (done.code, done.out) == (code, "")
    assert list((tmp_path / "exports").iterdir()) == []


def test_the_format_can_be_given(export, tmp_path):
    assert export("SELECT 1 AS x", "data.txt", "--as", "csv").data["format"] == "csv"
    assert (tmp_path / "exports" / "data.txt").read_text() == "x\n1\n"


@pytest.mark.parametrize("output", ["csv", "arrow"])
def test_properties_are_the_same_from_flat_tables_and_from_the_json(export, tmp_path, output):
    query = "SELECT properties->>'$.platform' AS p, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"
    assert export(query, f"fast.{output}").data["rows"] > 1
    assert export(query, f"slow.{output}", "--no-accelerate").code == 0
    folder = tmp_path / "exports"
    assert (folder / f"fast.{output}").read_bytes() == (folder / f"slow.{output}").read_bytes()
