"""What comes from another process's database is what would come from one's own."""

from __future__ import annotations

import datetime as dt
import io
import json
import threading
import uuid
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from mixpanel_data import (
    InvalidArgumentError,
    MixpanelDataError,
    QueryInterruptedError,
    StorageError,
    Workspace,
)
from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.loading import events_with, load
from tests.library.storage.sharing.holder import Holder
from tests.waiting import cpu_seconds, until, until_at_work

TYPES = [name for name, *_ in duckdb.sql("DESCRIBE FROM test_all_types()").fetchall()]


@pytest.fixture
def own() -> StorageEngine:
    """A database of this process alone, to compare with."""
    engine = StorageEngine.ephemeral()
    yield engine
    engine.cleanup()


def outcome(engine: StorageEngine, how: str, sql: str) -> str:
    try:
        result = getattr(engine, how)(sql)
        if isinstance(result, pd.DataFrame):
            return f"{list(result.columns)} {result.dtypes.tolist()} {result.to_dict()}"
        return repr(result)
    except (MixpanelDataError, duckdb.Error, OverflowError, NotImplementedError) as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # DuckDB's own, in a DataFrame of ENUMs
@pytest.mark.parametrize("how", ["execute_rows", "execute_df"])
def test_every_type_comes_as_it_is(own: StorageEngine, borrower: StorageEngine, how: str) -> None:
    for column in TYPES:
        sql = f'SELECT "{column}", [{column}] AS listed FROM test_all_types()'
        assert outcome(borrower, how, sql) == outcome(own, how, sql), column


STATEMENTS = [
    "SELECT 1 AS a, 2 AS a, 3 AS A",
    "SELECT 1 AS n WHERE false",
    "VALUES (1, 'x'), (2, NULL)",
    "SELECT NULL AS n, [] AS l, {'a': 1} AS s, MAP {'k': 1} AS m, uuid() IS NULL AS u",
    "SELECT 'b'::ENUM('a', 'b''c', 'b') AS e, ['a'::ENUM('a', 'b')] AS l FROM range(3)",
    "SELECT i, i / 7 AS d, 'name ' || i AS s FROM range(300000) t(i)",
    "CREATE TABLE made AS FROM range(3); SELECT count(*) FROM made",
    "CREATE OR REPLACE TABLE t(i INT); INSERT INTO t VALUES (1), (2) RETURNING i + 1 AS j",
    "DESCRIBE SELECT 1 AS a",
    "SUMMARIZE SELECT i FROM range(10) t(i)",
    "PIVOT (SELECT i % 3 AS k, i FROM range(9) t(i)) ON k USING sum(i)",
    "EXPLAIN SELECT 1",
    "PRAGMA version",
    "SELECT current_setting('TimeZone')",
    "SELECT 'US' IS NOT DISTINCT FROM 'US', 'abc' SIMILAR TO 'a.*', 1 AS database, 'label' AS to, 'x'",
    "FROM params",
    "SET TimeZone TO 'Asia/Tokyo'; SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00' AS t",
    "SET VARIABLE day = 'x'; SELECT getvariable('day')",
    "RESET TimeZone",
    "SELECT nope",
    "SELECT * FROM nothing",
    "INSERT INTO nothing VALUES (1)",
    "DROP TABLE nothing",
    "SELEC 1",
    "SELECT error('own words')",
    "SELECT CAST(i || 'x' AS INTEGER) FROM range(500000) t(i) WHERE i > 499990",
    "SELECT 9223372036854775807 + i FROM range(2) t(i)",
    "",
    "; ;",
]


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_every_statement_answers_or_fails_as_it_does_at_home(
    own: StorageEngine, borrower: StorageEngine
) -> None:
    for sql in STATEMENTS:
        assert outcome(borrower, "execute_df", sql) == outcome(own, "execute_df", sql)
        again = sql.replace("CREATE TABLE", "CREATE OR REPLACE TABLE")
        assert outcome(borrower, "execute_rows", again) == outcome(own, "execute_rows", again)


