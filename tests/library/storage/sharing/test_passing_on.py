"""The owner ends, in order or not: what becomes of what the others were doing."""

from __future__ import annotations

import io
import json
import signal
import threading
from pathlib import Path

import pytest

from mixpanel_data import QueryError, SessionLostError
from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.sharing.holder import Holder, holding
from tests.waiting import HANG, cpu_seconds, until, until_at_work

# Long enough to be under way when the owner ends; short enough to wait for.
SLOW = "SELECT count(*) FROM range(15000) a, range(15000) b WHERE (a.range * b.range) % 7 = 1"
WAYS = ["leave", "kill"]


def under_way(engine: StorageEngine, owner: Holder, sql: str) -> tuple:
    """A statement that the owner is running now."""
    idle = cpu_seconds(owner.pid)
    future = engine._session.start(lambda connection: connection.execute(sql).fetchall())
    until_at_work(owner.pid, idle)
    assert not future.done()
    return engine._session, future


def owner_of(engine: StorageEngine) -> int:
    return engine.participants()[0].pid


@pytest.mark.parametrize("way", WAYS)
def test_who_was_idle_takes_over(borrower: StorageEngine, owner: Holder, way: str) -> None:
    borrower.execute_rows("CREATE TABLE t AS SELECT 1 AS i")
    getattr(owner, way)()
    owner.process.wait(HANG)
    assert borrower.execute_rows("FROM t") == [(1,)]
    assert owner_of(borrower) != owner.pid


@pytest.mark.parametrize("way", WAYS)
def test_a_query_that_was_running_answers(borrower: StorageEngine, owner: Holder, way: str) -> None:
    expected = borrower.execute_rows(SLOW)
    session, future = under_way(borrower, owner, SLOW)
    getattr(owner, way)()
    assert session.result(future) == expected
    assert owner_of(borrower) != owner.pid


@pytest.mark.parametrize("way", WAYS)
def test_text_that_was_being_written_is_whole(
    borrower: StorageEngine, owner: Holder, way: str
) -> None:
    file, written = io.BytesIO(), []
    thread = threading.Thread(
        target=lambda: written.append(borrower.write(SLOW, file, format="csv"))
    )
    idle = cpu_seconds(owner.pid)
    thread.start()
    until_at_work(owner.pid, idle)
    getattr(owner, way)()
    thread.join()
    assert [result.rows for result in written] == [1]
    assert file.getvalue().count(b"\n") == 2


def test_a_statement_that_changes_data_runs_once_when_the_owner_leaves(
    borrower: StorageEngine, owner: Holder
) -> None:
    borrower.execute_rows("CREATE TABLE t(n BIGINT)")
    session, future = under_way(borrower, owner, f"INSERT INTO t {SLOW}")
    owner.leave()
    assert session.result(future) == [(1,)]
    assert borrower.execute_rows("SELECT count(*) FROM t") == [(1,)]
    assert owner_of(borrower) != owner.pid


def test_a_statement_that_changes_data_is_not_repeated_when_the_owner_dies(
    borrower: StorageEngine, owner: Holder
) -> None:
    borrower.execute_rows("CREATE TABLE t(n BIGINT)")
    session, future = under_way(borrower, owner, f"INSERT INTO t {SLOW}")
    owner.kill()
    with pytest.raises(SessionLostError, match="it may have changed data, or not") as caught:
        session.result(future)
    assert not caught.value.undone
    assert borrower.execute_rows("SELECT count(*) FROM t") == [(0,)]


@pytest.mark.parametrize("way", WAYS)
def test_a_transaction_ends_with_its_owner(
    borrower: StorageEngine, owner: Holder, way: str
) -> None:
    owner.wait_at_the_end(0.1)
    borrower.execute_rows("CREATE TABLE t(n INT); BEGIN; INSERT INTO t VALUES (1)")
    getattr(owner, way)()
    owner.process.wait(HANG)
    for _ in range(2):  # nothing of it must run on its own
        with pytest.raises(SessionLostError, match="rolled back") as caught:
            borrower.execute_rows("INSERT INTO t VALUES (2)")
        assert caught.value.undone
    borrower.execute_rows("ROLLBACK")
    assert borrower.execute_rows("SELECT count(*) FROM t") == [(0,)]


