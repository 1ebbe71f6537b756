"""Queries in which a name would silently come to mean something else, if it were not left alone."""

from __future__ import annotations

import pytest

from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.acceleration.data import same

TRAPS = {
    "properties of the table around": """
        SELECT u FROM mine m WHERE EXISTS (
            SELECT 1 FROM events e WHERE e.properties->>'text' = 'a' AND (properties->'$.flag') IS NOT NULL)""",
    "unqualified properties of the nearest": """
        SELECT u FROM mine m WHERE EXISTS (SELECT 1 FROM events WHERE properties->>'whole' = '300')""",
    "unqualified properties of the one around": """
        SELECT count(*) FROM events WHERE EXISTS (SELECT 1 FROM plain WHERE properties->>'text' = 'a')""",
    "a table that has properties, joined": """
        SELECT count(*) FROM events e JOIN mine m ON e.distinct_id = m.u
        WHERE m.properties->>'text' = 'a' AND e.properties->>'text' = 'a'""",
    "rowid of the table around": """
        SELECT (SELECT max(e.properties->>'text') FROM events e WHERE rowid = 1) FROM plain""",
    "rowid of the table around, qualified": """
        SELECT (SELECT max(e.properties->>'text') FROM events e WHERE e.rowid = 1) FROM plain e""",
    "rowid as an alias": "SELECT properties->>'text' AS rowid FROM events WHERE rowid = 1",
    "all columns as one value": """
        SELECT to_json(q)::VARCHAR FROM (SELECT * FROM events WHERE properties->>'text' = 'a') q""",
    "a row as one value": "SELECT to_json(e)::VARCHAR FROM events e WHERE properties->>'text' = 'a'",
    "a row by its table's full name": """
        SELECT to_json(main.events)::VARCHAR FROM events WHERE properties->>'text' = 'a'""",
    "a number of columns": """
        SELECT struct_keys(q) FROM (SELECT COLUMNS(*) FROM events WHERE properties->>'text' = 'a') q""",
    "a struct nearer than the table": """
        SELECT (SELECT e.properties->>'text' FROM odd) FROM events e""",
    "a struct beside the table": """
        SELECT e.properties->>'text' FROM events e, odd""",
    "a struct of which nothing is known": """
        SELECT (SELECT e.properties->>'text' FROM query_table('odd')) FROM events e""",
    "JSON nearer than the table, called like it": """
        SELECT (SELECT upper(properties->>'text') FROM (SELECT '{}'::JSON AS e)) FROM events e""",
    "JSON nearer than the table, with properties": """
        SELECT (SELECT upper(e.properties->>'text') FROM (SELECT properties AS e FROM mine LIMIT 1))
        FROM events e""",
    "JSON beside the table, called like it": """
        SELECT upper(e.properties->>'text') FROM events e, (SELECT '{}'::JSON AS e)""",
    "another table nearer, called like it": """
        SELECT (SELECT max(properties->>'text' || e.u) FROM plain e) FROM events e""",
    "a macro that has a query": "SELECT most(properties->>'text') FROM events",
    "a macro that is a table": "SELECT (SELECT max(t) FROM texts(e.properties->>'text')) FROM events e",
    "a table function that may have any column": """
        SELECT (SELECT properties->>'text' FROM query_table('mine') ORDER BY 1 LIMIT 1) FROM events""",
    "a CTE of the table's name": """
        WITH events AS (SELECT properties FROM mine) SELECT properties->>'text' FROM events""",
    "a CTE of the table's name around": """
        WITH events AS (SELECT properties, u FROM mine)
        SELECT (SELECT max(properties->>'whole') FROM events WHERE u = p.u) FROM plain p""",
    "a CTE of the table's name, the table itself inside": """
        WITH events AS (SELECT properties FROM events WHERE properties->>'text' = 'A')
        SELECT properties->>'text' FROM events""",
    "a CTE of the table's name, and the table by its full name": """
        WITH events AS (SELECT properties FROM mine) SELECT properties->>'text' FROM main.events""",
    "a CTE further in": """
        SELECT properties->>'text', (WITH events AS (SELECT 1 AS one) SELECT one FROM events) FROM events""",
    "a parameter of a lambda called like the table": """
        SELECT list_transform([{'properties': '{"text": "l"}'::JSON}], lambda e: e.properties->>'text')
        FROM events e""",
    "a parameter of a lambda called properties": """
        SELECT list_transform(['{"text": "l"}'::JSON], lambda properties: properties->>'text') FROM events""",
    "the arrow that may be a lambda": "SELECT (properties->>'object') -> '$.b' FROM events",
    "an alias called properties": """
        SELECT DISTINCT ON (properties->>'text') '{"text": "alias"}'::JSON AS properties FROM events""",
    "a table called properties": "SELECT properties->>'text' FROM events AS properties",
    "columns that change places": """
        SELECT properties->>'whole' FROM profiles AS p(a, properties, c)""",
    "columns by position": "SELECT length(#5::VARCHAR), properties->>'text' FROM events",
    "joined by all that is common": """
        SELECT e.properties->>'text' FROM events e NATURAL JOIN (SELECT properties FROM events) x""",
    "joined by properties": """
        SELECT e.properties->>'text' FROM events e JOIN (SELECT properties FROM events) x USING (properties)""",
    "a cast that the grouping does not have": """
        SELECT properties->>'whole', (properties->>'whole')::DOUBLE, (properties->>'whole')::BIGINT
        FROM events GROUP BY properties->>'whole'""",
    "an order by something that is not selected": """
        SELECT DISTINCT properties->>'whole' AS w FROM events ORDER BY w""",
    "the name of a column without an alias": """
        SELECT "(properties ->> 'text')" FROM (SELECT properties->>'text' FROM events)""",
    "two columns of the same name": """
        SELECT properties->>'text', properties->>'text' FROM events""",
    "the name of a column that is there already": """
        SELECT DISTINCT ON ("(properties ->> 'text')") properties->>'text'
        FROM events, (SELECT 'z' AS "(properties ->> 'text')")""",
    "the names that are given to columns": """
        SELECT properties->>'text' AS "text #1", e."text #1" FROM events, (SELECT 2 AS "text #1") e""",
    "a set operation ordered by what it reads": """
        SELECT properties->>'text' AS t FROM events UNION SELECT u FROM plain ORDER BY t""",
    "a set operation by name": """
        SELECT properties->>'text' FROM events UNION ALL BY NAME SELECT properties->>'text' FROM mine""",
    "all columns but one": "SELECT * EXCLUDE (properties), properties->>'text' FROM events",
    "a column in the place of another": """
        SELECT * REPLACE (properties->>'text' AS properties) FROM events""",
    "a function that sees the query": "SELECT current_query(), properties->>'text' FROM events",
    "a function that sees the expression": "SELECT alias(properties->>'text') FROM events",
    "a field by a dot": "SELECT properties.text, e.properties.text, properties->>'text' FROM events e",
    "a summary": "SELECT column_name, min FROM (SUMMARIZE SELECT properties->>'text' FROM events)",
    "a recursion": """
        WITH RECURSIVE r AS (
            SELECT properties->>'whole' AS w, 1 AS n FROM events
            UNION ALL SELECT w, n + 1 FROM r WHERE n < 3)
        SELECT w, count(*) FROM r GROUP BY ALL""",
    "a struct named by its columns": """
        SELECT struct_pack(t) FROM (SELECT properties->>'text' AS t FROM events)""",
    "two keys that differ by case": "SELECT properties->>'text', properties->>'Text' FROM events",
    "a query of a query of a query": """
        SELECT max(a) FROM (SELECT b || '!' AS a FROM (SELECT properties->>'text' AS b FROM events))""",
    "a correlation two levels up": """
        SELECT (SELECT (SELECT any_value(m.u || (e.properties->>'text') || p.u) FROM mine m WHERE m.u <> p.u) FROM plain p
            ORDER BY u LIMIT 1) FROM events e""",
    "a lateral join": """
        SELECT l.t FROM events e, LATERAL (SELECT e.properties->>'text' AS t, properties->>'whole' AS w) l""",
    "an unpivot": """
        SELECT * FROM (SELECT properties->>'text' AS a, properties->>'flag' AS b FROM events)
        UNPIVOT (v FOR n IN (a, b))""",
    "a pivot": """
        SELECT * FROM (SELECT event_name, properties->>'text' AS t FROM events)
        PIVOT (count(*) FOR event_name IN ('p', 'q'))""",
    "values": "SELECT properties->>'text', v FROM events, (VALUES (1), (2)) AS l(v)",
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_traps_are_walked_around(shop: StorageEngine, trap: str) -> None:
    same(shop, TRAPS[trap])


def test_every_trap_is_a_query_that_finds_something(shop: StorageEngine) -> None:
    assert [trap for trap, query in TRAPS.items() if not same(shop, query).rows] == []