VALUES = [
    *(1, 2**62, -(2**100), 1.5, float("inf"), True, None, "text", "🦆 'x'", ""),
    *(b"bytes\0", dt.date(2024, 2, 29), dt.datetime(2024, 1, 2, 3, 4, 5, 6)),
    *(Decimal("1.50"), uuid.UUID(int=5), [1, 2, None], {"a": [1], "b": "x"}),
    *(dt.time(1, 2), dt.timedelta(days=1, seconds=2)),
    dt.datetime(2024, 1, 2, tzinfo=dt.UTC),
]


def test_parameters_arrive_as_they_are(own: StorageEngine, borrower: StorageEngine) -> None:
    for value in VALUES:
        for sql, params in (("SELECT ?, typeof(?)", [value, value]), ("SELECT $v", {"v": value})):
            assert borrower.execute_rows(sql, params) == own.execute_rows(sql, params)


def test_half_a_character_fails_as_it_does_at_home(
    own: StorageEngine, borrower: StorageEngine
) -> None:
    for sql, params in (
        ("SELECT '\udcff'", None),
        ("SELECT ?", ["\ud800"]),
        ("SELECT ?", [["\ud800"]]),
    ):
        for engine in (own, borrower):
            with pytest.raises(InvalidArgumentError, match="is not UTF-8 text"):
                engine.execute_rows(sql, params)
    assert borrower.execute_scalar("SELECT 1") == 1


def test_a_session_has_its_own_transaction_and_temporary_tables(
    borrower: StorageEngine, owner: Holder
) -> None:
    owner.sql("CREATE TABLE t AS SELECT 1 AS i")
    borrower.execute_rows("BEGIN; INSERT INTO t VALUES (2); CREATE TEMP TABLE mine AS SELECT 7")
    assert owner.sql("SELECT count(*) FROM t") == [[1]]
    assert owner.sql("FROM mine")[0] == "QueryError"
    assert borrower.execute_rows("SELECT count(*), (FROM mine) FROM t") == [(2, 7)]
    borrower.execute_rows("ROLLBACK")
    assert borrower.execute_rows("SELECT count(*) FROM t") == [(1,)]


def test_a_fetched_table_is_loaded_by_the_owner(borrower: StorageEngine, owner: Holder) -> None:
    load(borrower, events_with(1, 2.5, "x"), name="events")
    assert owner.sql("SELECT count(*), count(DISTINCT properties->>'a') FROM events") == [[3, 3]]
    (info,) = borrower.list_tables()
    assert (info.name, info.rows, info.flat) == ("events", 3, "events_flat")
    assert [found.property for found in borrower.properties("events")] == ["a", "time"]
    sql = "SELECT properties->>'a' AS a FROM events ORDER BY a"
    assert borrower.execute_rows(sql, accelerate=True) == [("1",), ("2.5",), ("x",)]
    borrower.drop_table("events")
    assert owner.sql("SHOW TABLES") in (
        [["_flat"], ["_metadata"], ["_properties"]],
        [["_metadata"]],
    )


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_text_of_a_large_result_comes_through(
    own: StorageEngine, borrower: StorageEngine, form: str
) -> None:
    sql = "SELECT i, 'name ' || i AS s FROM range(100000) t(i) ORDER BY i"
    texts = []
    for engine in (own, borrower):
        file = io.BytesIO()
        result = engine.write(sql, file, format=form)
        assert (result.rows, result.complete) == (100_000, True)
        texts.append(file.getvalue())
    assert texts[0] == texts[1]


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.jsonl.gz", "out.arrow"])
def test_an_export_of_a_borrower(borrower: StorageEngine, tmp_path: Path, name: str) -> None:
    result = borrower.export("SELECT i FROM range(100000) t(i)", tmp_path / name)
    assert (result.rows, (tmp_path / name).exists()) == (100_000, True)