def test_a_transaction_that_is_about_to_end_is_waited_for(
    borrower: StorageEngine, owner: Holder
) -> None:
    owner.wait_at_the_end(HANG)
    borrower.execute_rows("CREATE TABLE t(n INT); BEGIN; INSERT INTO t VALUES (1)")
    owner.leave()
    borrower.execute_rows("INSERT INTO t VALUES (2); COMMIT")
    owner.process.wait(HANG)
    assert borrower.execute_rows("SELECT count(*) FROM t") == [(2,)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "state",
    ["CREATE TEMP TABLE mine AS SELECT 1", "SET VARIABLE day = 'x'", "SET TimeZone = 'Asia/Tokyo'"],
)
def test_what_a_session_loses_is_told(
    borrower: StorageEngine, owner: Holder, way: str, state: str
) -> None:
    borrower.execute_rows(state)
    getattr(owner, way)()
    owner.process.wait(HANG)
    with pytest.raises(SessionLostError, match="temporary tables, settings"):
        borrower.execute_rows("SELECT 1")
    assert borrower.execute_rows("SELECT 1") == [(1,)]


def test_the_next_owner_serves_the_others(path: Path, owner: Holder) -> None:
    with holding(path) as second, holding(path) as third:
        second.sql("CREATE TABLE t AS SELECT 1 AS i")
        owner.end()
        assert second.sql("FROM t") == [[1]]
        assert third.sql("INSERT INTO t VALUES (2)") == [[1]]
        second.kill()
        assert third.sql("SELECT count(*) FROM t") == [[2]]


def test_a_borrower_that_dies_lets_go(borrower: StorageEngine, owner: Holder, path: Path) -> None:
    borrower.execute_rows("CREATE TABLE t(n INT)")
    with holding(path) as third:
        third.sql("BEGIN")
        third.sql("INSERT INTO t VALUES (1)")
        third.begin(SLOW)
        third.kill()
    borrower.execute_rows("ALTER TABLE t ADD COLUMN m INT")
    assert borrower.execute_rows("SELECT count(*) FROM t") == [(0,)]
    assert owner.sql("SELECT 1") == [[1]]


def test_an_interrupt_of_the_owner_is_not_one_of_the_others(
    borrower: StorageEngine, owner: Holder
) -> None:
    session, future = under_way(borrower, owner, SLOW)
    owner.begin("SELECT count(*) FROM range(1000000) a, range(1000000) b")
    owner.process.send_signal(signal.SIGINT)
    assert len(session.result(future)) == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_change_inside_of_a_query_is_not_repeated(
    borrower: StorageEngine, owner: Holder, way: str
) -> None:
    borrower.execute_rows("CREATE TABLE t(n BIGINT)")
    sql = f"WITH made AS (INSERT INTO t {SLOW} RETURNING n) FROM made"
    session, future = under_way(borrower, owner, sql)
    getattr(owner, way)()
    rows = 1
    try:
        session.result(future)
    except SessionLostError:
        rows = 0
    assert borrower.execute_rows("SELECT count(*) FROM t") == [(rows,)]


def test_half_of_a_lost_transaction_never_runs_alone(
    borrower: StorageEngine, owner: Holder, path: Path
) -> None:
    borrower.execute_rows("CREATE TABLE t(n INT); BEGIN; INSERT INTO t VALUES (1)")
    owner.kill()
    with holding(path):
        for _ in range(2):
            with pytest.raises(SessionLostError, match="rolled back"):
                borrower.execute("SELECT 1")
        for sql in ("INSERT INTO t VALUES (2)", "BEGIN", "INSERT INTO t VALUES (3)", "COMMIT"):
            with pytest.raises(SessionLostError, match="rolled back"):
                borrower.execute_rows(sql)
        assert borrower.execute_rows("SELECT count(*) FROM t") == [(0,)]


def test_an_engine_that_is_forgotten_hands_over(path: Path) -> None:
    engine = StorageEngine(path)
    with pytest.raises(QueryError):
        engine.execute_rows("SELECT nope")
    with holding(path) as other:
        assert other.sql("SELECT 1") == [[1]]
        del engine
        # It leaves in a thread of its own.
        until(lambda: other.sql("SELECT 1") and owner_in(path) == other.pid)


def owner_in(path: Path) -> int | None:
    text = path.with_name(path.name + ".lock").read_bytes()
    return json.loads(text)["owner"]["pid"] if text else None
