"""What there is, in Mixpanel and in the database; and `mp drop`."""

from __future__ import annotations

import pytest


@pytest.mark.usefixtures("online")
def test_names_are_lists_of_text(mp):
    events = mp("events").data
    assert "Purchase" in events
    assert mp("events", "-f", "csv").out.splitlines() == ["event", *events]
    assert "amount" in mp("properties", "Purchase").data
    assert mp("properties", "Purchase", "-f", "csv").out.startswith("property\n")
    assert set(mp("values", "Purchase", "payment").data) == {"card", "paypal", "voucher"}
    assert len(mp("values", "Purchase", "payment", "--limit", "1").data) == 1
    assert mp("values", "Purchase", "payment", "-f", "table").out.startswith("value\n")


@pytest.mark.usefixtures("online")
def test_invented_data_is_called_so(mp):
    assert mp("events").err == "note: this is the sandbox, its data is invented\n"
    assert mp("events", "-q").err == ""


def test_tables_and_columns_are_described(mp, db):
    tables = mp("--db", db, "tables").data
    assert [(table["name"], table["type"]) for table in tables] == [
        ("events", "events"),
        ("profiles", "profiles"),
    ]
    assert tables[0]["from_date"] == "2026-01-01"
    schema = mp("--db", db, "schema", "events").data
    assert schema["rows"] == tables[0]["rows"]
    assert [column["name"] for column in schema["columns"]][:2] == ["event_name", "event_time"]
    assert mp("--db", db, "schema", "events", "-f", "csv").out.startswith("name,type,description\n")
    assert mp("--db", db, "info").data["path"] == str(db)
    assert "events" in mp("--db", db, "info", "-f", "table").out


def test_an_unknown_table_is_4(mp, db):
    for command in (["schema", "evnts"], ["drop", "evnts", "--force"]):
        done = mp("--db", db, *command)
        assert done.code == 4
        assert "did you mean 'events'?" in done.err


def test_an_empty_database_says_what_to_do(mp, online):
    done = mp("tables")
    assert done.data == []
    assert "mp fetch events" in done.err


def test_dropping_needs_force_without_a_terminal(mp, db):
    done = mp("--db", db, "drop", "events", "profiles")
    assert done.code == 3
    assert f"hint: mp --db {db} drop events profiles --force" in done.err
    assert len(mp("--db", db, "tables").data) == 2
    assert mp("--db", db, "drop", "events", "profiles", "--force").data == ["events", "profiles"]
    assert mp("--db", db, "tables").data == []


def test_all_tables_of_one_type_can_be_dropped(mp, db):
    assert mp("--db", db, "drop", "--all", "--type", "profiles", "--force").data == ["profiles"]
    assert mp("--db", db, "drop", "--all", "--force").data == ["events"]
    assert mp("--db", db, "drop", "--all").data == []


@pytest.mark.parametrize("args", [[], ["events", "--all"], ["events", "--type", "events"]])
def test_drop_takes_names_or_all(mp, db, args):
    assert mp("--db", db, "drop", *args, "--force").code == 3
    assert len(mp("--db", db, "tables").data) == 2


def test_one_unknown_name_drops_nothing(mp, db):
    assert mp("--db", db, "drop", "events", "nope", "--force").code == 4
    assert len(mp("--db", db, "tables").data) == 2