def test_ctrl_c_stops_a_query_at_the_owner(borrower: StorageEngine, owner: Holder) -> None:
    session = borrower._session
    endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b"
    idle = cpu_seconds(owner.pid)
    future = session.start(lambda connection: connection.execute(endless).fetchall())
    until_at_work(owner.pid, idle)
    session.stop(future)
    with pytest.raises(QueryInterruptedError):
        session.result(future)
    assert borrower.execute_rows("SELECT 1") == [(1,)]
    assert owner.sql("SELECT 1") == [[1]]


def test_a_sibling_borrows_as_well_and_is_interrupted_alone(
    borrower: StorageEngine, owner: Holder
) -> None:
    owner.sql("CREATE TABLE t AS SELECT i FROM range(3) AS t(i)")
    with Workspace(_storage=borrower, account="sandbox") as ws, ws.sibling() as other:
        ended = threading.Event()

        def forever() -> None:
            with pytest.raises(QueryInterruptedError):
                other.page("t", where="i < (SELECT sum(hash(j)) FROM range(1000000000000) AS u(j))")
            ended.set()

        thread = threading.Thread(target=forever)
        thread.start()
        assert ws.page("t", 1).rows == ((1,), (2,))
        until(lambda: other.interrupt() or ended.is_set())
        thread.join()
        ws.close()
        assert other.page("t", order_by="i", descending=True).rows == ((2,), (1,), (0,))


def test_a_long_answer_that_is_not_read_holds_up_nothing(borrower: StorageEngine) -> None:
    def work(connection: object) -> list:
        connection.execute("SELECT i FROM range(3000000) t(i)")
        return connection.execute("SELECT 5").fetchall()

    assert borrower._session.run(work) == [(5,)]


def test_a_relation_has_all_rows(borrower: StorageEngine) -> None:
    relation = borrower.execute("SELECT i FROM range(5) t(i)")
    assert relation.filter("i > 2").fetchall() == [(3,), (4,)]
    assert relation.aggregate("sum(i)").fetchall() == [(10,)]


def test_duckdbs_own_connection_is_with_the_owner(borrower: StorageEngine, owner: Holder) -> None:
    with pytest.raises(StorageError, match=rf"belongs to .*\(PID {owner.pid}\)"):
        _ = borrower.connection
    owner.end()
    assert isinstance(borrower.connection, duckdb.DuckDBPyConnection)
    assert borrower.connection.execute("SELECT 1").fetchall() == [(1,)]


def test_several_databases_of_one_process_are_one(path: Path) -> None:
    first, second = StorageEngine(path), StorageEngine(path)
    first.execute_rows("CREATE TABLE t AS SELECT 1 AS i")
    assert second.execute_rows("FROM t") == [(1,)]
    first.close()
    assert second.execute_rows("FROM t") == [(1,)]
    assert isinstance(second.connection, duckdb.DuckDBPyConnection)
    second.close()


def test_who_has_it_open(borrower: StorageEngine, owner: Holder) -> None:
    first, second = borrower.participants()
    assert first.pid == owner.pid
    assert second.program
    assert json.loads(path_of(borrower).read_bytes())["owner"]["pid"] == owner.pid


def path_of(engine: StorageEngine) -> Path:
    return engine.path.with_name(engine.path.name + ".lock")


def test_files_are_named_as_seen_from_the_borrower(
    borrower: StorageEngine, owner: Holder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    Path("in.csv").write_text("n\n7\n")
    for sql in ("FROM 'in.csv'", "FROM read_csv(['*.csv'], header = true)"):
        assert borrower.execute_rows(sql) == [(7,)]
    borrower.execute_rows("CREATE TABLE t(n INT); COPY t FROM 'in.csv'")
    borrower.execute_rows("COPY t TO 'out.parquet'; ATTACH 'other.duckdb' AS other; DETACH other")
    assert {path.name for path in Path.cwd().iterdir()} == {"in.csv", "out.parquet", "other.duckdb"}
    assert owner.sql(f"FROM '{Path('out.parquet').resolve()}'") == [[7]]
