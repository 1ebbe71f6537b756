from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mixpanel_data import (
    IncompleteExportError,
    InvalidArgumentError,
    TableExistsError,
    TableMetadata,
    TableNotFoundError,
)
from mixpanel_data._internal.storage import StorageEngine
from tests import strategies

NOW = datetime(2024, 1, 3, 4, 5, 6)
EVENTS = TableMetadata(type="events", fetched_at=NOW, from_date="2024-01-01", to_date="2024-01-02")
PROFILES = TableMetadata(type="profiles", fetched_at=NOW)
ONE = {"event": "a", "properties": {"time": 1_704_067_200_000}}


def lines(*events: object) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def load(engine: StorageEngine, body: bytes, *, legacy_zone: str | None = None) -> list[tuple]:
    with (
        engine.temporary() as folder,
        engine.new_table("t", EVENTS, legacy_zone=legacy_zone) as table,
    ):
        path = folder / "body.ndjson"
        path.write_bytes(body)
        table.add(path)
    return engine.execute_rows("FROM t")


def test_events_have_the_columns_of_the_specification(engine: StorageEngine) -> None:
    engine.create_events_table("events", iter([ONE]), EVENTS)
    assert [(c.name, c.type) for c in engine.get_schema("events").columns] == [
        ("event_name", "VARCHAR"),
        ("event_time", "TIMESTAMP"),
        ("distinct_id", "VARCHAR"),
        ("insert_id", "VARCHAR"),
        ("properties", "JSON"),
    ]


def test_profiles_have_the_columns_of_the_specification(engine: StorageEngine) -> None:
    engine.create_profiles_table("profiles", iter([{"$distinct_id": "u"}]), PROFILES)
    assert [(c.name, c.type) for c in engine.get_schema("profiles").columns] == [
        ("distinct_id", "VARCHAR"),
        ("properties", "JSON"),
        ("last_seen", "TIMESTAMP"),
    ]


def test_the_metadata_table_is_as_specified_and_filled(engine: StorageEngine) -> None:
    engine.create_events_table("events", iter([ONE, ONE]), EVENTS)
    frame = engine.execute_rows("DESCRIBE _metadata")
    assert [(name, kind) for name, kind, *_ in frame][:6] == [
        ("table_name", "VARCHAR"),
        ("type", "VARCHAR"),
        ("fetched_at", "TIMESTAMP"),
        ("from_date", "DATE"),
        ("to_date", "DATE"),
        ("row_count", "INTEGER"),
    ]
    assert engine.execute_rows("SELECT table_name, row_count FROM _metadata") == [("events", 2)]
    assert engine.get_metadata("events") == EVENTS


def test_a_file_of_before_limits_were_recorded_is_read_and_written(engine: StorageEngine) -> None:
    engine.create_events_table("events", iter([ONE]), EVENTS)
    engine.execute("ALTER TABLE _metadata DROP COLUMN filter_limit")
    assert engine.get_metadata("events") == EVENTS
    sample = replace(EVENTS, filter_limit=1)
    engine.create_events_table("sample", iter([ONE]), sample)
    assert engine.get_metadata("events") == EVENTS
    assert engine.get_metadata("sample") == sample


@given(st.lists(strategies.events(), max_size=8))
@example([{"event": "\u2028\u0085", "properties": {"time": 1_704_067_200_000, "": {"": [[]]}}}])
def test_any_events_come_back_as_they_were_sent(events: list[dict]) -> None:
    engine = StorageEngine()
    try:
        assert engine.create_events_table("t", iter(events), EVENTS) == len(events)
        rows = engine.execute_rows("FROM t")
    finally:
        engine.close()
    assert [row[0] for row in rows] == [event["event"] for event in events]
    assert [json.loads(row[4]) for row in rows] == [event["properties"] for event in events]
    for (_, time, user, insert, _), event in zip(rows, events, strict=True):
        sent = event["properties"]
        assert round((time - datetime(1970, 1, 1)).total_seconds() * 1000) == sent["time"]
        assert user == (None if "distinct_id" not in sent else str(sent["distinct_id"]))
        assert insert == sent.get("$insert_id")


