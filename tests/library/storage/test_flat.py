from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mixpanel_data import TableExistsError, TableMetadata, TableNotFoundError
from mixpanel_data._internal.sql import literal, pointer, quote
from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.loading import DAY, EVENTS, PROFILES, events_with, load
from tests.oracles import column_type
from tests.strategies import histories


def kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        # DuckDB calls an integer past 64 bits a number; its digits stay all the same.
        return "integer" if -(2**63) <= value < 2**64 else "number"
    return {float: "number", str: "string", list: "array", dict: "object"}[type(value)]


def content(engine: StorageEngine) -> tuple:
    """The flat table and its catalog, column by column under the property's name."""
    properties = engine.properties("t")
    columns = ["event_name", "event_time", "distinct_id", "insert_id"]
    columns += [p.column for p in properties if p.column]
    rows = engine.execute_rows(f"SELECT {', '.join(map(quote, columns))} FROM t_flat")
    schema = [row[:2] for row in engine.execute_rows("DESCRIBE t_flat")]
    return properties, [list(map(repr, row)) for row in rows], schema


@given(histories())
@example([{"event": "p", "properties": {"time": 0, "a": 10**30}}])
@example([{"event": "p", "properties": {"time": 0, "a": v}} for v in (1, 0.5, 2**62)])
@example([{"event": "p", "properties": {"time": 0, "a": v}} for v in (1e22, "x", [1], None, 5.0)])
@example([{"event": "p", "properties": {"time": 0, "a": 1, "A": "x", "a_2": None}}])
def test_every_value_is_what_the_json_gives_once_cast(events: list[dict]) -> None:
    engine = StorageEngine()
    try:
        load(engine, events)
        assert engine.flat_of("t") == "t_flat"
        found = {p.property: p for p in engine.properties("t")}
        sent = [event["properties"] for event in events]
        assert set(found) == {name for properties in sent for name in properties}
        for name, info in found.items():
            seen = [properties[name] for properties in sent if name in properties]
            assert info.rows == len(seen)
            carry = [e["event"] for e in events if name in e["properties"]]
            assert info.events == {event: carry.count(event) for event in carry}
            if name == "":
                assert info.column is None
                continue
            kinds = list(map(kind, seen))
            assert info.kinds == {k: kinds.count(k) for k in kinds}
            if name in {"distinct_id", "$insert_id"}:
                assert info.column == name.lstrip("$")
            else:
                assert info.type == column_type(seen)
            text = f"e.properties ->> {literal(pointer(name))}"
            column = f"f.{quote(info.column)}"
            wrong = f"""
                SELECT {text}, {column} FROM t AS e POSITIONAL JOIN t_flat AS f
                WHERE CAST({text} AS {info.type})::VARCHAR IS DISTINCT FROM {column}::VARCHAR
            """
            assert engine.execute_rows(wrong) == []
            if info.spelling:
                spelled = f"CAST({column} AS VARCHAR)"
                if info.spelling == "integral":
                    whole = f"CAST(CAST({column} AS BIGINT) AS VARCHAR)"
                    spelled = (
                        f"CASE WHEN {column} = trunc({column}) THEN {whole} ELSE {spelled} END"
                    )
                wrong = f"""
                    SELECT {text} FROM t AS e POSITIONAL JOIN t_flat AS f
                    WHERE {spelled} IS DISTINCT FROM {text}
                """
                assert engine.execute_rows(wrong) == []
        keys = "event_name, event_time, distinct_id, insert_id"
        assert engine.execute_rows(f"SELECT {keys} FROM t") == engine.execute_rows(
            f"SELECT {keys} FROM t_flat"
        )
    finally:
        engine.close()


@given(
    st.lists(st.tuples(histories(), st.integers(0, 3)), min_size=1, max_size=4), st.integers(0, 4)
)
def test_kept_in_step_it_is_what_building_it_anew_gives(
    steps: list[tuple[list[dict], int]], limit: int
) -> None:
    engine = StorageEngine()
    try:
        load(engine, steps[0][0], flat_columns=limit)
        for events, day in steps[1:]:
            first = str((DAY + timedelta(days=day)).date())
            facts = TableMetadata(
                type="events", fetched_at=DAY, from_date=first, to_date="2024-01-31"
            )
            load(engine, events, facts, mode="append", flat_columns=limit)
        kept = content(engine)
        engine.flatten("t", flat_columns=limit)
        assert content(engine) == kept
    finally:
        engine.close()


