from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from mixpanel_data import InvalidArgumentError, QueryError
from mixpanel_data._internal.storage import StorageEngine
from tests.waiting import HANG, cpu_seconds, until_at_work


def text(engine: StorageEngine, sql: str, output: str = "jsonl", params: object = None) -> str:
    file = io.BytesIO()
    engine.write(sql, file, format=output, params=params)
    return file.getvalue().decode()


def test_results_come_as_frame_scalar_and_rows(engine: StorageEngine) -> None:
    assert engine.execute_df("SELECT 1 AS a, 'x' AS b").to_dict("records") == [{"a": 1, "b": "x"}]
    assert engine.execute_scalar("SELECT 1 WHERE false") is None
    assert engine.execute_rows("SELECT $n + 1, $s", {"n": 1, "s": "'"}) == [(2, "'")]
    assert engine.execute("FROM range(3)").fetchall() == [(0,), (1,), (2,)]
    engine.execute("CREATE TABLE t (i INT)")
    assert engine.execute_rows("FROM t") == []


def test_times_with_a_zone_are_utc_whatever_the_machine_says(
    engine: StorageEngine,
) -> None:
    value = engine.execute_scalar("SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00'")
    assert value.utcoffset().total_seconds() == 0
    assert engine.execute_scalar("SELECT current_setting('TimeZone')") == "UTC"
    assert engine.cursor().execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)


def test_values_are_written_as_each_format_spells_them(engine: StorageEngine) -> None:
    sql = """
        SELECT 12345678901234567890123::HUGEINT AS huge, 1.50::DECIMAL(9, 2) AS price,
            TIMESTAMP '2024-01-01 00:00:00' AS at, [1, 2] AS list, {'a': 'x"y'} AS struct,
            '{"k": null}'::JSON AS json, NULL AS nothing, 'nan'::DOUBLE AS nan, true AS yes
    """
    assert text(engine, sql) == (
        '{"huge":12345678901234567890123,"price":1.5,"at":"2024-01-01 00:00:00","list":[1,2],'
        '"struct":{"a":"x\\"y"},"json":{"k":null},"nothing":null,"nan":null,"yes":true}\n'
    )
    assert text(engine, sql, "csv").splitlines()[1] == (
        '12345678901234567890123,1.50,2024-01-01 00:00:00,"[1,2]","{""a"":""x\\""y""}",'
        '"{""k"": null}",,nan,true'
    )
    assert json.loads(text(engine, sql, "json"))[0]["yes"] is True


def test_the_order_of_rows_and_columns_is_kept(engine: StorageEngine) -> None:
    sql = "SELECT i AS z, [i] AS a, i / 2 AS m FROM range(5000) t(i) ORDER BY i DESC"
    rows = [json.loads(line) for line in text(engine, sql).splitlines()]
    assert [row["z"] for row in rows] == list(range(4999, -1, -1))
    assert list(rows[0]) == ["z", "a", "m"]
    assert text(engine, sql, "csv").splitlines()[:2] == ["z,a,m", "4999,[4999],2499.5"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 AS a; SELECT 2 AS b;", '{"b":2}\n'),
        ("SELECT 1 AS a -- the end", '{"a":1}\n'),
        ("SELECT ';' AS a;", '{"a":";"}\n'),
        ("CREATE TABLE t (i INT)", ""),
        (
            "CREATE TABLE t (i INT); INSERT INTO t VALUES (3) RETURNING i, [i] AS l",
            '{"i":3,"l":[3]}\n',
        ),
        ("CREATE TABLE t (i INT); INSERT INTO t VALUES (3), (4)", '{"Count":2}\n'),
        ("CREATE TABLE t (i INT); SHOW TABLES", '{"name":"t"}\n'),
        ("FROM (VALUES (1)) t(x)", '{"x":1}\n'),
        ("PIVOT (SELECT 'k' AS a, 2 AS b) ON a USING sum(b)", '{"k":2}\n'),
        ("SELECT 1 AS a WHERE false", ""),
    ],
)
def test_any_statement_can_be_written(engine: StorageEngine, sql: str, expected: str) -> None:
    assert text(engine, sql) == expected


def test_parameters_are_bound(engine: StorageEngine) -> None:
    assert text(engine, "SELECT $x AS x, [$x] AS l", params={"x": "'"}) == '{"x":"\'","l":["\'"]}\n'


