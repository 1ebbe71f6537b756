from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mixpanel_data import InvalidArgumentError, PropertyStats, TableNotFoundError, Workspace
from mixpanel_data._internal.storage import StorageEngine
from tests import oracles
from tests.library.storage.loading import DAY, EVENTS, PROFILES, events_with, load
from tests.strategies import histories

texts = st.sampled_from(["", "a", "b", "5", "true", "é", "a\nb"])
integers = st.sampled_from([0, 1, 5, -7, 2**53 + 1, 2**63 - 1])
fractions = st.sampled_from([0.5, 5.0, -0.25, 1.1])
lists = st.lists(texts | st.sampled_from([1, None, True]), max_size=3)
objects = st.dictionaries(texts, st.sampled_from([1, "x", None]), max_size=2)
kinds = [
    integers,
    st.sampled_from([0, 1, 5]) | fractions,
    fractions,
    st.booleans(),
    texts,
    lists,
    lists | objects,
    texts | st.sampled_from([0, 5, 0.5, True, 10**30]),
    st.none(),
]


@st.composite
def events(draw: st.DrawFn) -> list[dict]:
    """Events of three names with a property `a` of one kind or of a few, at times null or missing."""
    value = draw(st.sampled_from(kinds)) | st.none()
    sent = []
    for number in range(draw(st.integers(1, 12))):
        properties = {"time": 1_704_067_200_000 + number * draw(st.sampled_from([1, 86_400_000]))}
        if draw(st.integers(0, 3)):
            properties["a"] = draw(value)
        user = draw(st.sampled_from([None, "", "u", "v", 5]))
        if user is not None:
            properties["distinct_id"] = user
        sent.append({"event": draw(st.sampled_from(["p", "q's", "r"])), "properties": properties})
    return sent


def workspace(engine: StorageEngine) -> Workspace:
    return Workspace("sandbox", _storage=engine)


def found(stats: PropertyStats) -> dict:
    """An answer in the oracle's words."""
    read = {"JSON": lambda value: oracles.stored(value, "JSON")}.get(stats.type, lambda v: v)
    told = {
        "type": stats.type,
        "rows": stats.rows,
        "present": stats.present,
        "null": stats.null,
        "missing": stats.missing,
        "kinds": stats.kinds,
        "values": {read(value.value): value.rows for value in stats.top},
    }
    if stats.numbers:
        told["numbers"] = vars(stats.numbers)
    if stats.texts:
        told["texts"] = tuple(vars(stats.texts).values())
    if stats.lists:
        of = stats.lists
        told["lists"] = (of.rows, of.items, of.shortest, of.longest)
        told["items"] = {oracles.stored(item.value, "JSON"): item.rows for item in of.top}
    if stats.objects:
        told["keys"] = {key.value: key.rows for key in stats.objects.top}
    return told


@given(events(), st.sampled_from([None, "p", "q's"]))
@example(events_with(*range(30), 2**63 - 1, 2**63 - 1), None)
@example(events_with(1, 0.5, 10**15), None)
@example(events_with(True, [1, [1]], {"a": {"b": None}}, "x"), None)
def test_a_property_is_what_the_oracle_says(sent: list[dict], event: str | None) -> None:
    engine = StorageEngine()
    try:
        load(engine, sent)
        load(engine, sent, name="json", flat=False)
        ws = workspace(engine)
        for table in ("t", "json"):
            if not any("a" in e["properties"] for e in sent) or (
                event and event not in {e["event"] for e in sent}
            ):
                with pytest.raises(InvalidArgumentError):
                    ws.property_stats(table, "a", event)
                continue
            stats = ws.property_stats(table, "a", event, top=100)
            expected = oracles.property_stats(sent, "a", event)
            if "numbers" in expected:
                expected["numbers"] = pytest.approx(expected["numbers"], rel=1e-14)
            assert found(stats) == expected
            assert stats.distinct == len(expected["values"])
            ranked = sorted(expected["values"].items(), key=lambda pair: (-pair[1], pair[0]))
            assert list(found(stats)["values"].items()) == ranked
            assert stats.share == pytest.approx(stats.present / max(stats.rows, 1), abs=1e-4)
            carry = [e["event"] for e in sent if e["properties"].get("a") is not None]
            each = {c.event: (c.rows, c.present) for c in stats.events}
            names = [e["event"] for e in sent]
            assert each == (
                {} if event else {n: (names.count(n), carry.count(n)) for n in set(carry)}
            )
    finally:
        engine.close()


