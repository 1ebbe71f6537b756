from __future__ import annotations

import sqlite3
import stat
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from mixpanel_data import (
    DatabaseNotFoundError,
    QueryError,
    StorageError,
    TableMetadata,
)
from mixpanel_data._internal.storage import StorageEngine
from tests.waiting import HANG

ONE = {"event": "a", "properties": {"time": 1_704_067_200_000}}
EVENTS = TableMetadata(type="events", fetched_at=datetime(2024, 1, 1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ws.duckdb"


def filled(path: Path) -> bytes:
    engine = StorageEngine(path)
    engine.create_events_table("events", iter([ONE]), EVENTS)
    engine.close()
    return path.read_bytes()


def test_a_database_outlives_its_engine(path: Path) -> None:
    filled(path)
    engine = StorageEngine.open_existing(path)
    assert engine.path == path
    assert engine.execute_scalar("SELECT count(*) FROM events") == 1
    engine.close()
    engine.close()


def test_the_folder_is_made_and_private(path: Path) -> None:
    filled(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_other_tools_on_duckdb_1_4_can_read_the_file(path: Path) -> None:
    (version,) = struct.unpack("<Q", filled(path)[12:20])
    assert version <= 67  # the storage version of DuckDB 1.4


def test_an_ephemeral_database_is_deleted() -> None:
    engine = StorageEngine.ephemeral()
    folder = engine.path.parent
    engine.create_events_table("events", iter([ONE]), EVENTS)
    engine.cleanup()
    assert not folder.exists()


def test_a_database_that_must_exist_is_not_made(path: Path) -> None:
    with pytest.raises(DatabaseNotFoundError, match="no database at"):
        StorageEngine.open_existing(path)
    assert not path.exists()


def sqlite_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")


def parquet_file(path: Path) -> None:
    duckdb.sql("SELECT 1 AS a").write_parquet(str(path))


OTHER_FILES: dict[str, Callable[[Path], object]] = {
    "notes.txt": lambda path: path.write_bytes(b"hello" * 1000),
    "app.sqlite": sqlite_file,
    "app.duckdb": sqlite_file,
    "rows.parquet": parquet_file,
    "rows.csv": lambda path: path.write_text("a,b\n1,2\n"),
    "empty.duckdb": lambda path: path.touch(),
    "short.duckdb": lambda path: path.write_bytes(b"abc"),
}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_a_file_of_another_kind_is_left_alone(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    OTHER_FILES[name](file)
    before = file.read_bytes()
    with pytest.raises(StorageError, match=r"is not a DuckDB database$"):
        StorageEngine(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "sql",
    [
        "FROM 'https://127.0.0.1:1/x.csv'",
        "FROM read_csv('s3://bucket/x.csv')",
        "FROM sqlite_scan('x.sqlite', 't')",
        "ATTACH 'app.sqlite' (TYPE sqlite)",
        "SET s3_region = 'eu-central-1'",
    ],
)
def test_no_query_loads_an_extension_that_was_not_asked_for(path: Path, sql: str) -> None:
    engine = StorageEngine(path)
    with pytest.raises(QueryError, match=r"extension (httpfs|sqlite_scanner), which") as caught:
        engine.execute_rows(sql)
    engine.close()
    assert 'mp sql "INSTALL ' in str(caught.value.hint)


@pytest.mark.parametrize("version", ["v1.0.0", "v1.1.0", "v1.2.0", "v1.5.0"])
def test_a_database_of_an_older_storage_version_takes_a_fetch(path: Path, version: str) -> None:
    path.parent.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS old (STORAGE_VERSION '{version}')")
        connection.execute("CREATE TABLE old.before AS SELECT 1 AS a")
    engine = StorageEngine(path)
    profile = {"$distinct_id": "u", "$properties": {"a": 1}}
    engine.create_events_table("events", iter([ONE]), EVENTS)
    engine.create_profiles_table("profiles", iter([profile]), replace(EVENTS, type="profiles"))
    assert [(it.name, it.rows) for it in engine.list_tables()] == [
        ("before", 1),
        ("events", 1),
        ("profiles", 1),
    ]
    assert engine.execute_rows("SELECT properties->>'$.a' FROM profiles") == [("1",)]
    engine.close()


def test_a_connection_of_the_users_own_in_this_process_is_named(path: Path) -> None:
    filled(path)
    with duckdb.connect(str(path)):
        with pytest.raises(StorageError, match="open in this process already") as caught:
            StorageEngine(path)
        assert "close that connection" in str(caught.value.hint)
    engine = StorageEngine(path)
    assert engine.execute_scalar("SELECT count(*) FROM events") == 1
    engine.close()


def test_a_database_cut_within_its_header_is_damaged(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\0" * 8 + b"DUCK" + b"\0" * 100)
    with pytest.raises(StorageError, match="is a damaged DuckDB database"):
        StorageEngine(path)


def test_a_damaged_database_is_left_alone(path: Path) -> None:
    content = bytearray(filled(path))
    content[100] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(StorageError, match="damaged"):
        StorageEngine(path)
    assert path.read_bytes() == content


def test_a_database_of_a_newer_duckdb_says_so(path: Path) -> None:
    content = bytearray(filled(path))
    content[12:20] = struct.pack("<Q", 9999)
    content[:8] = struct.pack("<Q", _checksum(bytes(content[8:4096])))
    path.write_bytes(content)
    with pytest.raises(StorageError, match="newer DuckDB than this one") as caught:
        StorageEngine(path)
    assert caught.value.hint == "pip install --upgrade duckdb"


def _checksum(block: bytes) -> int:
    result = 5381
    for (word,) in struct.iter_unpack("<Q", block):
        result ^= (word * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    return result


def test_a_file_that_another_program_holds_names_it(path: Path) -> None:
    filled(path)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect({str(path)!r}); print(1, flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "1\n"
        with pytest.raises(StorageError, match=rf"in use by python.* \(PID {holder.pid}\)"):
            StorageEngine(path)
    finally:
        holder.communicate("\n", timeout=HANG)
    StorageEngine(path).close()


def test_a_folder_that_can_not_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        StorageEngine(tmp_path / "file" / "ws.duckdb")


FULL = textwrap.dedent("""
    import resource, sys
    from datetime import datetime
    from pathlib import Path
    from mixpanel_data import StorageError, TableMetadata
    from mixpanel_data._internal.storage import StorageEngine
    engine = StorageEngine(Path(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))
    import random
    events = ({"event": "a", "properties": {"time": i, "x": random.randbytes(500).hex()}} for i in range(50000))
    try:
        engine.create_events_table("more", events, TableMetadata(type="events", fetched_at=datetime.now()))
    except StorageError as error:
        print(error.message)
        print(error.hint)
""")


def test_a_full_disk_is_one_error_and_loses_nothing(path: Path) -> None:
    filled(path)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=False
    )
    assert "the disk is full" in done.stdout, done
    assert "nothing was changed" in done.stdout
    engine = StorageEngine.open_existing(path)
    assert [(table.name, table.rows) for table in engine.list_tables()] == [("events", 1)]
    engine.close()


def test_what_a_killed_fetch_left_behind_is_swept(path: Path) -> None:
    filled(path)
    left = path.with_name(path.name + ".spool") / "tmp-99999999-old"
    left.mkdir(parents=True)
    (left / "body").write_bytes(b"x")
    engine = StorageEngine(path)
    with engine.temporary() as folder:
        assert not left.exists()
        assert folder.parent == left.parent
    assert not left.parent.exists()
    engine.close()


def test_two_engines_of_one_process_share_a_file(path: Path) -> None:
    first, second = StorageEngine(path), StorageEngine(path)
    first.create_events_table("events", iter([ONE]), EVENTS)
    assert second.execute_scalar("SELECT count(*) FROM events") == 1
    first.close()
    assert second.execute_scalar("SELECT count(*) FROM events") == 1
    second.close()
    duckdb.connect(str(path)).close()
