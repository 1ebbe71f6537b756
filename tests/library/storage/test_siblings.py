"""A second workspace on the same database, and stopping what one runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mixpanel_data import MixpanelDataError, QueryInterruptedError, StorageError, Workspace
from mixpanel_data.sandbox import Sandbox
from tests.waiting import until

FOREVER = "SELECT sum(hash(i)) FROM range(1_000_000_000_000) AS t(i)"


@pytest.fixture(params=["ephemeral", "owned", "opened"])
def ws(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    path = tmp_path / "one.duckdb"
    if request.param == "opened":
        Workspace.sandbox(path).tables()
    make: dict[str, Callable[[], Workspace]] = {
        "ephemeral": lambda: Workspace.ephemeral("sandbox"),
        "owned": lambda: Workspace.sandbox(path),
        "opened": lambda: Workspace.open(path),
    }
    ws = make[request.param]()
    ws.sql_rows("CREATE TABLE t AS SELECT 1 AS i")
    yield ws
    ws.close()


def stopped(interrupt: Callable[[], None], work: Callable[[], Any]) -> MixpanelDataError | None:
    """What work on another thread ends with when it is interrupted."""
    ended, ends = threading.Event(), []

    def run() -> None:
        try:
            work()
        except MixpanelDataError as error:
            ends.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: interrupt() or ended.is_set())
    thread.join()
    return ends[0] if ends else None


def test_siblings_see_the_same_tables_and_wait_for_nobody(ws):
    with ws.sibling() as other:
        assert other.path == ws.path
        ws.sql_rows("BEGIN")
        ws.sql_rows("INSERT INTO t VALUES (2)")
        assert other.sql_rows("FROM t") == [(1,)]
        ws.sql_rows("COMMIT")
        assert other.sql_rows("FROM t") == [(1,), (2,)]
    assert ws.sql_rows("FROM t") == [(1,), (2,)]


def test_the_first_one_may_be_closed_first(ws):
    path = ws.path
    other = ws.sibling()
    third = other.sibling()
    ws.close()
    other.close()
    assert third.sql_rows("FROM t") == [(1,)]
    assert third.page("t").rows == ((1,),)
    assert path.exists()
    third.close()
    with pytest.raises(StorageError, match="closed"):
        third.sibling()


def test_an_ephemeral_database_goes_with_the_last_one():
    ws = Workspace.ephemeral("sandbox")
    ws.sql_rows("CREATE TABLE t AS SELECT 1 AS i")
    other, folder = ws.sibling(), ws.path.parent
    ws.close()
    assert folder.exists()
    other.close()
    assert not folder.exists()


def test_a_sibling_asks_the_same_project():
    with Sandbox() as app, ExitStack() as stack:
        ws = stack.enter_context(Workspace.sandbox(app=app))
        assert ws.events()
        other = stack.enter_context(ws.sibling())
        ws.close()
        assert other.api.credentials == ws.api.credentials
        assert other.source == "sandbox"
        assert other.fetch_events("mine", "2026-01-01", "2026-01-01").rows > 0


def test_what_runs_is_stopped_and_the_workspace_goes_on(ws):
    with ws.sibling() as other:
        for work in (
            lambda: other.sql(FOREVER),
            lambda: other.page("t", where=f"i IN ({FOREVER})"),
            lambda: other.export(FOREVER, ws.path.with_name("x.csv")),
        ):
            error = stopped(other.interrupt, work)
            assert isinstance(error, QueryInterruptedError)
            assert str(error) == "interrupted"
        assert other.sql_scalar("SELECT 5") == 5
        assert other.page("t").rows == ((1,),)


def test_one_is_stopped_and_not_the_other(ws):
    with ws.sibling() as other:
        begun, ends = threading.Event(), []

        def run() -> None:
            begun.set()
            ends.append(ws.sql_scalar("SELECT sum(hash(i)) > 0 FROM range(20_000_000) AS t(i)"))

        thread = threading.Thread(target=run)
        thread.start()
        begun.wait()
        until(lambda: other.interrupt() or not thread.is_alive())
        thread.join()
        assert ends == [True]


def test_what_waits_its_turn_is_stopped_as_well(ws):
    ends = []

    def forever() -> None:
        with pytest.raises(QueryInterruptedError) as raised:
            ws.sql(FOREVER)
        ends.append(raised)

    first = threading.Thread(target=forever)
    first.start()

    class Nowhere:
        def write(self, data: bytes) -> None:
            raise AssertionError

    error = stopped(ws.interrupt, lambda: ws.write_sql(FOREVER, Nowhere(), "csv"))
    until(lambda: ws.interrupt() or not first.is_alive())
    assert ends
    assert isinstance(error, QueryInterruptedError)
    ws.interrupt()  # nothing runs
    assert ws.sql_scalar("SELECT 5") == 5
