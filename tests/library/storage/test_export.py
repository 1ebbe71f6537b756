"""Exports: what is in the file, and that it is there as a whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data import (
    ColumnNotFoundError,
    ExportExistsError,
    InvalidArgumentError,
    QueryError,
    TableNotFoundError,
)
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.queries import Excerpt
from tests.waiting import until

FORMATS = ["parquet", "csv", "jsonl", "arrow"]
READERS = {
    "parquet": "SELECT * FROM read_parquet($path)",
    "csv": "SELECT * FROM read_csv($path, all_varchar = true, header = true, nullstr = '\x01', force_not_null = ['*'])",
    "jsonl": "SELECT * FROM read_json($path, format = 'newline_delimited')",
}


@pytest.fixture(scope="module")
def shared() -> Iterator[StorageEngine]:
    engine = StorageEngine.ephemeral()
    yield engine
    engine.cleanup()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Nothing is in it, and nothing but exports gets there."""
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


def arrow(path: Path) -> duckdb.DuckDBPyRelation:
    from arro3.io import read_ipc

    batches = read_ipc(path)
    return duckdb.connect().from_arrow(batches)


def parquet(path: Path) -> duckdb.DuckDBPyRelation:
    return duckdb.connect().read_parquet(str(path))


def types(relation: duckdb.DuckDBPyRelation) -> dict[str, str]:
    return dict(zip(relation.columns, map(str, relation.types), strict=True))


EVERYTHING = """
    SELECT
        170141183460469231731687303715884105::HUGEINT AS huge,
        sum(i) AS total,
        '12345678901234567890.12'::DECIMAL(22, 2) AS price,
        '{"n": 123456789012345678901234567890, "a": [1.10]}'::JSON AS json,
        {'j': '{"x":  1}'::JSON, 'h': 5::HUGEINT} AS struct,
        ['{"y":  null}'::JSON] AS list,
        MAP {'k': 'nan'::DOUBLE} AS map,
        'nan'::DOUBLE AS nan,
        TIMESTAMP '2024-01-01 00:00:00.123' AS at,
        DATE '2024-02-29' AS day,
        true AS yes,
        NULL::VARCHAR AS nothing,
        'ü"\n' AS text
    FROM range(3) AS t(i)
"""


@pytest.mark.parametrize(("output", "read"), [("parquet", parquet), ("arrow", arrow)])
def test_columns_have_types_that_every_engine_knows_and_lose_nothing(
    engine: StorageEngine, folder: Path, output: str, read: Any
) -> None:
    path = folder / f"all.{output}"
    engine.export(EVERYTHING, path)
    found = read(path)
    assert types(found) == {
        "huge": "DECIMAL(38,0)",
        "total": "DECIMAL(38,0)",
        "price": "DECIMAL(22,2)",
        "json": "VARCHAR",
        "struct": "STRUCT(j VARCHAR, h DECIMAL(38,0))",
        "list": "VARCHAR[]",
        "map": "MAP(VARCHAR, DOUBLE)",
        "nan": "DOUBLE",
        "at": "TIMESTAMP",
        "day": "DATE",
        "yes": "BOOLEAN",
        "nothing": "VARCHAR",
        "text": "VARCHAR",
    }
    row = dict(zip(found.columns, found.fetchall()[0], strict=True))
    assert row["huge"] == Decimal(170141183460469231731687303715884105)
    assert row["json"] == '{"n": 123456789012345678901234567890, "a": [1.10]}'
    assert row["struct"] == {"j": '{"x":  1}', "h": Decimal(5)}
    assert row["list"] == ['{"y":  null}']
    assert row["nan"] != row["nan"]
    assert (row["total"], row["price"], row["text"]) == (
        3,
        Decimal("12345678901234567890.12"),
        'ü"\n',
    )


def test_a_number_that_fits_no_type_is_an_error_not_an_approximation(
    engine: StorageEngine, folder: Path
) -> None:
    with pytest.raises(QueryError, match="DECIMAL"):
        engine.export(f"SELECT {2**127 - 1}::HUGEINT AS x", folder / "x.parquet")
    assert list(folder.iterdir()) == []


def test_text_formats_spell_values_as_mp_sql_does(engine: StorageEngine, folder: Path) -> None:
    for output in ("csv", "jsonl"):
        engine.export(EVERYTHING, folder / f"all.{output}")
    row = json.loads((folder / "all.jsonl").read_text(), parse_float=Decimal)
    assert (row["huge"], row["price"]) == (
        170141183460469231731687303715884105,
        Decimal("12345678901234567890.12"),
    )
    assert (row["nan"], row["map"], row["json"]["a"]) == (None, {"k": None}, [Decimal("1.1")])
    text = (folder / "all.csv").read_text()
    assert text.startswith("huge,total,price,json,struct,list,map,nan,at,day,yes,nothing,text\n")
    assert '"{""k"":null}",nan,2024-01-01 00:00:00.123,2024-02-29,true,,"ü""\n"\n' in text


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ROWS = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats(), st.none() | TEXTS), max_size=9
)


