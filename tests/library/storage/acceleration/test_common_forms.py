"""What people write runs on flat tables; what can't is left alone, and says why."""

from __future__ import annotations

import re

import pytest

from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.acceleration.data import same

COMMON = [
    "SELECT properties->>'$.text', count(*) FROM events GROUP BY 1 ORDER BY 2 DESC",
    "SELECT properties->>'$.text' AS text, count(*) FROM events GROUP BY text ORDER BY text",
    "SELECT properties->>'text' FROM events GROUP BY properties->>'text' HAVING count(*) > 1",
    "SELECT properties->>'text' AS t, count(*) FROM events GROUP BY ALL ORDER BY ALL",
    "SELECT e.properties->>'$.\"x y\"' FROM events AS e WHERE e.properties->>'$.flag' = 'true'",
    "SELECT events.properties->>'/text' FROM main.events",
    "SELECT json_extract_string(properties, '$.text') FROM events",
    "SELECT json_extract_path_text(properties, 'text') FROM events",
    "SELECT sum((properties->>'$.number')::DOUBLE), avg(TRY_CAST(properties->>'whole' AS BIGINT)) FROM events",
    "SELECT count(*) FILTER (WHERE properties->>'flag' = 'true'), count(*) FROM events",
    "SELECT count(DISTINCT distinct_id) FROM events WHERE properties->>'text' IN ('a', 'A')",
    "SELECT date_trunc('day', event_time), max(properties->>'text') FROM events GROUP BY 1",
    "SELECT e.properties->>'text', p.properties->>'plan' FROM events e JOIN profiles p USING (distinct_id)",
    "SELECT p.properties->>'plan', count(*) FROM events e LEFT JOIN profiles p ON p.distinct_id = e.distinct_id GROUP BY 1",
    "SELECT a.properties->>'text', b.properties->>'text' FROM events a JOIN events b ON a.event_time < b.event_time",
    "WITH t AS (SELECT distinct_id, properties->>'text' AS text FROM events) SELECT text, count(*) FROM t GROUP BY 1",
    "WITH users AS (SELECT distinct_id FROM profiles WHERE properties->>'plan' = 'pro') SELECT count(*) FROM events SEMI JOIN users USING (distinct_id)",
    "SELECT distinct_id FROM profiles p WHERE EXISTS (SELECT 1 FROM events e WHERE e.distinct_id = p.distinct_id AND properties->>'text' = 'a')",
    "SELECT count(*) FROM events WHERE distinct_id IN (SELECT distinct_id FROM profiles WHERE properties->>'plan' = 'free')",
    "SELECT properties->>'text' FROM events UNION SELECT properties->>'text' FROM profiles ORDER BY 1",
    "SELECT properties->>'text', rank() OVER (PARTITION BY properties->>'flag' ORDER BY event_time) FROM events",
    "SELECT DISTINCT ON (properties->>'text') event_name FROM events ORDER BY properties->>'text', event_time",
    "SELECT distinct_id FROM events QUALIFY row_number() OVER (PARTITION BY properties->>'text' ORDER BY event_time) = 1",
    "FROM events SELECT properties->>'text' WHERE properties->>'whole' IS NOT NULL LIMIT 3",
    "SELECT properties->>'text', (properties->>'text')::JSON IS NULL FROM events WHERE properties->>'text' IS NULL",
    "SELECT x FROM (SELECT properties->>'text' AS x FROM events) WHERE x LIKE 'a%'",
    "SELECT unnest((properties->>'list')::JSON[]) AS item FROM events",
    "SELECT properties->>'never sent' FROM events",
    "SELECT properties->>'whole', CAST(properties->>'whole' AS DOUBLE) FROM events GROUP BY properties->>'whole'",
    "SELECT properties->>'distinct_id', distinct_id FROM events",
    "SELECT /* ö */ properties->>'text' AS \"größe\" FROM events -- the end;",
    "SELECT list_filter(['a', 'b'], lambda x: x = (properties->>'text')) FROM events",
]  # fmt: skip


@pytest.mark.parametrize("query", COMMON)
def test_common_forms_are_accelerated(shop: StorageEngine, query: str) -> None:
    assert same(shop, query).error is None
    explained = shop.explain(query)
    assert [table.flat for table in explained.tables] == [
        f"{t.table}_flat" for t in explained.tables
    ]
    assert explained.tables, explained.reasons
    assert "properties ->>" not in re.sub('"[^"]*"', "", explained.runs)