@given(histories(), st.sampled_from([None, "p", "q", ""]))
@example(events_with(*range(20), None), "p")
@example(events_with(1, 0.5, 2**62), None)
@example(events_with(10**400, "x", 1e22, 1e-7, -0.0), "p")
def test_a_flat_table_changes_no_answer(sent: list[dict], event: str | None) -> None:
    there = event if event in {e["event"] for e in sent} else None
    engine = StorageEngine()
    try:
        load(engine, sent)
        load(engine, sent, name="json", flat=False)
        ws = workspace(engine)
        for name in sorted({name for e in sent for name in e["properties"]} - {"time"})[:3]:
            flat = ws.property_stats("t", name, there)
            stats = ws.property_stats("json", name, there)
            assert replace(stats, table="t", column=flat.column) == flat
    finally:
        engine.close()


@pytest.mark.parametrize(
    "values", [(1, 2, None), (1.5, 2), (True,), ("x", 5, [1]), ([1], {"a": 1})]
)
def test_a_property_without_a_column_has_the_same_statistics(
    engine: StorageEngine, values: tuple[object, ...]
) -> None:
    load(engine, events_with(*values))
    load(engine, events_with(*values), name="narrow", flat_columns=0)
    ws = workspace(engine)
    stats = ws.property_stats("narrow", "a")
    assert stats.column is None
    assert replace(stats, table="t", column="a") == ws.property_stats("t", "a")


@given(events())
def test_a_breakdown_and_a_summary_count_what_the_oracle_counts(sent: list[dict]) -> None:
    engine = StorageEngine()
    try:
        load(engine, sent)
        engine.execute("CREATE VIEW v AS SELECT * FROM t")
        ws = workspace(engine)
        expected = oracles.breakdown(sent)
        for table in ("t", "v", "t_flat"):
            told = ws.event_breakdown(table)
            assert {
                e.event: (e.rows, e.users, milliseconds(e.first), milliseconds(e.last))
                for e in told.events
            } == expected
            ranked = sorted(told.events, key=lambda e: (-e.rows, e.event))
            assert list(told.events) == ranked
            everyone = oracles.users(e["properties"] for e in sent)
            assert (told.rows, told.names, told.users) == (len(sent), len(expected), everyone)
            summary = ws.summarize(table)
            assert (summary.rows, summary.users) == (told.rows, told.users)
            assert summary.events == told.names
            assert summary.days == len({oracles.day_of(e) for e in sent})
            assert summary.first == min(e.first for e in told.events)
            assert summary.last == max(e.last for e in told.events)
        carried = [set(e["properties"]) for e in sent if e["event"] == "p"]
        its = next((e for e in ws.event_breakdown("t").events if e.event == "p"), None)
        assert (its.properties if its else 0) == len(set().union(*carried))
    finally:
        engine.close()


def milliseconds(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp() * 1000)


# -- samples --------------------------------------------------------------------------------------


def numbered(engine: StorageEngine, rows: int) -> Workspace:
    engine.execute(f"CREATE TABLE numbered AS SELECT i FROM range({rows}) AS r(i)")
    return workspace(engine)


@pytest.mark.parametrize(("rows", "n"), [(0, 5), (1, 5), (5, 5), (7, 5), (1000, 5), (200_000, 40)])
def test_a_sample_has_one_row_of_each_part(engine: StorageEngine, rows: int, n: int) -> None:
    picked = [row["i"] for row in numbered(engine, rows).sample_rows("numbered", n)]
    parts = min(n, rows)
    assert len(picked) == parts
    for number, i in enumerate(picked):
        assert rows * number // parts <= i < rows * (number + 1) // parts


def test_a_sample_depends_on_its_seed_alone(engine: StorageEngine) -> None:
    ws = numbered(engine, 10_000)
    assert ws.sample("numbered").equals(ws.sample("numbered"))
    assert not ws.sample("numbered").equals(ws.sample("numbered", seed=1))
    engine.execute(
        "CREATE VIEW even AS SELECT i, {'half': i / 2} AS s FROM numbered WHERE i % 2 = 0"
    )
    first = ws.sample_rows("even", 7)
    assert first == ws.sample_rows("even", 7)
    assert first != ws.sample_rows("even", 7, seed=1)
    assert len(first) == 7
    assert all(row["i"] % 2 == 0 and row["s"] == {"half": row["i"] / 2} for row in first)