@given(rows=ROWS)
def test_rows_come_back_from_parquet_and_arrow_as_they_were(shared, tmp_path_factory, rows) -> None:
    shared.execute_rows("CREATE OR REPLACE TABLE t (i BIGINT, d DOUBLE, s VARCHAR)")
    for row in rows:
        shared.execute_rows("INSERT INTO t VALUES (?, ?, ?)", row)
    folder = tmp_path_factory.mktemp("rows")
    for output, read in {"parquet": parquet, "arrow": arrow}.items():
        result = shared.export("t", folder / f"t.{output}")
        assert result.rows == len(rows)
        assert sorted(map(repr, read(result.path).fetchall())) == sorted(map(repr, rows))


@pytest.mark.parametrize("output", FORMATS)
def test_what_is_written_is_told(engine: StorageEngine, folder: Path, output: str) -> None:
    path = folder / f"numbers.{output}"
    result = engine.export("SELECT i FROM range(1000) AS t(i)", path)
    assert (result.path, result.format, result.rows) == (path, output, 1000)
    assert result.bytes == path.stat().st_size
    assert result.duration_seconds >= 0
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize("output", FORMATS)
def test_no_rows_make_a_file_too(engine: StorageEngine, folder: Path, output: str) -> None:
    path = folder / f"none.{output}"
    assert engine.export("SELECT 1 AS a WHERE false", path).rows == 0
    assert path.exists()
    if output in {"parquet", "arrow"}:
        assert types({"parquet": parquet, "arrow": arrow}[output](path)) == {"a": "INTEGER"}


@pytest.mark.parametrize("output", FORMATS)
def test_an_order_that_is_asked_for_is_kept(engine: StorageEngine, folder: Path, output) -> None:
    path = folder / f"ordered.{output}"
    engine.export("SELECT i FROM range(400_000) AS t(i) ORDER BY hash(i)", path)
    if output in {"parquet", "arrow"}:
        found = [i for (i,) in {"parquet": parquet, "arrow": arrow}[output](path).fetchall()]
    elif output == "csv":
        found = list(map(int, path.read_text().split()[1:]))
    else:
        found = [json.loads(line)["i"] for line in path.read_text().splitlines()]
    expected = engine.execute_rows("SELECT i FROM range(400_000) AS t(i) ORDER BY hash(i)")
    assert found == [i for (i,) in expected]


def test_a_name_means_the_table_or_view_and_anything_else_is_sql(
    engine: StorageEngine, folder: Path
) -> None:
    engine.execute_rows('CREATE TABLE "From here" AS SELECT 1 AS x')
    engine.execute_rows("CREATE VIEW v AS SELECT 2 AS x")
    for what, found in {
        "From here": 1,
        "V": 2,
        "FROM v": 2,
        "VALUES (3)": 3,
        "SELECT 4 -- the end": 4,
        "CREATE TABLE w (i INT); INSERT INTO w VALUES (5) RETURNING i;": 5,
        "PIVOT (SELECT 'k' AS a, 6 AS b) ON a USING sum(b)": 6,
    }.items():
        path = folder / "x.csv"
        assert engine.export(what, path, overwrite=True).rows == 1
        assert path.read_text().splitlines()[1:] == [str(found)]
    with pytest.raises(TableNotFoundError):
        engine.export("nowhere", folder / "y.csv")
    assert engine.execute_rows("SELECT count(*) FROM duckdb_tables() WHERE temporary") == [(0,)]


@pytest.mark.parametrize("output", FORMATS)
def test_rows_that_no_query_gives_can_be_exported(engine: StorageEngine, folder, output) -> None:
    engine.execute_rows("CREATE TABLE w (i INT)")
    insert = "INSERT INTO w VALUES (5), (6) RETURNING i"
    assert engine.export(insert, folder / f"new.{output}").rows == 2
    assert engine.execute_rows("FROM w") == [(5,), (6,)]


@pytest.mark.parametrize("output", FORMATS)
def test_a_part_can_be_exported(engine: StorageEngine, folder: Path, output: str) -> None:
    part = Excerpt.of(limit=2, offset=1, columns=["b", "A"])
    path = folder / f"part.{output}"
    result = engine.export("SELECT i AS a, i * 2 AS b, 1 AS c FROM range(9) AS t(i)", path, excerpt=part)  # fmt: skip
    assert result.rows == 2
    engine.export("FROM (VALUES (2, 1), (4, 2)) AS t(b, a)", folder / f"same.{output}")
    if output in {"csv", "jsonl"}:
        assert path.read_text() == (folder / f"same.{output}").read_text()
    with pytest.raises(ColumnNotFoundError):
        engine.export("SELECT 1 AS a", path, overwrite=True, excerpt=Excerpt.of(columns=["b"]))
    assert path.stat().st_size == result.bytes


@pytest.mark.parametrize(("name", "start"), [("x.csv.gz", b"\x1f\x8b"), ("x.jsonl.GZ", b"\x1f\x8b"), ("x.csv.zst", b"\x28\xb5\x2f\xfd"), ("x.ndjson", b'{"a"')])  # fmt: skip
def test_the_name_says_how_it_is_compressed(engine: StorageEngine, folder, name, start) -> None:
    path = folder / name
    engine.export("SELECT 1 AS a", path)
    assert path.read_bytes().startswith(start)
    if start == b"\x1f\x8b":
        assert gzip.decompress(path.read_bytes()) in {b"a\n1\n", b'{"a":1}\n'}


