"""Pages of tables: together they are the table, whatever is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data import (
    ColumnNotFoundError,
    InvalidArgumentError,
    QueryError,
    TableNotFoundError,
    Workspace,
)
from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.browsing import places

HOSTILE = 'it\'s "<b>"; DROP TABLE t; --'
NUMBERS = st.lists(st.tuples(st.none() | st.integers(0, 3), st.integers(0, 1)), max_size=12)


@pytest.fixture
def ws() -> Iterator[Workspace]:
    with Workspace.ephemeral("sandbox") as ws:
        yield ws


@pytest.fixture(scope="module")
def reused() -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MP_ACCOUNT", "sandbox")
        ws = Workspace.ephemeral()
    yield ws
    ws.close()


def paged(ws: Workspace, table: str, size: int, **wanted: Any) -> list[tuple[Any, ...]]:
    """All rows of all pages, as their SQL gives them; those on the pages must be the same."""
    rows: list[tuple[Any, ...]] = []
    while True:
        page = ws.page(table, len(rows), size, **wanted)
        whole = ws.sql_rows(page.sql)
        assert [row[0] for row in page.rows] == [row[0] for row in whole]
        assert page.has_next is False or len(page.rows) == size
        rows += whole
        if not page.has_next:
            assert page.total == len(rows)
            return rows


@given(NUMBERS, st.sets(st.integers(0, 11)), st.integers(1, 5))
def test_pages_follow_on_each_other_in_the_tables_order(reused, numbers, gone, size):
    rows = [(place, *pair) for place, pair in enumerate(numbers)]
    reused.sql_rows("CREATE OR REPLACE TABLE t (place INTEGER, a INTEGER, b INTEGER)")
    for row in rows:
        reused.sql_rows("INSERT INTO t VALUES (?, ?, ?)", row)
    reused.sql_rows("DELETE FROM t WHERE list_contains(?, place)", [sorted(gone)])
    left = [row for row in rows if row[0] not in gone]
    assert paged(reused, "t", size) == left
    filtered = [row for row in left if row[2] == 1]
    assert paged(reused, "t", size, where="b = 1") == filtered
    joined = "b IN (SELECT b FROM t WHERE a = 1)"
    with_one = {row[2] for row in left if row[1] == 1}
    assert paged(reused, "t", size, where=joined) == [row for row in left if row[2] in with_one]
    for descending in (False, True):
        known = [row for row in filtered if row[1] is not None]
        known.sort(key=lambda row: row[1], reverse=descending)  # keeps the order of equal ones
        expected = known + [row for row in filtered if row[1] is None]
        found = paged(reused, "t", size, where="b = 1", order_by="A", descending=descending)
        assert found == expected


@given(NUMBERS, st.integers(1, 5))
def test_pages_of_a_view_have_each_of_its_rows_once(reused, numbers, size):
    reused.sql_rows("DROP VIEW IF EXISTS v")
    reused.sql_rows("CREATE OR REPLACE TABLE u (a INTEGER, b INTEGER)")
    for row in numbers:
        reused.sql_rows("INSERT INTO u VALUES (?, ?)", row)
    reused.sql_rows(
        "CREATE VIEW v AS SELECT u.a, count(*) AS n FROM u JOIN u AS w USING (b) GROUP BY 1"
    )
    whole = reused.sql_rows("FROM v")
    for wanted in ({}, {"order_by": "n"}, {"order_by": "n", "descending": True}):
        assert sorted(paged(reused, "v", size, **wanted), key=str) == sorted(whole, key=str)


def test_a_view_keeps_an_order_that_it_has(ws):
    ws.sql_rows("CREATE TABLE t AS SELECT i FROM range(100) AS t(i)")
    ws.sql_rows("CREATE VIEW plain AS SELECT i + 1 AS j FROM t WHERE i > 5")
    ws.sql_rows("CREATE VIEW sorted AS SELECT -i AS j FROM t GROUP BY i ORDER BY i")
    ws.sql_rows("CREATE VIEW grouped AS SELECT -i AS j FROM t GROUP BY i")
    assert ws.page("plain", 3, 2).sql == "SELECT *\nFROM plain\nLIMIT 2 OFFSET 3"
    assert ws.page("sorted", 0, 2).rows == ((0,), (-1,))
    assert ws.page("grouped", 0, 2).sql == "SELECT *\nFROM grouped\nORDER BY ALL\nLIMIT 2"


def test_rows_keep_their_order_where_duckdb_need_not(ws):
    ws.sql_rows("CREATE TABLE t AS SELECT i FROM range(1000) AS t(i)")
    ws.sql_rows("SET GLOBAL preserve_insertion_order = false")
    assert ws.page("t", 500, 1).sql == "SELECT *\nFROM t\nORDER BY rowid\nLIMIT 1 OFFSET 500"
    assert ws.page("t", 500, 1).rows == ((500,),)


def test_a_table_may_have_a_column_called_rowid(ws):
    ws.sql_rows("CREATE TABLE t AS SELECT unnest([3, 1, 2]) AS rowid, 1 AS one")
    assert paged(ws, "t", 2) == [(3, 1), (1, 1), (2, 1)]
    assert paged(ws, "t", 2, order_by="one") == [(1, 1), (2, 1), (3, 1)]


def test_the_last_page_of_a_large_table_reads_little_of_it(ws):
    ws.sql_rows("CREATE TABLE big AS SELECT i, hash(i) AS h FROM range(2_000_000) AS t(i)")
    page = ws.page("big", 1_999_990)
    assert [row[0] for row in page.rows] == list(range(1_999_990, 2_000_000))
    assert (page.has_next, page.total) == (False, 2_000_000)
    assert "ORDER BY" not in page.sql


def test_cells_are_short_and_plain_and_a_row_is_whole(ws):
    text = "é" * 300
    ws.sql_rows(
        "CREATE TABLE t AS SELECT 1::HUGEINT AS n, 1.5::DECIMAL(9, 2) AS d, 'nan'::DOUBLE AS x, "
        "true AS b, NULL AS nothing, TIMESTAMP '2026-01-31 12:00:00.25' AS at, ? AS text, "
        "{'a': [1]} AS nested, ?::JSON AS properties",
        [text, json.dumps({"text": text, "<b>": [1, {"x": None}]})],
    )
    page = ws.page("t", max_chars=10)
    assert page.rows[0][:6] == (1, 1.5, "nan", True, None, "2026-01-3…")
    assert page.rows[0][6:] == ("éééééééée"[:9].replace("e", "é") + "…", "{'a': [1]}", '{"text": …')
    assert [column.type for column in page.columns][:3] == ["HUGEINT", "DECIMAL(9,2)", "DOUBLE"]
    row = ws.row("t", 0)
    assert row["text"] == text
    assert row["properties"] == {"text": text, "<b>": [1, {"x": None}]}
    assert row["nested"] == {"a": [1]}
    with pytest.raises(InvalidArgumentError, match="no row 1 here"):
        ws.row("t", 1)
    assert json.dumps(page.to_dict())


def test_any_name_can_be_paged_and_sorted(ws):
    column = f"{HOSTILE} 2"
    ws.sql_rows(f'CREATE TABLE {quote(HOSTILE)} AS SELECT 1 AS {quote(column)}, 2 AS "select"')
    for order_by in (column, "select", None):
        page = ws.page(HOSTILE, order_by=order_by)
        assert page.rows == ((1, 2),)
        assert ws.sql_rows(page.sql) == [(1, 2)]
    assert ws.count(HOSTILE, '"select" = 2') == 1
    assert ws.details(HOSTILE).info.name == HOSTILE


@pytest.mark.parametrize(
    "text",
    [
        "true LIMIT 1",
        "true UNION SELECT 5",
        "true ORDER BY 1 DESC",
        "true GROUP BY ALL",
        "true USING SAMPLE 1",
        "true QUALIFY true",
        "true; DROP TABLE t",
        "true; SELECT 1",
        "true -- ;\nLIMIT 1",
        "?",
    ],
)
def test_a_condition_is_no_more_than_a_condition(ws, text):
    ws.sql_rows("CREATE TABLE t AS SELECT i FROM range(3) AS t(i)")
    for ask in (ws.page, ws.count):
        with pytest.raises(InvalidArgumentError, match="more than a condition"):
            ask("t", where=text)
    assert len(ws.page("t").rows) == 3


@pytest.mark.parametrize(
    "text", ["i =", "true) OR (true", "/* i", "SELECT true", "true, false", "count(*) > 1", "j = 1"]
)
def test_a_condition_that_is_none_is_an_error_with_duckdbs_pointer(ws, text):
    ws.sql_rows("CREATE TABLE t AS SELECT 1 AS i")
    with pytest.raises(QueryError) as raised:
        ws.page("t", where=text)
    assert f"LINE 1: {text}\n" in f"{raised.value}\n"


def test_a_condition_may_have_comments_and_lines_of_its_own(ws):
    ws.sql_rows("CREATE TABLE t AS SELECT i FROM range(9) AS t(i)")
    page = ws.page("t", where="i > 2 -- not these\n  AND i < 5 -- nor those", order_by="i")
    assert page.rows == ((3,), (4,))
    assert ws.sql_rows(page.sql) == [(3,), (4,)]
    assert ws.page("t", where="  ").total == 9
    assert ws.count("t", " ") == 9


def test_other_orders_than_the_tables_own_are_paged_so_far(ws):
    ws.sql_rows("CREATE TABLE t AS SELECT i FROM range(10_500) AS t(i)")
    ws.sql_rows("CREATE VIEW v AS FROM t")
    assert ws.page("t", 9_950, order_by="i", descending=True).rows[-1] == (500,)
    assert ws.page("t", 9_951).rows[-1] == (10_000,)
    for table, wanted in (("t", {"order_by": "i"}), ("t", {"where": "true"}), ("v", {})):
        with pytest.raises(InvalidArgumentError, match="can be paged to number 10,000"):
            ws.page(table, 9_951, **wanted)


def test_what_is_not_there_is_named(ws):
    with pytest.raises(TableNotFoundError):
        ws.page("t")
    ws.sql_rows("CREATE TABLE t AS SELECT 1 AS first_name")
    with pytest.raises(ColumnNotFoundError) as raised:
        ws.page("t", order_by="firstname")
    assert raised.value.hint == "did you mean 'first_name'?"
    for wrong in ({"start": -1}, {"size": 0}, {"size": 1_001}, {"max_chars": 0}):
        with pytest.raises(InvalidArgumentError):
            ws.page("t", **wrong)


def test_fetched_tables_are_paged_counted_and_described(ws):
    ws.fetch_events("events", "2026-01-01", "2026-01-02", where='properties["platform"] == "iOS"')
    total = ws.count("events")
    where = "properties->>'plan' = 'pro'"
    assert ws.count("events", where) == len(paged(ws, "events", 1_000, where=where)) > 0
    assert ws.count("events_flat", "plan = 'pro'") == ws.count("events", where)
    details = ws.details("events")
    assert details.info.rows == total == ws.page("events").total
    assert details.fetched.filter_where == 'properties["platform"] == "iOS"'
    ws.sql_rows("CHECKPOINT")
    assert ws.details("events").size_bytes > ws.details("events_flat").size_bytes > 0
    ws.sql_rows("CREATE VIEW v AS FROM events")
    assert (ws.details("v").fetched, ws.details("v").size_bytes) == (None, None)


@pytest.mark.parametrize(
    ("name", "value", "condition"),
    [
        ("EVENT_NAME", "it's", "event_name = 'it''s'"),
        ("plan", "pro", "properties->>'plan' = 'pro'"),
        ("a.b/c", "x", "properties->>'/a.b~1c' = 'x'"),
        ("amount", 5, "TRY_CAST(properties->>'amount' AS DOUBLE) = 5"),
        ("is_new", True, "properties->>'is_new' = 'true'"),
        ("gone", None, "properties->>'gone' IS NULL"),
    ],
)
def test_a_condition_can_be_made_of_a_value(ws, name, value, condition):
    sent = [
        {"event_name": "it's", "n": 0, "properties": {}},
        {"event_name": "b", "n": 1, "properties": {"plan": "pro", "amount": 5.0, "gone": 1}},
        {"event_name": "b", "n": 2, "properties": {"a.b/c": "x", "is_new": True, "amount": "5.5"}},
    ]
    found = {"EVENT_NAME": [0], "plan": [1], "a.b/c": [2], "amount": [1], "is_new": [2]}
    ws.sql_rows("CREATE TABLE t (event_name VARCHAR, n INTEGER, properties JSON)")
    for row in sent:
        ws.sql_rows("INSERT INTO t VALUES (?, ?, ?)", [row["event_name"], row["n"], json.dumps(row["properties"])])  # fmt: skip
    assert ws.condition("t", name, value) == condition
    for also, whole in (
        (None, condition),
        ("n < 9", f"n < 9 AND {condition}"),
        ("n = 7 OR n < 9 -- all", f"(n = 7 OR n < 9 -- all\n) AND {condition}"),
    ):
        where = ws.condition("t", name, value, also=also)
        assert where == whole
        assert [row[1] for row in ws.page("t", where=where).rows] == found.get(name, [0, 2])


def test_a_condition_names_what_is_there(ws):
    ws.sql_rows('CREATE TABLE t AS SELECT 1 AS "select", 2 AS n')
    assert ws.condition("t", "select", 1) == '"select" = 1'
    with pytest.raises(ColumnNotFoundError):
        ws.condition("t", "plan", "pro")


CONDITIONS = [
    "properties->>'plan' = 'pro'",
    "TRY_CAST(properties->>'amount' AS DOUBLE) > 30 OR event_name = 'Search' -- or both",
    "properties->>'platform' IN ('iOS', 'Web') AND event_time >= '2026-01-02'",
    "properties->>'nothing' IS NOT NULL",
]


@pytest.mark.parametrize("where", CONDITIONS)
def test_filters_on_properties_find_the_same_rows_on_the_flat_table(shop, where):
    for wanted in ({}, {"order_by": "distinct_id"}, {"order_by": "event_time", "descending": True}):
        asked = {"where": where, **wanted}
        for start in (0, 30, 9_000):
            page = shop.page("events", start, 20, **asked)
            whole = shop.sql_rows(page.sql, accelerate=False)
            assert [(row[0], *row[2:4]) for row in page.rows] == [
                (row[0], *row[2:4]) for row in whole
            ]
        total = shop.count("events", where)
        assert page.total in {None, total}
        if total:
            row = shop.row("events", min(7, total - 1), **asked)
            assert (
                row["distinct_id"] == shop.page("events", min(7, total - 1), 1, **asked).rows[0][2]
            )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace.sandbox(tmp_path_factory.mktemp("shop") / "shop.duckdb") as ws:
        ws.fetch_events("events", "2026-01-01", "2026-01-03")
        yield ws


def found_on_the_flat_table(ws: Workspace, where: str) -> list[int] | None:
    return ws._storage.look("events", lambda source: places(source, where, None, "LIMIT 9"))


def test_the_flat_table_is_asked_as_long_as_places_are_rowids(shop):
    where = CONDITIONS[0]
    ids = found_on_the_flat_table(shop, where)
    assert ids == [
        id_ for (id_,) in shop.sql_rows(f"SELECT rowid FROM events WHERE {where} LIMIT 9")
    ]
    assert found_on_the_flat_table(shop, "properties IS NOT NULL") is None
    with shop.sibling() as other:
        other.fetch_events("events", "2026-01-02", "2026-01-02", append=True)  # replaces a day
        assert found_on_the_flat_table(other, where) is None
        first = other.page("events", where=where).rows[0]
        assert first[2] == other.sql_scalar(f"SELECT distinct_id FROM events WHERE {where}")
        other.fetch_events("events", "2026-01-01", "2026-01-03", replace=True)
        assert found_on_the_flat_table(other, where) is not None
        other.sql_rows("SET GLOBAL preserve_insertion_order = false")
        assert found_on_the_flat_table(other, where) is None
        other.sql_rows("SET GLOBAL preserve_insertion_order = true")


def test_what_fails_on_the_flat_table_alone_is_read_from_the_json(shop):
    where = "CASE WHEN properties->>'plan' = 'pro' THEN error('no') ELSE true END"
    with pytest.raises(QueryError, match="no"):
        shop.page("events", where=where)
    assert shop.page("events", size=1, where=CONDITIONS[0]).rows
