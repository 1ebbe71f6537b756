"""Parts of a result: limit, offset, columns, and as many rows as fit."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixpanel_data import ColumnNotFoundError, InvalidArgumentError, WriteResult
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.queries import Excerpt

ENDLESS = "SELECT i, md5(i::VARCHAR) AS h FROM range(1000000000000) AS t(i)"
COLUMNS = ("a", "B b", 'c"')

# no NUL, no half surrogates: DuckDB's text has none
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ROWS = st.lists(st.tuples(st.integers(-(2**31), 2**31 - 1), TEXTS | st.sampled_from(["\n", '"\n"', "\r\n,"]), st.none() | TEXTS), max_size=6)  # fmt: skip


@pytest.fixture(scope="module")
def shared() -> Iterator[StorageEngine]:
    engine = StorageEngine.ephemeral()
    yield engine
    engine.cleanup()


def write(engine: StorageEngine, sql: str, output: str = "jsonl", **part: Any) -> tuple[str, WriteResult]:  # fmt: skip
    file = io.BytesIO()
    done = engine.write(sql, file, format=output, excerpt=Excerpt.of(**part))
    assert done.bytes == len(file.getvalue())
    return file.getvalue().decode(), done


def parsed(text: str, output: str) -> list[list[Any]]:
    if output == "json":
        return [list(row.values()) for row in json.loads(text)] if text else []
    if output == "jsonl":
        return [list(json.loads(line).values()) for line in text.split("\n")[:-1]]
    return [row or [""] for row in csv.reader(io.StringIO(text, newline=""))][1:]


def fill(engine: StorageEngine, rows: list[tuple[Any, ...]]) -> None:
    engine.execute_rows('CREATE OR REPLACE TABLE t (a INTEGER, "B b" VARCHAR, "c""" VARCHAR)')
    for row in rows:
        engine.execute_rows("INSERT INTO t VALUES (?, ?, ?)", row)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=ROWS,
    output=st.sampled_from(["json", "jsonl", "csv"]),
    limit=st.none() | st.integers(0, 7),
    offset=st.integers(0, 7),
    columns=st.none() | st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True),
)
def test_rows_and_columns_are_those_asked_for(shared, rows, output, limit, offset, columns) -> None:
    fill(shared, rows)
    text, done = write(shared, "FROM t", output, limit=limit, offset=offset, columns=columns)
    end = None if limit is None else offset + limit
    places = [COLUMNS.index(name) for name in columns or COLUMNS]
    wanted = [[row[place] for place in places] for row in rows[offset:end]]
    if output == "csv":
        wanted = [["" if value is None else str(value) for value in row] for row in wanted]
    assert parsed(text, output) == wanted
    assert (done.rows, done.complete) == (len(wanted), True)


@given(rows=ROWS, output=st.sampled_from(["json", "jsonl", "csv"]), most=st.integers(3, 150))
def test_as_many_whole_rows_come_as_fit(shared, rows, output, most) -> None:
    fill(shared, rows)
    prefixes = [write(shared, "FROM t", output, limit=count)[0] for count in range(len(rows) + 1)]
    fitting = [count for count, text in enumerate(prefixes) if len(text.encode()) <= most]
    text, done = write(shared, "FROM t", output, max_bytes=most)
    count = max(fitting, default=0)
    assert text == (prefixes[count] if fitting else "")
    assert done == WriteResult(count, len(text.encode()), complete=len(rows) + 1 == len(fitting))


@pytest.mark.parametrize("output", ["json", "jsonl", "csv"])
def test_an_endless_query_ends_when_there_is_enough(engine: StorageEngine, output: str) -> None:
    text, done = write(engine, ENDLESS, output, max_bytes=10_000)
    assert 9_000 < done.bytes <= 10_000
    assert not done.complete
    assert len(parsed(text, output)) == done.rows
    assert parsed(write(engine, ENDLESS, output, limit=3, offset=2)[0], output) == parsed(
        write(engine, ENDLESS.replace("t(i)", "t(i) WHERE i IN (2, 3, 4)").replace("1000000000000", "9"), output)[0], output
    )  # fmt: skip
    assert engine.execute_scalar("SELECT 1") == 1


def test_the_rest_is_what_follows_the_offset(engine: StorageEngine) -> None:
    query = "SELECT i, md5(i::VARCHAR) AS h FROM range(1000) AS t(i)"
    found: list[list[Any]] = []
    complete = False
    while not complete:
        text, done = write(engine, query, max_bytes=5_000, offset=len(found))
        found += parsed(text, "jsonl")
        complete = done.complete
    assert found == parsed(write(engine, query)[0], "jsonl")


