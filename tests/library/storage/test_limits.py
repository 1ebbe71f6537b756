"""Limits of memory and disk: while work runs that has some, for the whole database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from mixpanel_data import QueryError, QueryInterruptedError, Workspace
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data._internal.storage.sharing.budget import Budget, Limits
from tests.library.storage.sharing.holder import holding
from tests.waiting import until

NOW = "SELECT current_setting('memory_limit'), current_setting('max_temp_directory_size')"
BLOATED = "SELECT len(list(i)) FROM range(50_000_000) AS t(i)"
"""Needs 400 MB that DuckDB can't put on disk."""
SPILLING = "SELECT count(*) FROM (SELECT i, count(*) FROM range(30_000_000) AS t(i) GROUP BY i)"
"""Needs some 600 MB, in memory or on disk."""
MB = 1_000_000


@pytest.fixture
def root() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as root:
        yield root


@pytest.fixture
def budget(root: duckdb.DuckDBPyConnection) -> Budget:
    budget = Budget()
    budget.serve(root.cursor)
    return budget


def now(connection: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    return connection.execute(NOW).fetchone()


def test_limits_hold_within_the_block_and_are_put_back(root, budget) -> None:
    before = now(root)
    for _ in range(3):
        with budget.within(Limits(100 << 20, 200 << 20)):
            assert now(root) == ("100.0 MiB", "200.0 MiB")
        assert now(root) == before


def test_the_least_of_all_limits_counts_until_its_work_ends(root, budget) -> None:
    before = now(root)
    with budget.within(Limits(memory=300 << 20)):
        with budget.within(Limits(memory=100 << 20, temp=50 << 20)):
            assert now(root) == ("100.0 MiB", "50.0 MiB")
        assert now(root) == ("300.0 MiB", before[1])
        with budget.within(Limits(memory=900 << 20)):
            assert now(root) == ("300.0 MiB", before[1])
    assert now(root) == before


def test_a_lower_limit_of_the_user_stays(root, budget) -> None:
    root.execute("SET GLOBAL memory_limit = '50MiB'")
    with budget.within(Limits(memory=100 << 20)):
        assert now(root)[0] == "50.0 MiB"
    assert now(root)[0] == "50.0 MiB"


def test_what_the_user_sets_meanwhile_stays(root, budget) -> None:
    with budget.within(Limits(memory=100 << 20)):
        root.execute("SET GLOBAL memory_limit = '70MiB'")
    assert now(root)[0] == "70.0 MiB"


def test_what_others_hold_is_left_to_them(root, budget) -> None:
    root.execute(
        "CREATE TABLE held AS SELECT range AS n, repeat('x', 500) AS text FROM range(200000)"
    )
    before = now(root)
    root.execute("BEGIN")
    with budget.within(Limits(memory=1 << 20)):
        assert now(root)[0] != before[0]
        root.execute("INSERT INTO held VALUES (-1, '')")
    root.execute("COMMIT")
    assert root.execute("SELECT count(*) FROM held").fetchall() == [(200001,)]
    assert now(root)[0] == before[0]


def test_a_database_that_comes_later_is_limited_too(root) -> None:
    budget = Budget()
    with budget.within(Limits(memory=100 << 20)):
        budget.serve(root.cursor)
        assert now(root)[0] == "100.0 MiB"
    assert now(root)[0] != "100.0 MiB"
    with budget.within(Limits(memory=100 << 20)):
        budget.serve(None)  # it is closed


# -- sessions -------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ws.duckdb"
    with Workspace("sandbox", path=path) as ws:
        ws.sql_rows("CREATE TABLE events AS SELECT 1 AS a")
    return path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MP_MEMORY_LIMIT_GB", "0.2")
    monkeypatch.setenv("MP_TEMP_LIMIT_GB", "0.1")


def test_read_only_sql_has_limits_and_other_sql_has_not(path: Path, small: None) -> None:
    with Workspace("sandbox", path=path) as ws:
        before = ws.sql_rows(NOW)
        with pytest.raises(
            QueryError, match=r"more memory than it may take \(190.7 MiB\)"
        ) as error:
            ws.sql_rows(BLOATED, read_only=True)
        assert "MP_MEMORY_LIMIT_GB" in error.value.hint
        with pytest.raises(QueryError, match=r"more temporary files .* \(95.3 MiB\)") as error:
            ws.sql_rows(SPILLING, read_only=True)
        assert "temp_limit_gb" in error.value.hint
        assert ws.sql_rows(NOW)[0][0] == before[0][0]
        assert ws.sql_rows(BLOATED) == [(50_000_000,)]


@pytest.mark.parametrize("limited", [Workspace.limit_resources, None])
def test_a_workspace_may_have_limits_for_all_that_it_does(
    path: Path, small: None, limited: Callable[[Workspace], None] | None
) -> None:
    with Workspace("sandbox", path=path, read_only=limited is None) as ws:
        if limited is not None:
            limited(ws)
        with pytest.raises(QueryError, match="more memory"):
            ws.sql_rows(BLOATED)
        with ws.sibling() as other, pytest.raises(QueryError, match="more memory"):
            other.sql_scalar(BLOATED)
        with pytest.raises(QueryError, match="more memory"):
            ws.sql_result(BLOATED)


def test_limits_hold_in_the_database_of_another_process(path: Path, small: None) -> None:
    with holding(path) as owner, Workspace("sandbox", path=path, read_only=True) as ws:
        before = owner.sql(NOW)
        assert ws.info().owner.pid == owner.pid
        with pytest.raises(QueryError, match="more memory"):
            ws.sql_rows(BLOATED)
        with pytest.raises(QueryError, match="more temporary files"):
            ws.sql_rows(SPILLING)
        assert owner.sql(NOW)[0][0] == before[0][0]
        owner.end()
        with pytest.raises(QueryError, match="more memory"):
            ws.sql_rows(BLOATED)


def test_a_query_that_is_stopped_frees_what_it_had(path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MP_MEMORY_LIMIT_GB", "0.1")
    held = (
        "SELECT (SELECT coalesce(sum(size), 0) FROM duckdb_temporary_files()),"
        " (SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag <> 'BASE_TABLE')"
    )
    with (
        Workspace("sandbox", path=path, read_only=True) as ws,
        closing(StorageEngine(path)) as watch,
    ):
        failed: list[BaseException] = []

        def work() -> None:
            try:
                ws.sql_rows(SPILLING.replace("30_000_000", "3_000_000_000"))
            except QueryInterruptedError as error:
                failed.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        until(lambda: watch.execute_rows(held)[0][0] > 10 * MB)
        ws.interrupt()
        thread.join()
        assert len(failed) == 1
        on_disk, in_memory = watch.execute_rows(held)[0]
        assert on_disk == 0
        assert in_memory < 10 * MB
        assert watch.execute_rows(NOW)[0][0] != "95.3 MiB"