@given(strategies.names)
@example('we"ird; DROP TABLE x --')
@example("select")
def test_any_text_can_name_a_table(name: str) -> None:
    engine = StorageEngine()
    try:
        engine.create_events_table(name, iter([ONE]), EVENTS)
        assert [table.name for table in engine.list_tables()] == [name]
        assert engine.get_schema(name).rows == 1
        with pytest.raises(TableExistsError):
            engine.create_events_table(name, iter([ONE]), EVENTS)
        engine.drop_table(name)
        assert engine.list_tables() == []
        assert engine.execute_scalar("SELECT count(*) FROM _metadata") == 0
    finally:
        engine.close()


@pytest.mark.parametrize("name", ["", "_metadata", "_mine"])
def test_reserved_names_are_refused(engine: StorageEngine, name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="can't be named"):
        engine.create_events_table(name, iter([]), EVENTS)


def test_names_that_differ_by_case_are_one_table(engine: StorageEngine) -> None:
    engine.create_events_table("Events", iter([ONE]), EVENTS)
    with pytest.raises(TableExistsError):
        engine.check_name("events", "create")
    assert engine.get_schema("EVENTS").table == "Events"
    engine.drop_table("eVENTS")
    assert engine.list_tables() == []


def test_a_view_of_the_user_blocks_the_name_and_can_be_dropped(engine: StorageEngine) -> None:
    engine.execute("CREATE VIEW mine AS SELECT 1 AS one")
    assert [(t.name, t.type, t.rows) for t in engine.list_tables()] == [("mine", "view", 1)]
    with pytest.raises(TableExistsError):
        engine.check_name("mine", "create")
    engine.drop_table("mine")
    assert engine.list_tables() == []


def test_an_unknown_table_is_named_with_its_neighbour(engine: StorageEngine) -> None:
    engine.create_events_table("events", iter([ONE]), EVENTS)
    with pytest.raises(TableNotFoundError) as caught:
        engine.get_schema("evnts")
    assert caught.value.hint == "did you mean 'events'?"
    with pytest.raises(TableNotFoundError):
        engine.get_metadata("evnts")


def test_a_table_that_sql_dropped_leaves_no_ghost(engine: StorageEngine) -> None:
    engine.create_events_table("events", iter([ONE]), EVENTS)
    engine.execute("DROP TABLE events")
    assert [table.name for table in engine.list_tables()] == ["events_flat"]
    engine.create_events_table("events", iter([ONE, ONE]), EVENTS)
    assert engine.execute_rows("SELECT row_count FROM _metadata") == [(2,)]


def test_a_table_appears_whole_or_not_at_all(engine: StorageEngine) -> None:
    def broken():
        yield from [ONE] * 20_000
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.create_events_table("events", broken(), EVENTS)
    assert engine.list_tables() == []
    assert engine.create_events_table("events", iter([ONE]), EVENTS) == 1


