"""Fetched tables with all that properties can hold, and a way to ask them with and without."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hypothesis import strategies as st

from mixpanel_data import TableMetadata
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.exceptions import QueryError

DAY = datetime(2024, 1, 1)
EVENTS = TableMetadata(type="events", fetched_at=DAY, from_date="2024-01-01", to_date="2024-01-01")
PROFILES = TableMetadata(type="profiles", fetched_at=DAY)

PROPERTIES = [
    *("text", "Text", "number", "whole", "float", "flag", "mixed", "list", "object", "null"),
    *("a.b", "x y", "$x", 'q"', "event_name", "distinct_id", "dup", "wild", "halves"),
]

_texts = st.sampled_from(["", "a", "A", "b", "é", "5", "5.0", "1e22", "true", "2024-01-01", "null"])
_wholes = st.sampled_from([0, 1, -1, 5, 300, 2**31, 2**53 + 1, -(2**63)])
_floats = st.sampled_from([0.5, -0.0, 5.0, 1.0, 1e22, 1e-7, 123456.75, 0.1])
_objects = st.sampled_from([{}, {"b": 1}, {"b": {"c": [1, "x"]}}, {"b": None}])
_lists = st.sampled_from([[], [1, 2], ["x", None], [{"b": 1.0}]])
_anything = st.one_of(
    st.none(), st.booleans(), _texts, _wholes, _floats, _objects, _lists, st.just(10**30)
)
KINDS = {
    "text": _texts,
    "Text": _texts,
    "number": _wholes | st.sampled_from([0.5, 2.25]),
    "whole": _wholes,
    "float": st.sampled_from([0.5, -0.25, 5.0, 7.0]),
    "wild": _floats,
    "halves": st.sampled_from([1, 5, 5.0, 0.5]),
    "flag": st.booleans(),
    "list": _lists,
    "object": _objects,
    "null": st.none(),
    "dup": _texts,
}


@st.composite
def properties(draw: st.DrawFn) -> dict[str, Any]:
    chosen = draw(st.sets(st.sampled_from(PROPERTIES)))
    found = {name: draw(KINDS.get(name, _anything)) for name in PROPERTIES if name in chosen}
    if "distinct_id" in found:
        found["distinct_id"] = draw(st.sampled_from(["u1", "u2", "u3", 7]))
    return found


@st.composite
def events(draw: st.DrawFn) -> list[dict[str, Any]]:
    least = draw(st.sampled_from([3, 3, 3, 0]))
    one = st.tuples(st.sampled_from(["p", "q"]), properties())
    rows = draw(st.lists(one, min_size=least, max_size=10))
    start = int((DAY - datetime(1970, 1, 1)).total_seconds() * 1000)
    return [
        {"event": name, "properties": {**found, "time": start + number * 1000}}
        for number, (name, found) in enumerate(rows)
    ]


@st.composite
def profiles(draw: st.DrawFn) -> list[dict[str, Any]]:
    users = draw(st.lists(st.sampled_from(["u1", "u2", "u3", "7"]), unique=True))
    return [{"$distinct_id": user, "$properties": draw(properties())} for user in users]


def spelled(event: dict[str, Any]) -> str:
    """JSON of an event; one with `dup` carries that key twice."""
    text = json.dumps(event)
    if "dup" in event["properties"]:
        return text[:-2] + ', "dup": "second"}}'
    return text


def load(
    engine: StorageEngine, rows: Sequence[dict[str, Any]], users: Sequence[dict[str, Any]]
) -> None:
    with engine.temporary() as folder:
        with engine.new_table("events", EVENTS) as table:
            path = folder / "body"
            path.write_text("".join(f"{spelled(row)}\n" for row in rows))
            table.add(path)
        with engine.new_table("profiles", PROFILES) as table:
            path = folder / "page"
            path.write_text(json.dumps({"results": list(users)}))
            table.add(path)


def add_others(engine: StorageEngine) -> None:
    """A view, a table with `properties` as well, one without, one with a STRUCT, and macros."""
    engine.execute_rows("""
        CREATE VIEW seen AS SELECT * FROM events WHERE properties->>'text' IS NOT NULL;
        CREATE TABLE mine AS SELECT distinct_id AS u, properties, 'mine' AS text FROM profiles;
        CREATE TABLE plain AS SELECT DISTINCT distinct_id AS u FROM events;
        CREATE TABLE odd AS SELECT {'properties': '{"text": "odd"}'::JSON} AS e;
        CREATE MACRO most(x) AS (SELECT x || u FROM mine AS events ORDER BY u LIMIT 1);
        CREATE MACRO texts(x) AS TABLE SELECT x AS t FROM mine AS e
    """)


SHOP_EVENTS = [
    {"text": "a", "number": 5, "whole": 2**53 + 1, "float": 0.5, "flag": True, "mixed": 1},
    {"text": "A", "number": 0.5, "whole": -1, "float": 5.0, "flag": False, "mixed": "5.0"},
    {"Text": "b", "text": "", "number": 300, "whole": 300, "wild": 1e22, "mixed": [1.0], "late": 1},
    {"text": "5", "number": 2.25, "whole": 2**31, "wild": -0.0, "object": {"b": {"c": None}}},
    {"text": None, "list": [1, {"x": 2}], "distinct_id": 7, "halves": 5, "big": 10**30},
    {"text": "a", "list": [], "distinct_id": "u1", "halves": 5.0, "null": None, "x y": "q'"},
    {"text": "1e22", "float": -0.25, "distinct_id": "u1", "halves": 0.5, "a.b": 1, 'q"': 2},
    {},
]
SHOP_USERS = [
    {"$distinct_id": "u1", "$properties": {"text": "a", "whole": 1, "plan": "free"}},
    {"$distinct_id": "7", "$properties": {"text": "A", "whole": 2, "plan": "pro"}},
    {"$distinct_id": "u3", "$properties": {}},
]


def fill(engine: StorageEngine) -> None:
    """Put in rows with all that properties can hold, and the other tables."""
    rows = [
        {"event": "pq"[number % 2], "properties": {**found, "time": 1_704_067_200_000 + number}}
        for number, found in enumerate(SHOP_EVENTS)
    ]
    load(engine, rows, SHOP_USERS)
    add_others(engine)


class Answer(NamedTuple):
    """What a query gives: columns and rows in any order, or an error."""

    columns: tuple[tuple[str, str], ...] = ()
    rows: tuple[str, ...] = ()
    error: str | None = None


def ask(engine: StorageEngine, sql: str, params: Any = None, *, accelerate: bool) -> Answer:
    def read(result: Any) -> Answer:
        columns = tuple((name, str(kind)) for name, kind, *_ in result.description)
        return Answer(columns, tuple(sorted(map(repr, result.fetchall()))))

    try:
        return engine._run(sql, params, read, accelerate=accelerate)
    except QueryError as error:
        return Answer(error=error.message)


def same(engine: StorageEngine, sql: str, params: Any = None) -> Answer:
    """The answer without flat tables, which must be the one with them."""
    expected = ask(engine, sql, params, accelerate=False)
    assert ask(engine, sql, params, accelerate=True) == expected, engine.explain(sql, params).runs
    return expected
