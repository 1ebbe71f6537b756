"""When flat tables answer, and what becomes of errors, transactions and interruptions."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.exceptions import QueryError
from tests.library.storage.acceleration import data
from tests.library.storage.acceleration.data import ask, same

QUERY = "SELECT properties->>'text' AS text, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"


@pytest.fixture
def mine() -> Iterator[StorageEngine]:
    """A shop to change things in."""
    engine = StorageEngine()
    data.fill(engine)
    yield engine
    engine.close()


def reason(engine: StorageEngine, query: str = QUERY) -> str:
    """Why the only table of a query stays as it is."""
    same(engine, query)
    explained = engine.explain(query)
    assert explained.runs == query
    (one,) = explained.reasons
    return one


def test_every_way_to_ask_takes_the_same_way(shop: StorageEngine) -> None:
    rows = shop.execute_rows(QUERY)
    assert shop.execute_rows(QUERY, accelerate=True) == rows
    assert shop.execute_df(QUERY, accelerate=True).equals(shop.execute_df(QUERY))
    assert shop.execute_scalar(QUERY, accelerate=True) == rows[0][0]
    for output in ("csv", "json", "jsonl"):
        texts = []
        for accelerate in (True, False):
            file = io.BytesIO()
            shop.write(QUERY, file, format=output, accelerate=accelerate)
            texts.append(file.getvalue())
        assert texts[0] == texts[1] != b""


def test_flat_tables_are_what_is_read(mine: StorageEngine) -> None:
    mine.connection.execute("UPDATE events_flat SET text = 'from the flat table'")
    expected = [("from the flat table", 8)]
    assert mine.execute_rows(QUERY, accelerate=True) == expected
    file = io.BytesIO()
    mine.write(QUERY, file, format="jsonl", accelerate=True)
    assert json.loads(file.getvalue()) == {"text": "from the flat table", "n": 8}
    assert mine.execute_rows(QUERY) != expected


def test_an_answer_that_is_not_read_yet_never_comes_from_a_flat_table(mine: StorageEngine) -> None:
    relation = mine.execute("SELECT properties->>'text' FROM events WHERE distinct_id = '7'")
    mine.execute_rows(
        "UPDATE events SET properties = '{\"text\": \"new\"}' WHERE distinct_id = '7'"
    )
    assert relation.fetchall() == [("new",)]


@pytest.mark.parametrize("how", ["rows", "write"])
def test_an_error_shows_the_query_as_it_was_typed(shop: StorageEngine, how: str) -> None:
    query = "SELECT CAST(properties->>'text' AS INTEGER) AS n\nFROM events"
    assert shop.explain(query).tables
    run = {
        "rows": lambda: shop.execute_rows(query, accelerate=True),
        "write": lambda: shop.write(query, io.BytesIO(), format="csv", accelerate=True),
    }[how]
    with pytest.raises(QueryError) as caught:
        run()
    assert "Could not convert string 'a' to INT32" in caught.value.message
    assert "LINE 1: SELECT CAST(properties->>'text' AS INTEGER) AS n" in caught.value.message
    assert shop.execute_scalar("SELECT 1") == 1


def test_an_error_in_the_middle_of_the_output_does_not_send_rows_twice(mine: StorageEngine) -> None:
    mine.execute_rows("CREATE TABLE many AS SELECT i FROM range(300000) t(i)")
    query = """
        SELECT CASE WHEN i = 299999 THEN CAST(e.properties->>'text' AS INTEGER) ELSE i END AS i
        FROM many, events e WHERE e.properties->>'Text' = 'b' AND e.properties->>'text' = ''
    """
    assert mine.explain(query).tables
    file = io.BytesIO()
    with pytest.raises(QueryError, match="Could not convert string ''"):
        mine.write(query, file, format="csv", accelerate=True)
    lines = file.getvalue().decode().splitlines()
    assert len(lines) == len(set(lines))


def test_a_transaction_of_the_user_is_left_alone(mine: StorageEngine) -> None:
    mine.execute_rows("BEGIN")
    assert reason(mine) == "it is part of a transaction"
    mine.execute_rows("DELETE FROM events")
    assert mine.execute_rows(QUERY, accelerate=True) == []
    mine.execute_rows("ROLLBACK")
    assert same(mine, QUERY).rows
    assert mine.explain(QUERY).tables


def test_no_transaction_stays_open(shop: StorageEngine) -> None:
    queries = [
        QUERY,
        "SELECT CAST(properties->>'text' AS INTEGER) FROM events",
        "SELECT properties->>'text', nope FROM events",
        "selec properties->>'text' FROM events",
        "SELECT properties->>'whole', (properties->>'whole')::DOUBLE FROM events GROUP BY properties->>'whole'",
        "SELECT * FROM events WHERE properties->>'text' = 'a'",
    ]  # fmt: skip
    for query in queries:
        ask(shop, query, accelerate=True)
        shop.execute_rows("BEGIN")
        shop.execute_rows("ROLLBACK")


def test_an_interruption_ends_the_query_at_whatever_it_is(shop: StorageEngine) -> None:
    slow = "SELECT count(*) FROM events, range(10000000) a, range(10000000) b WHERE (properties->>'number')::DOUBLE + a.range = b.range"
    for _ in range(5):
        begun = threading.Event()

        def work(connection: duckdb.DuckDBPyConnection, begun: threading.Event = begun) -> Any:
            begun.set()
            run = shop._acceleration.run
            return run(connection, slow, None, lambda sql: connection.execute(sql).fetchall())

        future = shop._session.start(work)
        begun.wait()
        shop._session.stop(future)
        assert isinstance(future.exception(), duckdb.InterruptException)
        assert same(shop, QUERY).rows


def test_another_table_of_the_name_comes_first(mine: StorageEngine) -> None:
    none = "it names no fetched table that has a flat table in step with it"
    mine.execute_rows("CREATE TEMP VIEW events AS FROM main.events WHERE event_name = 'p'")
    assert reason(mine) == none
    mine.execute_rows("DROP VIEW temp.events")
    mine.connection.execute("CREATE TEMP TABLE events AS FROM main.events LIMIT 1")
    assert reason(mine) == none
    assert reason(mine, QUERY.replace("events", "main.events")) == none
    mine.connection.execute("DROP TABLE temp.events; CREATE SCHEMA other")
    mine.connection.execute("CREATE TABLE other.events AS FROM main.events LIMIT 1; USE other")
    assert reason(mine) == "the current schema is other"


def test_a_flat_table_is_never_mistaken_for_another_of_its_name(mine: StorageEngine) -> None:
    mine.connection.execute("CREATE TEMP TABLE events_flat AS SELECT 'other' AS text")
    assert mine.explain(QUERY).tables
    assert same(mine, QUERY).rows


def test_a_macro_in_the_place_of_the_arrow_is_respected(mine: StorageEngine) -> None:
    mine.execute_rows("CREATE MACRO \"->>\"(json, path) AS 'macro'")
    assert reason(mine) == "a macro stands in the place of ->>"
    assert mine.execute_rows(QUERY, accelerate=True) == [("macro", 8)]


def test_a_table_that_was_changed_past_us_is_noticed_where_it_can_be(mine: StorageEngine) -> None:
    mine.connection.execute("DELETE FROM events WHERE distinct_id = '7'")
    assert reason(mine) == "events_flat has other rows than events: mp flatten events"
    both = "SELECT properties->>'plan' FROM profiles WHERE distinct_id IN (SELECT distinct_id FROM events)"
    assert [table.flat for table in mine.explain(both).tables] == ["profiles_flat"]
    mine.flatten("events")
    assert mine.explain(QUERY).tables
    mine.connection.execute("ALTER TABLE events ADD COLUMN more INTEGER")
    assert reason(mine) == "events does not have the columns of a fetched table"


def test_a_property_past_the_limit_of_columns_stays_in_the_json(mine: StorageEngine) -> None:
    mine.flatten("events", flat_columns=2)
    assert mine.explain(QUERY).tables
    query = "SELECT properties->>'Text' FROM events"
    assert reason(mine, query) == "events: property 'Text' has no column of its own"


def test_tables_without_flat_ones_are_asked_as_ever(mine: StorageEngine) -> None:
    with mine.new_table("bare", data.EVENTS, flat=False):
        pass
    assert "no fetched table" in reason(mine, QUERY.replace("events", "bare"))
    empty = StorageEngine()
    assert "no fetched table" in reason(empty, "SELECT '{}'::JSON->>'events'")
    empty.close()


def test_names_of_tables_are_compared_as_duckdb_does(mine: StorageEngine) -> None:
    name = 'Événements "2024"'
    with mine.new_table(name, data.EVENTS) as table, mine.temporary() as folder:
        path = folder / "body"
        path.write_text(
            data.spelled({"event": "e", "properties": {"time": 1_704_067_200_000, "x": 1}})
        )
        table.add(path)
    for spelled, is_same in [('"Événements ""2024"""', True), ('"ÉVÉNEMENTS ""2024"""', False)]:
        answer = same(mine, f"SELECT properties->>'x' FROM {spelled}")
        assert (answer.error is None) == is_same


@pytest.mark.parametrize("depth", [20, 400])
def test_a_query_may_be_nested_deeply(shop: StorageEngine, depth: int) -> None:
    query = f"SELECT {'(' * depth}properties->>'text'{' || 1)' * depth} AS x FROM events"
    assert same(shop, query).rows
    assert bool(shop.explain(query).tables) == (depth < 100)


def test_of_several_statements_the_last_reads_the_flat_table(mine: StorageEngine) -> None:
    mine.connection.execute("UPDATE events_flat SET text = 'flat'")
    script = "CREATE TEMP TABLE t AS SELECT 'flat' AS f; SELECT f, count(*) FROM events JOIN t ON properties->>'text' = f GROUP BY 1;"
    assert mine.execute_rows(script, accelerate=True) == [("flat", 8)]
    mine.execute_rows("DROP TABLE t")
    assert mine.execute_rows(script) == []
