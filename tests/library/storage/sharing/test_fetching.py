"""A borrower fetches: the owner loads it, may go on with its own work, and may go."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mixpanel_data import FetchProgress, Workspace
from mixpanel_data.sandbox import Sandbox
from tests.library.storage.sharing.holder import Holder, holding

EVENTS = 200_000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 20_000
DAYS = ("2026-01-01", "2026-03-01")


@pytest.fixture(scope="module")
def app() -> Iterator[Sandbox]:
    with Sandbox(events=EVENTS, profiles=500, limits=None) as app:
        yield app


@pytest.fixture(autouse=True)
def no_quota(home: Path) -> None:
    (home / ".mp").mkdir()
    (home / ".mp" / "config.toml").write_text(
        "[settings]\nexports_per_hour = 100000\nexports_per_second = 1000\n"
    )


@pytest.fixture
def expected(app: Sandbox) -> tuple:
    with Workspace.sandbox(app=app) as workspace:
        return workspace.fetch_events("events", *DAYS).rows, fingerprint(workspace)


@pytest.fixture
def borrower(path: Path, owner: Holder, app: Sandbox) -> Iterator[Workspace]:
    with Workspace.sandbox(path, app=app) as workspace:
        assert workspace.info().owner.pid == owner.pid
        yield workspace


def fingerprint(workspace: Workspace) -> list[tuple]:
    return workspace.sql_rows(
        "SELECT count(*), count(DISTINCT e.insert_id), bit_xor(hash(e)), bit_xor(hash(f)) "
        "FROM events e POSITIONAL JOIN events_flat f"
    )


def once(action: Callable[[], None], after: int) -> Callable[[FetchProgress], None]:
    """Something that happens when so many windows are done."""
    happened = threading.Event()

    def show(progress: FetchProgress) -> None:
        if progress.windows_done >= after and not happened.is_set():
            happened.set()
            action()

    return show


def test_the_owner_works_while_a_borrower_fetches(
    borrower: Workspace, owner: Holder, expected: tuple
) -> None:
    owner.sql("CREATE TABLE base AS SELECT i FROM range(100000) t(i)")
    done = threading.Event()
    counted: list[list] = []

    def count() -> None:
        while not done.is_set():
            counted.append(owner.sql("SELECT count(*), sum(i) FROM base"))

    thread = threading.Thread(target=count)
    thread.start()
    try:
        rows = borrower.fetch_events("events", *DAYS).rows
    finally:
        done.set()
        thread.join()
    assert (rows, fingerprint(borrower)) == expected
    assert counted
    assert all(count == [[100_000, 4_999_950_000]] for count in counted)


@pytest.mark.parametrize("way", ["leave", "kill"])
@pytest.mark.parametrize("after", [1, 8])
def test_a_fetch_goes_on_with_the_next_owner(
    borrower: Workspace, owner: Holder, expected: tuple, way: str, after: int
) -> None:
    show = once(getattr(owner, way), after)
    rows = borrower.fetch_events("events", *DAYS, progress=show).rows
    assert (rows, fingerprint(borrower)) == expected
    assert borrower.info().owner.pid != owner.pid
    assert borrower.fetches() == []


def test_profiles_come_whole_from_the_next_owner(borrower: Workspace, owner: Holder) -> None:
    rows = borrower.fetch_profiles("profiles", progress=once(owner.kill, 1)).rows
    assert rows == 500
    assert borrower.sql_scalar("SELECT count(DISTINCT distinct_id) FROM profiles") == 500


def test_several_fetch_at_once(borrower: Workspace, path: Path, app: Sandbox) -> None:
    """Each makes the tables of ours that the others make as well."""
    names = [f"events_{number}" for number in range(3)]
    failed: list[BaseException] = []

    def fetch(name: str) -> None:
        try:
            with Workspace.sandbox(path, app=app) as workspace:
                workspace.fetch_events(name, "2026-01-01", "2026-01-07")
        except BaseException as error:  # noqa: BLE001 - told by the test, not by a thread
            failed.append(error)

    threads = [threading.Thread(target=fetch, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    tables = {table.name: table.rows for table in borrower.tables()}
    assert list(tables) == names
    assert len(set(tables.values())) == 1
    assert all(tables.values())


def test_the_lock_is_not_left_to_a_fetch_that_is_over(borrower: Workspace, path: Path) -> None:
    borrower.fetch_events("events", "2026-01-01", "2026-01-01")
    borrower.close()
    with holding(path) as other:
        assert other.sql("SELECT count(*) > 0 FROM events") == [[True]]