def test_rows_that_are_gone_leave_no_hole_in_a_sample(engine: StorageEngine) -> None:
    ws = numbered(engine, 10_000)
    engine.execute("DELETE FROM numbered WHERE i < 9990")
    assert [row["i"] for row in ws.sample_rows("numbered", 10)] == list(range(9990, 10_000))


def test_a_column_named_rowid_is_no_obstacle(engine: StorageEngine) -> None:
    engine.execute("CREATE TABLE odd AS SELECT 7 AS RowID, i AS v FROM range(9) AS r(i)")
    rows = workspace(engine).sample_rows("odd", 3)
    assert [row["RowID"] for row in rows] == [7, 7, 7]
    assert len({row["v"] for row in rows}) == 3


def test_an_event_can_be_sampled_alone(engine: StorageEngine) -> None:
    sent = events_with(*range(50))
    for event in sent[::7]:
        event["event"] = "q's"
    load(engine, sent)
    ws = workspace(engine)
    rows = ws.sample_rows("t", 4, event="q's")
    assert [row["event_name"] for row in rows] == ["q's"] * 4
    assert all(row["properties"]["a"] % 7 == 0 for row in rows)
    assert list(ws.sample("t", 2, event="q's")["event_name"]) == ["q's", "q's"]


def test_rows_are_plain_json_values(engine: StorageEngine) -> None:
    engine.execute("""
        CREATE TABLE odd AS SELECT
            '{"a": 1, "a": 2, "b": 123456789012345678901234567890}'::JSON AS j,
            DATE '2024-01-31' AS d,
            TIMESTAMP '2024-01-31 12:00:00.25' AS t,
            12.50::DECIMAL(9, 2) AS n,
            'nan'::DOUBLE AS f,
            [DATE '2024-01-31'] AS l,
            MAP {1: 'x'} AS m,
            '\\xAA'::BLOB AS x,
            NULL AS nothing
    """)
    (row,) = workspace(engine).sample_rows("odd")
    assert row == {
        "j": {"a": 1, "b": 123456789012345678901234567890},
        "d": "2024-01-31",
        "t": "2024-01-31 12:00:00.25",
        "n": 12.5,
        "f": "nan",
        "l": ["2024-01-31"],
        "m": {"1": "x"},
        "x": "b'\\xaa'",
        "nothing": None,
    }
    assert json.loads(json.dumps(row)) == row


# -- statistics -----------------------------------------------------------------------------------


def test_columns_of_any_table_have_statistics_too(engine: StorageEngine) -> None:
    engine.execute("""
        CREATE TABLE mine AS SELECT
            i::UTINYINT AS small,
            (i / 4)::DECIMAL(9, 2) AS price,
            CASE WHEN i = 3 THEN 'infinity'::DOUBLE ELSE i END AS wild,
            DATE '2024-01-01' + i::INTEGER AS day,
            TIMESTAMPTZ '2024-01-01 00:00:00+02' AS zoned,
            [i, 1] AS list,
            {'a': i} AS struct,
            ('"' || i || '"')::JSON AS json,
            CASE WHEN i > 1 THEN 'x' END AS text,
            i > 1 AS flag,
            INTERVAL 1 DAY AS step
        FROM range(4) AS r(i)
    """)
    ws = workspace(engine)

    def stats(name: str) -> PropertyStats:
        return ws.property_stats("MINE", name)

    small = stats("Small")
    assert (small.column, small.type, small.numbers.sum) == ("small", "UTINYINT", 6)
    price = stats("price").numbers
    assert (price.min, price.max, price.sum, price.mean) == (0, 0.75, 1.5, 0.375)
    wild = stats("wild").numbers
    assert (wild.max, wild.sum, wild.mean) == ("inf", None, None)
    assert stats("day").times.max.isoformat() == "2024-01-04"
    assert stats("zoned").times.min == datetime(2023, 12, 31, 22)
    assert [item.value for item in stats("list").lists.top] == [1, 0, 2, 3]
    assert [key.value for key in stats("struct").objects.top] == ["a"]
    assert stats("struct").top[0].value == {"a": 0}
    assert stats("json").texts.max == "3"
    text = stats("text")
    assert (text.present, text.null, text.missing, text.share) == (2, 2, 0, 0.5)
    assert stats("flag").kinds == {"boolean": 4}
    assert stats("step").top[0].value == "1 day"
    assert stats("text").events == ()


