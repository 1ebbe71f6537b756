"""Small outputs: --limit, --offset, --columns, --max-bytes, on every kind of answer."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data.cli import formatters, results
from mixpanel_data.formats import Format
from mixpanel_data.queries import Excerpt

ENDLESS = "SELECT i, i % 3 AS m FROM range(1000000000000) AS t(i)"


@pytest.fixture
def look(mp, db):
    def call(*args):
        return mp("--db", db, *args)

    return call


def test_rows_are_cut_and_columns_chosen_on_every_list(look):
    assert look("tables", "--columns", "rows,name", "--limit", "1").data == [
        {"rows": look("tables").data[0]["rows"], "name": "events"}
    ]
    assert look("tables", "--offset", "1", "--columns", "name").data == [{"name": "profiles"}]
    assert look("tables", "-f", "csv", "--columns", "name", "--columns", "TYPE").out == (
        "name,type\nevents,events\nprofiles,profiles\n"
    )
    assert look("tables", "-f", "table", "--columns", "name").out.split()[-2:] == [
        "events",
        "profiles",
    ]


def test_what_a_cut_names_is_the_row_that_comes_next(look):
    """From an offset on, too: rows are neither shown twice nor left out."""
    sql = ("sql", "SELECT i FROM range(30) AS t(i) ORDER BY i", "--max-bytes", "60", "-q")
    counted = ("breakdown", "events", "--max-bytes", "300", "-q", "-f", "csv")
    for command, whole in ((sql, None), (counted, look("breakdown", "events", "-f", "csv").out)):
        lines: list[str] = []
        offset = "0"
        for _ in range(100):
            done = look(*command, "--offset", offset)
            lines += done.out.splitlines()[1:] if whole else map(str, (it["i"] for it in done.data))
            if "the rest: --offset " not in done.err:
                break
            offset = done.err.strip().rpartition(" ")[2]
        assert int(offset) > 1
        assert lines == (whole.splitlines()[1:] if whole else list(map(str, range(30))))


@pytest.mark.usefixtures("online")
def test_a_list_of_names_is_cut_too(mp):
    every = mp("events").data
    assert mp("events", "--limit", 2, "--offset", 1).data == every[1:3]
    assert mp("events", "--columns", "event").data == every
    assert mp("events", "--columns", "name").code == 3
    done = mp("events", "--max-bytes", 40, "-q")
    assert len(done.out) <= 40
    assert done.data == every[: len(done.data)]
    assert done.err == (
        f"cut: {len(done.data)} of {len(every)} rows, {len(done.out)} of"
        f" {len(mp('events').out)} bytes; the rest: --offset {len(done.data)}\n"
    )


@pytest.mark.usefixtures("online")
def test_a_command_with_its_own_limit_keeps_it(mp):
    every = mp("values", "Purchase", "payment").data
    assert len(every) == 3
    assert mp("values", "Purchase", "payment", "--limit", "2").data == every[:2]
    assert mp("--limit", "1", "values", "Purchase", "payment").data == every[:1]
    assert mp("--limit", "1", "values", "Purchase", "payment", "--limit", "2").data == every[:1]
    assert "Print at most N rows" not in mp("values", "--help").out
    assert mp("fetch", "events", "--limit", "0").code == 3


def test_an_answer_with_rows_in_it_is_whole_unless_rows_are_chosen_or_it_is_too_long(look):
    whole = look("schema", "events").data
    assert set(whole) >= {"table", "columns"}
    assert look("schema", "events", "--limit", "2").data == whole["columns"][:2]
    assert look("schema", "events", "--max-bytes", "100000").data == whole
    cut = look("schema", "events", "--max-bytes", "300")
    assert cut.data == whole["columns"][: len(cut.data)]
    assert cut.err.startswith(f"cut: {len(cut.data)} of {len(whole['columns'])} rows, ")


def test_of_one_answer_alone_fields_can_be_chosen_but_not_rows(look, db):
    assert look("info", "--columns", "path,source", "--limit", "0").data == {
        "path": str(db),
        "source": "mixpanel",
    }
    done = look("info", "--max-bytes", "50")
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith("bytes; --columns or --jq take less of it\n")


@pytest.mark.parametrize("command", [["tables"], ["info"], ["sql", "FROM events"]])
def test_an_unknown_column_is_3_and_says_which_one_is_meant(look, command):
    known = {"tables": "name", "info": "path", "sql": "event_name"}[command[0]]
    done = look(*command, "--columns", known[:-1])
    assert done.code == 3
    assert done.out == ""
    assert done.err == f"error: no column named {known[:-1]!r}\nhint: did you mean {known!r}?\n"


def test_a_name_with_a_comma_goes_in_quotes(look):
    query = 'SELECT 1 AS "a,b", 2 AS c'
    assert look("sql", query, "--columns", 'c,"a,b"').data == [{"c": 2, "a,b": 1}]
    done = look("sql", query, "--columns", '"a')
    assert done.code == 3
    assert done.err.startswith("error: --columns: ")


@pytest.mark.parametrize("output", ["json", "jsonl", "csv", "table"])
def test_sql_takes_a_part_of_endless_rows(look, output):
    done = look("sql", ENDLESS, "-f", output, "--limit", "2", "--offset", "3", "--columns", "m,i")
    assert (done.code, done.err) == (0, "")
    rows = {
        "json": lambda text: [list(row.values()) for row in json.loads(text)],
        "jsonl": lambda text: [list(json.loads(line).values()) for line in text.splitlines()],
        "csv": lambda text: [list(map(int, row)) for row in list(csv.reader(StringIO(text)))[1:]],
        "table": lambda text: [list(map(int, line.split())) for line in text.splitlines()[2:]],
    }[output](done.out)
    assert rows == [[0, 3], [1, 4]]


@pytest.mark.parametrize("output", ["json", "jsonl", "csv", "table"])
def test_sql_stops_when_there_is_enough_and_says_how_to_go_on(look, output):
    done = look("sql", ENDLESS, "-f", output, "--max-bytes", "1000", "-q", "--offset", "10")
    assert done.code == 0
    assert 900 < len(done.out.encode()) <= 1000
    assert "the rest: --offset " in done.err
    if output == "json":
        after = int(done.err.split()[-1])
        assert look("sql", ENDLESS, "--limit", "1", "--offset", after).data[0]["i"] == after


def test_a_row_that_does_not_fit_is_not_cut(look):
    done = look("sql", "SELECT repeat('x', 500) AS x", "--max-bytes", "100")
    assert done.data == []
    assert done.err == (
        "cut: after 0 rows, 3 bytes;"
        " one row is too long: name fewer --columns, or allow more --max-bytes\n"
    )


def test_a_size_can_be_set_for_all_calls(look, monkeypatch):
    monkeypatch.setenv("MP_MAX_BYTES", "100")
    assert len(look("sql", "FROM range(1000)").out) <= 100
    assert look("sql", "FROM range(1000)", "--max-bytes", "100000").err == ""
    done = look("sql", "--scalar", "SELECT repeat('x', 200)")
    assert (done.code, done.out, done.err) == (0, "", "cut: all of 203 bytes\n")
    assert look("sql", "--scalar", "SELECT 1").out == "1\n"


@pytest.mark.parametrize("option", [["--limit", "1"], ["--columns", "a"], ["--jq", "."]])
def test_a_scalar_has_no_parts(look, option):
    assert look("sql", "--scalar", "SELECT 1 AS a", *option).code == 3


@pytest.mark.parametrize("option", [["--offset", "1"], ["--columns", "event"], ["--jq", "."]])
def test_events_as_mixpanel_sent_them_have_no_parts(mp, online, option):
    dates = ["--from", "2026-01-01", "--to", "2026-01-01"]
    done = mp("fetch", "events", *dates, "--stdout", *option)
    assert (done.code, done.out) == (3, "")


@pytest.mark.parametrize("option", [["--limit", "-1"], ["--offset", "-1"], ["--max-bytes", "2"]])
def test_numbers_that_can_not_be_meant_are_3(look, option):
    done = look("tables", *option)
    assert done.code == 3
    assert done.err.startswith(f"error: {option[0][2:].replace('-', '_')} {option[1]} is below")


@given(
    names=st.lists(st.text(st.characters(codec="utf-8"), max_size=9), max_size=9),
    most=st.integers(3, 120),
    output=st.sampled_from(["json", "jsonl", "csv"]),
)
def test_as_many_names_are_printed_as_fit(names, most, output):
    def size(count: int) -> int:
        return len(formatters.formatted(names[:count], Format(output)).encode())

    fitting = [count for count in range(len(names) + 1) if size(count) <= most]
    rows, text = results.fitting(names, Format(output), most, column="name")
    assert rows == max(fitting)
    assert text.decode() == formatters.formatted(names[:rows], Format(output))


@pytest.mark.parametrize(
    ("answer", "part", "wanted"),
    [
        (5, {"limit": 1}, 5),
        ("text", {"limit": 1}, "text"),
        (None, {}, None),
        ([1, {"a": 2, "b": 3}, [4]], {"columns": ["b"], "offset": 1}, [{"b": 3}, [4]]),
        ([{"a": 1}, {"b": 2}], {"columns": ["b", "a"]}, [{"b": None, "a": 1}, {"b": 2, "a": None}]),
        ([], {"columns": ["x"]}, []),
    ],
)
def test_parts_can_be_taken_of_any_json(answer, part, wanted):
    assert results.taken(answer, Excerpt.of(**part), "name") == wanted