def test_the_format_can_be_given(engine: StorageEngine, folder: Path) -> None:
    path = folder / "data.txt"
    assert engine.export("SELECT 1 AS a", path, format="csv").format == "csv"
    assert path.read_text() == "a\n1\n"


@pytest.mark.parametrize(
    ("name", "output", "message"),
    [
        ("x.xlsx", None, "the format of 'x.xlsx' is unknown"),
        ("x", None, "the format of 'x' is unknown"),
        ("x.gz", None, "the format of 'x.gz' is unknown"),
        ("x.csv", "excel", "format 'excel' is unknown"),
        ("x.parquet.gz", None, "parquet is compressed already"),
        ("nowhere/x.csv", None, "there is no folder"),
        ("folder.csv", None, "is not a file"),
        ("own.csv", None, "is the database itself"),
    ],
)
def test_destinations_that_can_not_be_meant(folder: Path, name, output, message) -> None:
    (folder / "folder.csv").mkdir()
    engine = StorageEngine(folder / "own.csv")
    with pytest.raises(InvalidArgumentError, match=message):
        engine.export("SELECT 1 AS a", folder / name, format=output, overwrite=True)
    engine.close()


@pytest.mark.parametrize("output", FORMATS)
def test_a_file_that_is_there_stays_unless_it_is_to_be_overwritten(
    engine: StorageEngine, folder: Path, output: str
) -> None:
    path = folder / f"x.{output}"
    path.write_text("precious")
    with pytest.raises(ExportExistsError) as caught:
        engine.export("SELECT 1 AS a", path)
    assert caught.value.path == path
    with pytest.raises(QueryError):
        engine.export("SELECT nothing", path, overwrite=True)
    assert path.read_text() == "precious"
    engine.export("SELECT 1 AS a", path, overwrite=True)
    assert path.read_bytes() != b"precious"
    assert list(folder.iterdir()) == [path]


def test_a_link_stays_a_link(engine: StorageEngine, folder: Path) -> None:
    (folder / "there").mkdir()
    link = folder / "link.csv"
    link.symlink_to(folder / "there" / "file.csv")
    engine.export("SELECT 1 AS a", link)
    engine.export("SELECT 2 AS a", link, overwrite=True)
    assert link.is_symlink()
    assert (folder / "there" / "file.csv").read_text() == "a\n2\n"


@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT\n  nothing", "LINE 2:   nothing"),
        ("SELEC 1", "syntax error"),
        ("", "there is no SQL statement"),
        ("SELECT CASE WHEN i = 499999 THEN 'x' ELSE '1' END::INT AS x\nFROM range(500_000) AS t(i)", "Could not convert string 'x'"),
    ],
)  # fmt: skip
def test_an_error_leaves_nothing_behind(engine: StorageEngine, folder, output, sql, message) -> None:  # fmt: skip
    with pytest.raises(QueryError, match=message):
        engine.export(sql, folder / f"x.{output}")
    assert list(folder.iterdir()) == []
    assert engine.execute_scalar("SELECT 1") == 1


FULL = textwrap.dedent("""
    import resource, signal, sys
    from mixpanel_data._internal.storage import StorageEngine
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    engine = StorageEngine()
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    try:
        engine.export("SELECT i, md5(i::VARCHAR) AS h FROM range(300_000) AS t(i)", sys.argv[1])
    except Exception as error:
        print(type(error).__name__, error.message)
    print(engine.execute_scalar("SELECT 42"))
""")


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX")
@pytest.mark.parametrize("output", FORMATS)
def test_a_full_disk_leaves_nothing_behind(folder: Path, output: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(folder / f"x.{output}")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("StorageError the disk is full: ")
    assert done.stdout.endswith("\n42\n")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("output", FORMATS)
def test_an_interrupted_export_leaves_nothing_behind(folder: Path, output: str) -> None:
    engine = StorageEngine()
    ends = threading.Event()

    def interrupt() -> None:
        until(lambda: any(folder.iterdir()) or ends.is_set())
        until(lambda: engine.connection.interrupt() or ends.is_set())

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(QueryError, match=r"(?i)interrupt"):
            engine.export(
                "SELECT i, md5(i::VARCHAR) AS h FROM range(100_000_000_000) AS t(i)",
                folder / f"x.{output}",
            )
    finally:
        ends.set()
        thread.join()
    assert list(folder.iterdir()) == []
    assert engine.execute_scalar("SELECT 1") == 1
    engine.close()


def test_without_its_extra_arrow_says_what_to_install(engine, folder, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "arro3", None)
    monkeypatch.setitem(sys.modules, "arro3.io", None)
    with pytest.raises(ImportError) as caught:
        engine.export("SELECT 1 AS a", folder / "x.arrow")
    assert caught.value.hint == "pip install 'mixpanel-data[arrow]'"
    assert list(folder.iterdir()) == []
