"""What there is, in Mixpanel and in the database; and `mp drop`."""

from __future__ import annotations

from functools import partial

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


def test_flat_tables_are_named_described_and_built_anew(mp, db):
    mp = partial(mp, "--db", db)
    assert [table["flat"] for table in mp("tables").data] == ["events_flat", "profiles_flat"]
    schema = mp("schema", "events").data
    amount = next(p for p in schema["properties"] if p["property"] == "amount")
    assert (amount["column"], amount["type"]) == ("amount", "DOUBLE")
    columns = {c["name"]: c for c in mp("schema", "events_flat").data["columns"]}
    assert columns["amount"]["description"] == f"property amount, in {amount['rows']:,} rows"
    built = mp("flatten", "events", "--columns", "3").data
    assert (built["flat"], built["columns"]) == ("events_flat", 5)
    assert built["left_in_json"] == len(schema["properties"]) - 5
    assert mp("drop", "events_flat", "--force").data == ["events_flat"]
    assert mp("tables").data[0]["flat"] is None
    mp("drop", "events", "--force")
    assert mp("flatten", "events").code == 4


def test_properties_of_a_table_cost_no_query(mp, db):
    mp = partial(mp, "--db", db)
    assert "amount" in mp("properties", "Purchase", "--table", "events").data
    assert "amount" not in mp("properties", "Sign Up", "--table", "events").data
    done = mp("properties", "Purchas", "--table", "events")
    assert (done.code, "did you mean 'Purchase'?" in done.err) == (3, True)
    mp("drop", "events_flat", "--force")
    done = mp("properties", "Purchase", "--table", "events")
    assert (done.code, f"hint: mp --db {db} flatten events" in done.err) == (3, True)


@pytest.mark.usefixtures("online")
def test_a_fetch_can_leave_the_flat_table_out(mp):
    dates = ["--from", "2026-01-01", "--to", "2026-01-02"]
    mp("fetch", "events", *dates, "--no-flat", "-q")
    mp("fetch", "profiles", "--no-flat", "-q")
    assert [table["flat"] for table in mp("tables", "-q").data] == [None, None]
    mp("fetch", "events", "--append", *dates, "--flat", "-q")
    assert mp("tables", "-q").data[0]["flat"] == "events_flat"