def a_column(engine: StorageEngine, name: str = "a") -> tuple:
    info = next(p for p in engine.properties("t") if p.property == name)
    rows = engine.execute_rows(f"SELECT {quote(info.column)} FROM t_flat")
    return info.type, info.spelling, [row[0] for row in rows]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([1, None, 2], ("BIGINT", "cast", [1, None, 2])),
        ([1, 2.5], ("DOUBLE", "integral", [1.0, 2.5])),
        ([1.5, 2.5], ("DOUBLE", "cast", [1.5, 2.5])),
        ([1.5, 2.0, 3], ("DOUBLE", None, [1.5, 2.0, 3.0])),
        ([1e22], ("DOUBLE", None, [1e22])),
        ([True, None], ("BOOLEAN", "cast", [True, None])),
        (["x", "5"], ("VARCHAR", "cast", ["x", "5"])),
        ([None], ("VARCHAR", "cast", [None])),
        ([[1, 2.5], {"b": None}], ("JSON", "cast", ["[1,2.5]", '{"b":null}'])),
        (["x", 5, 1e22, True, [1]], ("VARCHAR", "cast", ["x", "5", "1e22", "true", "[1]"])),
        ([2**63], ("VARCHAR", "cast", [str(2**63)])),
        ([10**30, 1], ("VARCHAR", "cast", [str(10**30), "1"])),
        ([10**15, 0.5], ("VARCHAR", "cast", [str(10**15), "0.5"])),
    ],
)
def test_types_hold_every_value_exactly(
    engine: StorageEngine, sent: list[object], expected: tuple
) -> None:
    load(engine, events_with(*sent))
    assert a_column(engine) == expected


def test_names_that_clash_are_numbered_and_the_most_used_one_keeps_its_own(
    engine: StorageEngine,
) -> None:
    events = events_with(1, 2, name="Plan") + events_with("x", name="plan")
    events += events_with(7, name="EVENT_NAME")
    load(engine, events)
    columns = {p.property: p.column for p in engine.properties("t")}
    assert columns == {
        "time": "time",
        "Plan": "Plan",
        "plan": "plan_2",
        "EVENT_NAME": "EVENT_NAME_2",
    }
    assert [c.name for c in engine.get_schema("t_flat").columns][4:] == [
        "time",
        "Plan",
        "EVENT_NAME_2",
        "plan_2",
    ]
    described = {c.name: c.description for c in engine.get_schema("t_flat").columns}
    assert described["plan_2"] == "property plan, in 1 rows"
    assert described["event_time"] == "when it occurred, UTC"


def test_past_the_limit_the_least_used_properties_stay_in_the_json(engine: StorageEngine) -> None:
    load(engine, [*events_with(1, 2), *events_with(1, name="b")], flat_columns=2)
    known = [(p.property, p.column, p.type, p.rows, p.kinds) for p in engine.properties("t")]
    assert known == [
        ("time", "time", "BIGINT", 3, {"integer": 3}),
        ("a", "a", "BIGINT", 2, {"integer": 2}),
        ("b", None, None, 1, {}),
    ]
    engine.flatten("t")
    assert a_column(engine, "b") == ("BIGINT", "cast", [None, None, 1])


def test_hundreds_of_properties_that_no_event_shares_are_all_counted(engine: StorageEngine) -> None:
    events = [
        {"event": f"e{n}", "properties": {"time": n, **{f"p{n}_{m}": m for m in range(40)}}}
        for n in range(10)
    ]
    load(engine, events)
    found = engine.properties("t")
    assert len(found) == 401
    assert all(p.kinds == {"integer": p.rows} for p in found)
    assert {p.property: p.events for p in found}["p3_7"] == {"e3": 1}


def test_an_append_widens_a_type_and_a_replaced_day_narrows_it(engine: StorageEngine) -> None:
    load(engine, events_with(1))
    later = TableMetadata(
        type="events", fetched_at=DAY, from_date="2024-02-01", to_date="2024-02-02"
    )
    texts = events_with("x")
    texts[0]["properties"]["time"] = 1_706_745_600_000
    load(engine, texts, later, mode="append")
    assert a_column(engine) == ("VARCHAR", "cast", ["1", "x"])
    load(engine, [], later, mode="append")
    assert a_column(engine) == ("BIGINT", "cast", [1])


def test_a_copy_that_is_left_out_is_left_out_of_both(engine: StorageEngine) -> None:
    event = {"event": "p", "properties": {"time": 5, "$insert_id": "i", "a": 1}}
    load(engine, [event, event], deduplicate=True)
    assert engine.execute_scalar("SELECT count(*) FROM t_flat") == 1
    assert {p.property: p.rows for p in engine.properties("t")}["a"] == 1