def test_a_property_that_looks_like_a_column_is_the_property(engine: StorageEngine) -> None:
    load(engine, events_with("mine", name="event_name"))
    ws = workspace(engine)
    assert ws.property_stats("t", "event_name").top[0].value == "mine"
    assert ws.property_stats("t", "event_name").column == "event_name_2"
    assert ws.property_stats("t", "event_time").times.min == DAY
    column = next(c for c in ws.summarize("t").columns if c.name == "event_name")
    assert column.column == "event_name_2"


def test_a_table_that_was_changed_is_read_from_its_json(engine: StorageEngine) -> None:
    load(engine, events_with(1, 2))
    engine.execute("DELETE FROM t WHERE properties->>'$.a' = '1'")
    stats = workspace(engine).property_stats("t", "a")
    assert (stats.rows, stats.present, stats.column) == (1, 1, None)


def test_values_that_come_once_are_not_listed_by_chance(engine: StorageEngine) -> None:
    load(engine, events_with(*"abcdef", "x", "x"))
    ws = workspace(engine)
    assert [(v.value, v.rows) for v in ws.property_stats("t", "a", top=3).top] == [("x", 2)]
    assert len(ws.property_stats("t", "a", top=7).top) == 7
    load(engine, events_with(*"abcdef"), name="unique")
    assert [v.value for v in ws.property_stats("unique", "a", top=3).top] == ["a"]


def test_events_past_the_top_are_counted(engine: StorageEngine) -> None:
    sent = events_with(1, 2, 3, 4)
    for name, event in zip("aabc", sent, strict=True):
        event["event"] = name
    load(engine, sent)
    ws = workspace(engine)
    stats = ws.property_stats("t", "a", top=2)
    assert ([e.event for e in stats.events], stats.more_events) == (["a", "b"], 1)
    told = ws.event_breakdown("t", top=1)
    assert ([e.event for e in told.events], told.names, told.other_rows) == (["a"], 3, 2)
    assert "other_rows" not in ws.event_breakdown("t").to_dict()


# -- summaries ------------------------------------------------------------------------------------


def test_a_summary_describes_the_most_used_properties_of_ones_own_first(
    engine: StorageEngine,
) -> None:
    always = {"$os": "iOS", "mp_lib": "web"}
    sent = [
        {"event": "p", "properties": {"time": n, **always, "a": n, **({"b": "x"} if n else {})}}
        for n in range(3)
    ]
    load(engine, sent)
    ws = workspace(engine)
    summary = ws.summarize("t", top=3)
    assert [c.name for c in summary.columns] == ["a", "b", "$os"]
    assert (summary.others, summary.properties, summary.flat) == (("mp_lib",), 4, "t_flat")
    number, text, _ = summary.columns
    assert (number.rows, number.share, number.distinct) == (3, 1.0, 3)
    assert (number.min, number.max, number.top) == (0, 2, None)
    assert (text.rows, text.share, text.top) == (2, 0.6667, {"x": 2})


def test_past_thirty_others_are_counted_only(engine: StorageEngine) -> None:
    load(engine, [{"event": "p", "properties": {"time": 1, **{f"p{n:02}": n for n in range(50)}}}])
    summary = workspace(engine).summarize("t", top=5)
    assert (len(summary.columns), len(summary.others), summary.more) == (5, 30, 15)


def test_a_property_without_a_column_is_named_in_a_summary(engine: StorageEngine) -> None:
    load(engine, [*events_with(1, 2), *events_with(1, name="b")], flat_columns=2)
    summary = workspace(engine).summarize("t")
    assert ([c.name for c in summary.columns], summary.others) == (["a"], ("b",))


def test_without_a_flat_table_a_summary_has_the_columns_and_says_so(engine: StorageEngine) -> None:
    load(engine, events_with(1, 2), flat=False)
    engine.execute("CREATE VIEW v AS SELECT * FROM t")
    ws = workspace(engine)
    for name, remedy in {"t": "mp flatten t", "v": "mp stats v PROPERTY"}.items():
        summary = ws.summarize(name)
        assert [c.name for c in summary.columns] == [
            "event_name",
            "event_time",
            "distinct_id",
            "insert_id",
        ]
        assert summary.columns[0].top == {"p": 2}
        assert summary.columns[1].max == DAY + timedelta(milliseconds=1)
        assert remedy in summary.note
    assert (ws.summarize("v").type, ws.summarize("t").source) == ("view", "mixpanel")