def test_a_table_in_the_making_is_not_seen(engine: StorageEngine, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(lines(ONE))
    with engine.new_table("events", EVENTS) as table:
        table.add(body)
        assert not engine.table_exists("events")
    assert engine.table_exists("events")


def test_case_40_seconds_and_milliseconds_give_the_same_instant(engine: StorageEngine) -> None:
    events = [{"event": "a", "properties": {"time": t}} for t in (1_704_067_201, 1_704_067_201_000)]
    rows = load(engine, lines(*events))
    assert [row[1] for row in rows] == [datetime(2024, 1, 1, 0, 0, 1)] * 2


def test_case_41_legacy_projects_export_the_wall_clock_of_their_zone(engine: StorageEngine) -> None:
    nine = [datetime(2024, month, 15, 9) for month in (1, 7)]
    events = [
        {"event": "a", "properties": {"time": int((t - datetime(1970, 1, 1)).total_seconds())}}
        for t in nine
    ]
    rows = load(engine, lines(*events), legacy_zone="US/Pacific")
    assert [row[1] for row in rows] == [datetime(2024, 1, 15, 17), datetime(2024, 7, 15, 16)]
    engine.drop_table("t")
    assert [row[1] for row in load(engine, lines(*events))] == nine


def test_case_43_rows_without_ids_are_stored(engine: StorageEngine) -> None:
    sent = [{}, {"distinct_id": ""}, {"distinct_id": 12345678901234567890}, {"distinct_id": None}]
    rows = load(engine, lines(*({"event": "a", "properties": p} for p in sent)))
    assert [row[2] for row in rows] == [None, "", "12345678901234567890", None]
    assert [row[1] for row in rows] == [None] * 4


def test_case_44_numbers_and_keys_keep_every_digit(engine: StorageEngine) -> None:
    text = '{"n":123456789012345678901234567890,"x":null,"dup":1,"dup":2,"deep":{"a":[1,[2]]}}'
    rows = load(engine, b'{"event":"a","properties":' + text.encode() + b"}\n")
    assert rows[0][4] == text


def test_half_a_character_is_replaced_and_nothing_else(engine: StorageEngine) -> None:
    body = (
        rb'{"event":"a","properties":{"x":"\ud83d cut","ok":"\ud83d\ude00","esc":"\\ud83d"}}'
        b'\n{"event":"b","properties":{"x":"\xff"}}\n{"event":"c","properties":{}}\n'
    )
    rows = {row[0]: json.loads(row[4]) for row in load(engine, body)}
    assert rows == {
        "a": {"x": "\ufffd cut", "ok": "\U0001f600", "esc": "\\ud83d"},
        "b": {"x": "\ufffd"},
        "c": {},
    }


@pytest.mark.parametrize(
    "bad",
    [
        b"terminated early",
        b'{"error":"x"}',
        b'{"event":"a"}',
        b'{"event":"a","properties":[]}',
        b'{"event":"a","properties":"x"}',
        b'{"event":null,"properties":{}}',
        b'{"event":"a","prop',
        b"[1]",
        b'{"event":"a","properties":{}}{"event":"b","properties":{}}',
    ],
)
def test_a_line_that_is_no_event_stops_the_load_and_is_named(
    engine: StorageEngine, bad: bytes
) -> None:
    with pytest.raises(IncompleteExportError) as caught:
        load(engine, lines(ONE, ONE) + bad + b"\n" + lines(ONE))
    assert (caught.value.line, caught.value.rows) == (3, 2)
    assert caught.value.text == bad.decode()
    assert engine.list_tables() == []


def test_empty_bodies_and_blank_lines_add_nothing(engine: StorageEngine) -> None:
    assert load(engine, b"") == []
    engine.drop_table("t")
    assert len(load(engine, b"\n" + lines(ONE) + b"\n\n")) == 1


def test_the_last_copy_of_a_profile_wins(engine: StorageEngine) -> None:
    sent = [
        {"$distinct_id": 5, "$properties": {"v": 1}},
        {"$distinct_id": "6", "$properties": {"$last_seen": "2008-06-09T23:08:40"}},
        {"$distinct_id": "5", "$properties": {"v": 2}},
        {"$distinct_id": "7"},
    ]
    assert engine.create_profiles_table("p", iter(sent), PROFILES) == 3
    assert engine.execute_rows("FROM p ORDER BY 1") == [
        ("5", '{"v":2}', None),
        ("6", '{"$last_seen":"2008-06-09T23:08:40"}', datetime(2008, 6, 9, 23, 8, 40)),
        ("7", "{}", None),
    ]


def test_metadata_of_another_kind_is_refused(engine: StorageEngine) -> None:
    with pytest.raises(InvalidArgumentError):
        engine.create_events_table("t", iter([]), PROFILES)


def test_a_line_that_is_neither_an_event_nor_utf_8_is_named(engine: StorageEngine) -> None:
    with pytest.raises(IncompleteExportError) as caught:
        load(engine, lines(ONE) + b'{"event": "\xff\n')
    assert (caught.value.line, caught.value.text) == (2, '{"event": "\ufffd')


def test_loads_that_run_at_once_have_each_their_own_files(engine: StorageEngine) -> None:
    with engine.temporary() as first:
        Path(first, "body").write_bytes(b"mine")
        with engine.temporary() as second:
            assert first != second
        assert Path(first, "body").read_bytes() == b"mine"