def test_columns_are_found_in_any_case_and_come_as_the_query_spells_them(
    engine: StorageEngine,
) -> None:
    assert write(engine, "SELECT 1 AS Aa, 2 AS b", columns=["B", "aA"])[0] == '{"b":2,"Aa":1}\n'
    assert write(engine, "SELECT 1 AS a, 2 AS a", columns=["a_1"])[0] == '{"a_1":2}\n'


@pytest.mark.parametrize(
    ("columns", "hint"), [(["evnt"], "did you mean 'event'?"), (["zzz"], "columns: event, n")]
)
def test_an_unknown_column_is_an_error_that_helps(engine: StorageEngine, columns, hint) -> None:
    for query in ("SELECT 'x' AS event, 1 AS n", "CREATE OR REPLACE TABLE u (event INT, n INT); INSERT INTO u VALUES (1, 2) RETURNING *"):  # fmt: skip
        with pytest.raises(ColumnNotFoundError) as caught:
            write(engine, query, columns=columns)
        assert caught.value.hint == hint
    assert engine.execute_rows("SHOW TABLES") == [("u",)]


@pytest.mark.parametrize(
    "part", [{"limit": -1}, {"offset": -1}, {"max_bytes": 2}, {"columns": []}, {"columns": "a"}]
)
def test_parts_that_can_not_be_meant(part) -> None:
    with pytest.raises(InvalidArgumentError):
        Excerpt.of(**part)


@pytest.mark.parametrize("output", ["json", "jsonl", "csv"])
def test_rows_are_counted_whatever_the_statement(engine: StorageEngine, output: str) -> None:
    engine.execute_rows("CREATE TABLE t AS SELECT i % 3 AS a, i AS b FROM range(9) AS t(i)")
    for query, rows in {
        "FROM t": 9,
        "PIVOT t ON a USING sum(b) GROUP BY b": 9,
        "UPDATE t SET b = 0 RETURNING *": 9,
        "FROM t WHERE a > 5": 0,
        "SHOW TABLES": 1,
        "CREATE TABLE u (i INT)": 0,
    }.items():
        assert write(engine, query, output)[1].rows == rows


NESTED = """
    SELECT i, ['nan'::DOUBLE, i] AS list, {'a': 'inf'::FLOAT, 'b': {'c': ['-inf'::DOUBLE]}} AS struct,
        MAP {'k': 'nan'::DOUBLE} AS map, [[NULL, 'nan'::DOUBLE], NULL] AS deep,
        row(1, 'nan'::DOUBLE) AS tuple, array_value('inf'::DOUBLE, 1.5) AS array,
        NULL::STRUCT(a DOUBLE) AS none, [{'x': 'nan'::DOUBLE, 'y': 1}] AS structs
    FROM range(2) AS t(i)
"""


@pytest.mark.parametrize("output", ["json", "jsonl", "csv"])
def test_what_json_can_not_spell_is_null_inside_of_nested_values_too(
    engine: StorageEngine, output: str
) -> None:
    def refuse(text: str) -> None:
        raise ValueError(text)

    text, _ = write(engine, NESTED, output, limit=1)
    found = parsed(text, output)[0][1:]
    if output == "csv":
        found = [json.loads(cell, parse_constant=refuse) if cell else None for cell in found]
    else:
        json.loads(text, parse_constant=refuse)
    assert found == [
        [None, 0],
        {"a": None, "b": {"c": [None]}},
        {"k": None},
        [[None, None], None],
        [1, None],
        [None, 1.5],
        None,
        [{"x": None, "y": 1}],
    ]


def test_numbers_keep_their_digits_without_quotes(engine: StorageEngine) -> None:
    sql = """
        SELECT 340282366920938463463374607431768211455::UHUGEINT AS u,
            '12345678901234567890123456789.0123456789'::DECIMAL(38, 9) AS d,
            {'x': '1234567890123456.78'::DECIMAL(18, 2)} AS s,
            '{"n": 123456789012345678901234567890}'::JSON AS j
    """
    assert write(engine, sql)[0] == (
        '{"u":340282366920938463463374607431768211455,'
        '"d":12345678901234567890123456789.012345679,'
        '"s":{"x":1234567890123456.78},"j":{"n":123456789012345678901234567890}}\n'
    )


def test_the_words_of_an_enum_are_plain_in_csv(engine: StorageEngine) -> None:
    assert write(engine, "SELECT 'b'::ENUM('a', 'b') AS e", "csv")[0] == "e\nb\n"
