"""`mp sample`, `mp summarize`, `mp breakdown`, `mp stats`: what a reader with little context gets."""

from __future__ import annotations

from functools import partial

import pytest

from mixpanel_data.cli import truncation

COMMANDS = [
    ["sample", "events"],
    ["sample", "profiles"],
    ["summarize", "events"],
    ["summarize", "profiles"],
    ["breakdown", "events"],
    ["stats", "events", "amount"],
    ["stats", "events", "item_ids"],
    ["stats", "events", "app_build"],
    ["stats", "events", "distinct_id"],
    ["stats", "profiles", "plan"],
]


@pytest.fixture
def look(mp, db):
    return partial(mp, "--db", db)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_answers_are_small(look, command):
    done = look(*command)
    assert done.data
    assert len(done.out.encode()) < 2048


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("output", ["jsonl", "csv", "table"])
def test_every_format_can_show_them(look, command, output):
    done = look(*command, "--format", output)
    assert done.code == 0
    assert len(done.out.splitlines()) > 1


def test_a_sampled_event_has_what_tells_something(look):
    rows = look("sample", "events").data
    assert len(rows) == 5
    for row in rows:
        assert list(row) == ["event_name", "event_time", "distinct_id", "properties"]
        assert row["properties"].keys().isdisjoint({"time", "distinct_id", "$insert_id"})
        assert "plan" in row["properties"]
    assert rows == look("sample", "events").data
    assert rows != look("sample", "events", "--seed", "1").data
    assert [r["event_name"] for r in look("sample", "events", "-n", "2", "--event", "Purchase").data] == [
        "Purchase",
        "Purchase",
    ]  # fmt: skip


def test_full_rows_and_named_columns_leave_nothing_out(look):
    (row,) = look("sample", "events", "-n", "1", "--full").data
    assert "insert_id" in row
    assert {"time", "distinct_id", "$insert_id"} <= row["properties"].keys()
    (row,) = look("sample", "events", "-n", "1", "--columns", "insert_id").data
    assert list(row) == ["insert_id"]


def test_long_values_are_cut_with_a_mark_and_a_note(look):
    look("sql", "CREATE TABLE t AS SELECT repeat('é', 100) AS long, range(9) AS list, 'x' AS short")
    done = look("sample", "t")
    assert done.data == [
        {"long": "é" * 60 + "… +40", "list": [0, 1, 2, 3, 4, "… +4"], "short": "x"}
    ]
    assert "--full" in done.err
    whole = look("sample", "t", "--full")
    assert (whole.data[0]["long"], whole.data[0]["list"]) == ("é" * 100, list(range(9)))
    assert whole.err == ""
    top = look("stats", "t", "long").data
    assert (top["top"][0]["value"], top["texts"]["min"]) == ("é" * 60 + "… +40",) * 2
    assert look("stats", "t", "long", "--full").data["top"][0]["value"] == "é" * 100
    assert "é" * 60 + "… +40" in look("summarize", "t").data["columns"][0]["top"]
    assert look("summarize", "t", "-q").err == ""


def test_values_that_would_look_the_same_are_not_cut():
    told = {"top": {"a" * 70 + end: 1 for end in "xy"}}
    assert truncation.Cut().answer(told) == told


def test_large_objects_lose_fields_with_a_mark():
    cut = truncation.Cut()
    short = cut.value({f"k{n}": n for n in range(50)})
    assert (len(short), short["…"]) == (41, "+10")
    assert cut.did


def test_a_summary_leads_to_statistics(look):
    summary = look("summarize", "events").data
    assert (summary["table"], summary["flat"]) == ("events", "events_flat")
    assert summary["events"] == look("breakdown", "events").data["names"]
    for column in summary["columns"]:
        stats = look("stats", "events", column["name"]).data
        assert (stats["present"], stats["distinct"]) == (column["rows"], column["distinct"])
        assert (stats["type"], stats["share"]) == (column["type"], column["share"])
    named = {c["name"] for c in summary["columns"]} | set(summary["others"])
    assert len(named) == summary["properties"]


def test_numbers_agree_with_sql(look):
    stats = look("stats", "events", "amount", "--event", "Purchase").data
    sql = (
        "SELECT count(*), sum(amount)::DECIMAL(18, 2), max(amount) "
        "FROM events_flat WHERE event_name = 'Purchase'"
    )
    rows, total, most = look("sql", sql, "-f", "csv").out.splitlines()[1].split(",")
    told = stats["numbers"]
    assert (told["rows"], round(told["sum"], 2), told["max"]) == (
        int(rows),
        float(total),
        float(most),
    )
    breakdown = look("breakdown", "events").data
    (count,) = {e["rows"] for e in breakdown["events"] if e["event"] == "Purchase"}
    assert count == stats["rows"]


def test_rows_are_what_row_wise_formats_print(look):
    lines = look("breakdown", "events", "--top", "2", "-f", "csv").out.splitlines()
    assert lines[0] == "event,rows,share,users,first,last,properties"
    assert len(lines) == 3
    assert look("stats", "events", "plan", "-f", "csv").out.startswith("value,rows,share\n")
    header = "name,type,rows,share,distinct,min,max,top,column\n"
    assert look("summarize", "events", "-f", "csv").out.startswith(header)
    assert len(look("breakdown", "events", "--limit", "2").data) == 2
    fields = look("stats", "events", "amount", "--columns", "present,type").data
    assert list(fields) == ["present", "type"]
    values = look("stats", "events", "plan", "--columns", "value", "-f", "jsonl").out
    assert values.splitlines()[0] == '{"value":"free"}'
    table = look("breakdown", "events", "--limit", "2", "-f", "table").out
    assert table.startswith("event ")
    assert look("stats", "events", "amount", "-f", "table").out.startswith("table ")


def test_mistakes_name_what_was_meant(look):
    for command, code, hint in [
        (["stats", "events", "amout"], 3, "did you mean 'amount'?"),
        (["stats", "events", "amount", "--event", "Purchas"], 3, "did you mean 'Purchase'?"),
        (["sample", "evnts"], 4, "did you mean 'events'?"),
        (["breakdown", "profiles"], 3, "event_name"),
        (["summarize", "events", "--top", "0"], 3, "mp summarize --help"),
    ]:
        done = look(*command)
        assert (done.code, hint in done.err) == (code, True), done.err