def test_parameters_stay_where_they_are(shop: StorageEngine) -> None:
    for query, params in [
        ("SELECT properties->>'text' FROM events WHERE properties->>'whole' = ?", ["300"]),
        ("SELECT $x, properties->>'text' FROM events WHERE distinct_id = $who", {"x": 1, "who": "u1"}),
    ]:  # fmt: skip
        assert same(shop, query, params).rows
        assert shop.explain(query, params).tables


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT * FROM events WHERE properties->>'text' = 'a'", "events: * takes all columns"),
        ("SELECT properties->>'a.b', properties FROM events", "events: properties is used as a whole"),
        ("SELECT properties->>'$.object.b' FROM events", "events: the path '$.object.b' is not that of one property"),
        ("SELECT properties->>'halves' FROM events", "events: the numbers of property 'halves' are spelled as no column can tell"),
        ("SELECT properties->>'text', rowid FROM events", "events: rowid is that of the table"),
        ("SELECT e, properties->>'text' FROM events e", "e: it is used as a whole"),
        ("SELECT properties->>'text' FROM events USING SAMPLE 50%", "a sample depends on how rows are stored"),
        ("SELECT properties->>'text' NOT LIKE '5!%' ESCAPE '!' FROM events", "DuckDB can't print it the way it reads it"),
        ("SELECT unnest((properties->>'list')::JSON[]) FROM events", "a column of the result is named by what it holds"),
        ("SELECT count(*) FROM events", "it reads no property with ->> or json_extract_string"),
        ("SELECT properties->>'text' FROM seen", "it names no fetched table that has a flat table in step with it"),
        ("SELECT 1; SELECT properties->>'text' FROM events", "of several statements only the last is looked at, when it is run"),
        ("CREATE TABLE t AS SELECT properties->>'text' FROM events", "DuckDB gives no syntax tree: Only SELECT statements can be serialized to json!"),
        ("WITH events AS (FROM mine) SELECT properties->>'text' FROM events", "it reads no property of a table that it names"),
    ],
)  # fmt: skip
def test_what_is_left_alone_says_why(shop: StorageEngine, query: str, reason: str) -> None:
    explained = shop.explain(query)
    assert (explained.runs, explained.tables) == (query, ())
    assert explained.reasons == (reason,)


def test_columns_get_names_that_nothing_else_has(shop: StorageEngine) -> None:
    query = """SELECT properties->>'text', properties->>'Text' AS "TEXT #2" FROM events"""
    assert same(shop, query).rows
    runs = shop.explain(query).runs
    assert '"text" AS "text #1"' in runs
    assert 'Text_2 AS "Text #3"' in runs


def test_a_table_may_stay_while_another_does_not(shop: StorageEngine) -> None:
    query = "SELECT e.*, p.properties->>'plan' FROM events e JOIN profiles p USING (distinct_id)"
    assert same(shop, query).error is None
    explained = shop.explain(query)
    assert [table.name for table in explained.tables] == ["p"]
    assert explained.reasons == ("e: * takes all columns",)


PROPERTIES = {
    "text": "VARCHAR", "number": "DOUBLE", "whole": "BIGINT", "float": "DOUBLE", "flag": "BOOLEAN",
    "mixed": "VARCHAR", "list": "JSON", "object": "JSON", "null": "VARCHAR", "wild": "DOUBLE",
    "halves": "DOUBLE", "big": "VARCHAR",
}  # fmt: skip
UNSPELLED = {"wild", "halves"}
TYPES = [
    *("VARCHAR", "DOUBLE", "FLOAT8", "BIGINT", "INT8", "LONG", "INTEGER", "INT", "INT4", "TINYINT", "HUGEINT"),
    *("FLOAT", "DECIMAL(9,2)", "DECIMAL(38,0)", "BOOLEAN", "BOOL", "DATE", "TIMESTAMP", "JSON", "UBIGINT"),
]  # fmt: skip


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_column_stands_for_the_text_and_for_every_cast_of_it(
    shop: StorageEngine, name: str
) -> None:
    assert {p.property: p.type for p in shop.properties("events")}[name] == PROPERTIES[name]
    text = f"properties->>'{name}'"
    assert same(shop, f"SELECT {text} FROM events").error is None
    assert bool(shop.explain(f"SELECT {text} FROM events").tables) == (name not in UNSPELLED)
    for kind in TYPES:
        same(shop, f"SELECT TRY_CAST({text} AS {kind}) FROM events")
        same(shop, f"SELECT CAST({text} AS {kind}) FROM events")
        same(
            shop,
            f"SELECT typeof({text}), CAST({text} AS {kind}) = TRY_CAST({text} AS {kind}) FROM events",
        )


def test_a_cast_to_the_type_of_its_column_reads_the_column(shop: StorageEngine) -> None:
    for name, kind in [
        ("wild", "DOUBLE"),
        ("whole", "DOUBLE"),
        ("whole", "BIGINT"),
        ("flag", "BOOLEAN"),
        ("whole", "INT"),
    ]:
        runs = shop.explain(f"SELECT (properties->>'{name}')::{kind} FROM events").runs
        assert f'{name} AS "{name} #1"' in runs
    runs = shop.explain("SELECT (properties->>'whole')::HUGEINT FROM events").runs
    assert 'CAST(whole AS VARCHAR) AS "whole #1"' in runs