def test_profiles_are_summarized_by_when_they_were_last_seen(engine: StorageEngine) -> None:
    seen = "2024-01-31T00:00:00"
    profiles = [{"$distinct_id": u, "$properties": {"$last_seen": seen, "n": 1}} for u in "uv"]
    engine.create_profiles_table("people", iter(profiles), PROFILES)
    summary = workspace(engine).summarize("people")
    assert (summary.users, summary.events, summary.days) == (2, None, None)
    assert summary.last == datetime(2024, 1, 31)
    assert [c.name for c in summary.columns] == ["n"]


def test_an_empty_table_has_nothing_to_tell(engine: StorageEngine) -> None:
    load(engine, [], EVENTS)
    ws = workspace(engine)
    assert ws.summarize("t").to_dict() == {
        "table": "t",
        "type": "events",
        "rows": 0,
        "events": 0,
        "users": 0,
        "days": 0,
        "source": "mixpanel",
        "flat": "t_flat",
        "properties": 0,
        "columns": [],
    }
    assert ws.event_breakdown("t").events == ()
    assert ws.sample_rows("t") == []
    engine.execute("CREATE TABLE bare (x INTEGER, s VARCHAR)")
    assert ws.property_stats("bare", "x").numbers is None
    assert [c.distinct for c in ws.summarize("bare").columns] == [0, 0]


# -- what can't be looked at ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "message", "hint"),
    [
        (lambda ws: ws.property_stats("t", "amout"), "no property 'amout'", "'amount'?"),
        (lambda ws: ws.property_stats("t", "zzzz"), "no property 'zzzz'", "mp schema t"),
        (
            lambda ws: ws.property_stats("t", "amount", "Purchas"),
            "no event 'Purchas'",
            "'Purchase'",
        ),
        (lambda ws: ws.sample("t", event="zzzz"), "no event 'zzzz'", "mp breakdown t"),
        (lambda ws: ws.property_stats("plain", "y"), "no column 'y'", "mp schema plain"),
        (lambda ws: ws.sample_rows("plain", event="p"), "no events", None),
        (lambda ws: ws.event_breakdown("plain"), "no events", "event_name"),
        (lambda ws: ws.sample("t", 0), "n 0 is not within 1..10000", None),
        (lambda ws: ws.summarize("t", top=0), "top 0", None),
    ],
)
def test_mistakes_are_told_with_what_was_meant(engine, ask, message, hint) -> None:
    sent = events_with(1, name="amount")
    sent[0]["event"] = "Purchase"
    load(engine, sent)
    engine.execute("CREATE TABLE plain AS SELECT 1 AS x")
    with pytest.raises(InvalidArgumentError, match=message) as caught:
        ask(workspace(engine))
    assert (hint or "") in (caught.value.hint or "")


def test_an_unknown_table_is_told_apart(engine: StorageEngine) -> None:
    load(engine, events_with(1), name="events")
    with pytest.raises(TableNotFoundError) as caught:
        workspace(engine).summarize("evnts")
    assert caught.value.hint == "did you mean 'events'?"


def test_a_look_leaves_nothing_behind_and_can_be_repeated(engine: StorageEngine) -> None:
    load(engine, events_with(1, "x"), flat=False)
    engine.execute("CREATE VIEW v AS SELECT * FROM t")
    ws = workspace(engine)
    before = engine.execute_rows("SELECT table_name FROM duckdb_tables() ORDER BY 1")
    for _ in range(2):
        ws.property_stats("t", "a")
        ws.summarize("v")
    assert engine.execute_rows("SELECT table_name FROM duckdb_tables() ORDER BY 1") == before


def test_answers_are_plain_json_and_safe_html(engine: StorageEngine) -> None:
    load(engine, events_with("<b>", "<b>", 1))
    ws = workspace(engine)
    for answer in (ws.summarize("t"), ws.event_breakdown("t"), ws.property_stats("t", "a")):
        assert json.loads(json.dumps(answer.to_dict())) == answer.to_dict()
        assert "<b>" not in answer._repr_html_()
    assert "&lt;b&gt;" in ws.summarize("t")._repr_html_()