def test_no_rows_are_an_empty_list_in_json_and_a_header_in_csv(engine: StorageEngine) -> None:
    assert json.loads(text(engine, "SELECT 1 AS a WHERE false", "json")) == []
    assert text(engine, "SELECT 1 AS a WHERE false", "csv") == "a\n"


@pytest.mark.parametrize("how", ["write", "df"])
def test_errors_point_at_the_place_in_the_text_that_was_given(
    engine: StorageEngine, how: str
) -> None:
    sql = "SELECT 1,\n  foo\nFROM range(3)"
    with pytest.raises(QueryError) as caught:
        text(engine, sql) if how == "write" else engine.execute_df(sql)
    assert 'Referenced column "foo" not found' in caught.value.message
    assert caught.value.message.endswith("LINE 2:   foo\n          ^^^")


@pytest.mark.parametrize("sql", ["selec 1", "SELECT * FROM nope", "", "-- nothing"])
def test_bad_sql_is_a_query_error_and_the_engine_goes_on(engine: StorageEngine, sql: str) -> None:
    for run in (engine.execute_df, engine.execute_rows, lambda sql: text(engine, sql)):
        with pytest.raises(QueryError):
            run(sql)
    assert engine.execute_scalar("SELECT 1") == 1


def test_a_failure_in_the_middle_of_the_rows_is_raised(engine: StorageEngine) -> None:
    with pytest.raises(QueryError, match="Could not convert"):
        text(
            engine, "SELECT CASE WHEN i = 99999 THEN 'x' ELSE '1' END::INT FROM range(100000) t(i)"
        )
    assert engine.execute_scalar("SELECT 1") == 1


def test_a_reader_that_goes_away_ends_the_query(engine: StorageEngine) -> None:
    class Head:
        taken = 0

        def write(self, data: bytes) -> None:
            self.taken += len(data)
            if self.taken > 100_000:
                raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        engine.write("FROM range(1000000000)", Head(), format="csv")
    assert engine.execute_scalar("SELECT 1") == 1


def test_threads_queue_up_for_the_connection(engine: StorageEngine) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(
            target=lambda n=n: found.append(
                engine.execute_scalar("SELECT sum(i) + $n FROM range(100000) t(i)", {"n": n})
            )
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [4999950000 + n for n in range(8)]


SLOW = textwrap.dedent("""
    import io, sys
    from mixpanel_data._internal.storage import StorageEngine
    engine = StorageEngine()
    slow = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 5"
    print("ready", flush=True)
    try:
        if sys.argv[1] == "write":
            engine.write(slow, sys.stdout.buffer, format="csv")
        else:
            engine.execute_rows(slow)
    except KeyboardInterrupt:
        print("stopped", engine.execute_scalar("SELECT 42"), flush=True)
    engine.close()
""")


@pytest.mark.parametrize("how", ["write", "rows"])
def test_ctrl_c_stops_a_running_query_and_leaves_the_connection_usable(how: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, how], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout.readline() == "ready\n"
    until_at_work(process.pid, cpu_seconds(process.pid))
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=HANG)
    assert out == "stopped 42\n"
    assert process.returncode == 0


@pytest.mark.parametrize("sql", ["SELECT '\ud800'", "SELECT 1; SELECT '\udcff'", "\udfff"])
@pytest.mark.parametrize("read_only", [True, False])
def test_sql_with_half_a_character_is_refused(
    engine: StorageEngine, sql: str, read_only: bool
) -> None:
    with pytest.raises(InvalidArgumentError, match=r"SQL is not UTF-8 text: '.ud\w+' at character"):
        engine.execute_rows(sql, read_only=read_only)
    with pytest.raises(InvalidArgumentError, match="SQL is not UTF-8 text"):
        engine.execute(sql)
    with pytest.raises(InvalidArgumentError, match="SQL is not UTF-8 text"):
        text(engine, sql)
    with pytest.raises(InvalidArgumentError, match="a value is not UTF-8 text: it has"):
        engine.execute_rows("SELECT ?", ["\ud800"], read_only=read_only)
    assert engine.execute_rows("SELECT 'é𝄞'") == [("é𝄞",)]