def test_it_is_replaced_and_dropped_with_its_table(engine: StorageEngine) -> None:
    load(engine, events_with(1))
    load(engine, events_with("x"), mode="replace")
    assert a_column(engine) == ("VARCHAR", "cast", ["x"])
    engine.drop_table("T")
    assert (
        engine.execute_rows("SELECT * FROM information_schema.tables WHERE table_name = 't_flat'")
        == []
    )
    assert engine.execute_rows("FROM _properties") == engine.execute_rows("FROM _flat") == []


def test_without_it_there_is_no_trace_of_it(engine: StorageEngine) -> None:
    load(engine, events_with(1), flat=False)
    assert engine.flat_of("t") is None
    assert engine.properties("t") == []
    assert [t.name for t in engine.list_tables()] == ["t"]
    load(engine, events_with(2), mode="append")
    assert engine.flat_of("t") is None
    load(engine, events_with(3), mode="append", flat=True)
    assert a_column(engine)[2] == [3]
    load(engine, events_with(4), mode="append", flat=False)
    assert not engine.table_exists("t_flat")


def test_it_stands_beside_its_table_in_lists(engine: StorageEngine) -> None:
    load(engine, events_with(1))
    assert [(t.name, t.flat) for t in engine.list_tables()] == [("t", "t_flat")]
    schema = engine.get_schema("t")
    assert (schema.flat, [p.property for p in schema.properties]) == ("t_flat", ["a", "time"])
    engine.drop_table("t_flat")
    assert [(t.name, t.flat) for t in engine.list_tables()] == [("t", None)]
    assert engine.properties("t") == []
    load(engine, events_with(1), mode="append")
    assert engine.flat_of("t") is None


def test_a_table_of_the_user_is_not_built_over(engine: StorageEngine) -> None:
    engine.execute("CREATE TABLE T_Flat AS SELECT 1 AS mine")
    with pytest.raises(TableExistsError) as caught:
        load(engine, events_with(1))
    assert caught.value.table == "t_flat"
    assert "--no-flat" in caught.value.hint
    assert not engine.table_exists("t")
    load(engine, events_with(1), flat=False)
    with pytest.raises(TableExistsError):
        engine.flatten("t")
    assert engine.execute_rows("FROM t_flat") == [(1,)]


def test_only_fetched_tables_can_be_flattened(engine: StorageEngine) -> None:
    engine.execute("CREATE TABLE mine AS SELECT 1 AS one")
    for name in ("mine", "nothing"):
        with pytest.raises(TableNotFoundError):
            engine.flatten(name)


def test_a_fetch_that_fails_changes_neither(engine: StorageEngine) -> None:
    load(engine, events_with(1))

    def broken() -> Iterator[dict]:
        yield from events_with("x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.create_events_table("other", broken(), EVENTS)
    with pytest.raises(KeyboardInterrupt), engine.new_table("t", EVENTS, mode="append"):
        raise KeyboardInterrupt
    assert a_column(engine) == ("BIGINT", "cast", [1])
    assert not engine.table_exists("other_flat")


def test_profiles_have_their_columns_too(engine: StorageEngine, tmp_path: Path) -> None:
    profiles = [
        {"$distinct_id": "u", "$properties": {"$last_seen": "2024-01-01T00:00:00", "plan": "pro"}},
        {"$distinct_id": "v", "$properties": {"distinct_id": 5, "plan": None}},
        {"$distinct_id": "v", "$properties": {"distinct_id": 6, "plan": "free"}},
    ]
    engine.create_profiles_table("people", iter(profiles), PROFILES)
    assert engine.execute_rows("FROM people_flat") == [
        ("u", DAY, "pro", "2024-01-01T00:00:00", None),
        ("v", None, "free", None, 6),
    ]
    assert [(p.property, p.column, p.rows, p.events) for p in engine.properties("people")] == [
        ("plan", "plan", 2, {}),
        ("$last_seen", "$last_seen", 1, {}),
        ("distinct_id", "distinct_id_2", 1, {}),
    ]


def test_it_outlives_its_engine(tmp_path: Path) -> None:
    engine = StorageEngine(tmp_path / "ws.duckdb")
    load(engine, events_with(*range(1000)))
    engine.close()
    engine = StorageEngine(tmp_path / "ws.duckdb")
    assert a_column(engine)[2] == list(range(1000))
    engine.close()
