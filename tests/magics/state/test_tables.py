"""The table browser without a notebook, on real databases."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mixpanel_data import InvalidArgumentError, QueryError, TableNotFoundError, Workspace
from mixpanel_data._internal.sql import quote
from mixpanel_magics.state.tables import Tables
from tests.library.storage.sharing.holder import holding
from tests.waiting import HANG

HOSTILE = "<img src=x onerror=alert(1)>\"'; DROP TABLE events"
SLOW = "(SELECT sum(hash(i)) FROM range(1_000_000_000_000) AS t(i)) > 0"


class Browser:
    """The state, and a hand to do one thing after the other."""

    def __init__(self, workspace: Workspace, table: str | None = None) -> None:
        self.told = 0
        self.tables = Tables(workspace, self._tell)
        self.rows, self.columns = self.tables.rows, self.tables.columns
        self.do(lambda: self.tables.refresh(table))

    def _tell(self) -> None:
        self.told += 1

    def do(self, act: Callable[[], None]) -> None:
        told = self.told
        act()
        assert self.tables.wait(HANG)
        assert self.told > told

    @property
    def first(self) -> list[object]:
        """The first column of what is on screen."""
        return [row[0] for row in self.rows.page.rows]


Open = Callable[..., Browser]


@pytest.fixture
def browse() -> Iterator[Open]:
    opened: list[Browser] = []

    def browse(workspace: Workspace, table: str | None = None) -> Browser:
        opened.append(Browser(workspace, table))
        return opened[-1]

    yield browse
    for browser in opened:
        browser.tables.close()


@pytest.fixture
def shop(filled: Path) -> Iterator[Workspace]:
    """Fetched tables, only looked at."""
    with Workspace.open(filled) as workspace:
        yield workspace


@pytest.fixture
def numbers(tmp_path: Path) -> Iterator[Workspace]:
    """A table of the numbers below 100."""
    with Workspace.sandbox(tmp_path / "numbers.duckdb") as workspace:
        workspace.sql("CREATE TABLE numbers AS SELECT i, i % 7 AS seven FROM range(100) AS t(i)")
        yield workspace


def test_it_opens_with_all_tables_and_the_first_rows(browse, shop):
    browser = browse(shop)
    assert [row[:3] for row in browser.tables.overview] == [
        ("events", "events", shop.count("events")),
        ("profiles", "profiles", shop.count("profiles")),
    ]
    assert browser.tables.overview[0][3].endswith(" MB")
    assert browser.tables.overview[0][4:6] == ("2026-01-01", "2026-01-05")
    assert browser.tables.overview[0][7:] == ("sandbox", "")
    assert browser.tables.names == ["events", "events_flat", "profiles", "profiles_flat"]
    assert browser.tables.open_table == "events"
    assert len(browser.rows.page.rows) == 25
    assert browser.rows.where_it_is == f"rows 1–25 of {shop.count('events'):,}"
    assert "as columns in events_flat" in browser.tables.facts


def test_a_table_is_named_however_it_is_spelled(browse, shop):
    assert browse(shop, "PROFILES_flat").tables.open_table == "profiles_flat"
    browser = browse(shop, "profiles_flat")
    assert browser.tables.info.name == "profiles"
    assert "the properties of profiles as typed columns" in browser.tables.facts


def test_pages_go_forward_back_and_to_both_ends(browse, numbers):
    browser = browse(numbers)
    rows = browser.rows
    assert browser.first == list(range(25))
    browser.do(rows.forward)
    assert browser.first == list(range(25, 50))
    browser.do(rows.last)
    assert browser.first == list(range(75, 100))
    assert not rows.has_next
    browser.do(rows.back)
    assert browser.first == list(range(50, 75))
    browser.do(lambda: rows.resize(10))
    assert browser.first == list(range(50, 60))
    browser.do(rows.first)
    assert browser.first == list(range(10))
    assert rows.sql == "SELECT *\nFROM numbers\nLIMIT 10"
    assert numbers.sql_rows(rows.sql) == list(rows.page.rows)


def test_pages_that_are_asked_for_quickly_add_up(browse, numbers):
    browser = browse(numbers)
    browser.rows.forward()
    browser.rows.forward()
    assert browser.tables.wait(HANG)
    assert browser.first == list(range(50, 75))


def test_rows_are_sorted_filtered_and_counted_by_duckdb(browse, numbers):
    browser = browse(numbers)
    rows = browser.rows
    browser.do(lambda: rows.sort("i", descending=True))
    assert browser.first == list(range(99, 74, -1))
    browser.do(lambda: rows.filter(" seven = 3 AND i < 80 "))
    assert browser.first == [73, 66, 59, 52, 45, 38, 31, 24, 17, 10, 3]
    assert rows.where_it_is == "rows 1–11 of 11"
    browser.do(lambda: rows.filter("i >= 20"))
    assert rows.where_it_is == "rows 1–25 and more"
    assert rows.last_start is None
    browser.do(rows.count)
    assert rows.where_it_is == "rows 1–25 of 80"
    browser.do(rows.last)
    assert browser.first == [24, 23, 22, 21, 20]
    assert numbers.sql_rows(rows.sql) == list(rows.page.rows)


def test_a_filter_that_fails_leaves_the_rows_on_screen(browse, numbers):
    browser = browse(numbers)
    rows = browser.rows
    browser.do(lambda: rows.filter("i > 50"))
    for text, kind in (("seven =", QueryError), ("true; DROP TABLE numbers", InvalidArgumentError)):
        browser.do(lambda text=text: rows.filter(text))
        assert isinstance(rows.problem, kind)
        assert browser.first[0] == 51
        assert rows.where == "i > 50"
    browser.do(rows.forward)
    assert rows.problem is None
    assert browser.first[0] == 76
    assert numbers.count("numbers") == 100


def test_a_filter_can_be_picked(browse, shop):
    browser = browse(shop, "events")
    rows = browser.rows
    assert set(browser.columns.events) == set(
        shop.sql("SELECT DISTINCT event_name FROM events").event_name
    )
    browser.do(lambda: rows.narrow("event_name", "Purchase"))
    browser.do(lambda: rows.narrow("plan", "pro"))
    assert rows.where == "event_name = 'Purchase' AND properties->>'plan' = 'pro'"
    assert {row[0] for row in rows.page.rows} == {"Purchase"}
    browser.do(rows.count)
    assert rows.total == shop.count("events_flat", "event_name = 'Purchase' AND plan = 'pro'") > 0


def test_a_row_is_shown_whole(browse, shop):
    browser = browse(shop, "events")
    browser.do(lambda: browser.rows.sort("event_time", descending=True))
    browser.do(lambda: browser.rows.select(3))
    row = json.loads(browser.rows.row)
    assert row == shop.row("events", 3, order_by="event_time", descending=True)
    assert '\n    "distinct_id": ' in browser.rows.row
    browser.do(browser.rows.forward)
    assert (browser.rows.selected, browser.rows.row) == (None, "")


def test_sorted_rows_can_be_paged_so_far(browse, numbers):
    numbers.sql("CREATE TABLE many AS SELECT i FROM range(20_000) AS t(i)")
    browser = browse(numbers, "many")
    rows = browser.rows
    browser.do(lambda: rows.resize(100))
    browser.do(lambda: rows.sort("i", descending=True))
    assert rows.last_start is None
    for _ in range(99):
        rows.forward()
    assert rows.wait(HANG)
    browser.do(rows.again)
    assert browser.first[0] == 20_000 - 9_900 - 1
    assert not rows.has_next


def test_columns_and_properties_are_known_without_a_scan(browse, shop):
    browser = browse(shop, "events")
    listed = {found.name: found for found in browser.columns.listed}
    assert listed["event_time"].type == "TIMESTAMP"
    amount = listed["amount"]
    assert amount.rows == shop.count("events_flat", "amount IS NOT NULL")
    assert amount.coverage == pytest.approx(amount.rows / shop.count("events"))
    assert browser.columns.values("plan") == []
    browser.do(lambda: browser.columns.look("plan"))
    assert set(browser.columns.values("plan")) == set(
        shop.sql("SELECT DISTINCT plan FROM events_flat WHERE plan IS NOT NULL").plan
    )
    assert browser.columns.meant("amount", "5") == 5
    assert browser.columns.meant("plan", "5") == "5"


def test_a_new_click_stops_the_old_query(browse, numbers):
    browser = browse(numbers)
    rows = browser.rows
    rows.filter(SLOW)
    assert rows.is_busy
    browser.do(lambda: rows.filter("i = 5"))
    assert browser.first == [5]
    rows.filter(SLOW)
    rows.count()  # of the rows on screen, which are about to be others
    rows.select(0)
    assert rows.is_busy
    browser.do(rows.stop)
    assert (rows.is_busy, rows.problem, browser.first, rows.where) == (False, None, [5], "i = 5")
    assert (rows.row, rows.total) == ("", 1)


def test_a_query_of_the_notebook_is_not_disturbed(browse, numbers):
    browser = browse(numbers)
    found: list[object] = []
    running = threading.Thread(
        target=lambda: found.append(
            numbers.sql_scalar("SELECT sum(hash(i)) > 0 FROM range(20_000_000) AS t(i)")
        )
    )
    running.start()
    for number in range(5):
        browser.rows.filter(f"i = {number}")
    browser.do(lambda: browser.rows.filter("i = 6"))
    running.join()
    assert found == [True]
    assert browser.first == [6]


def test_a_table_is_dropped_when_that_is_confirmed(browse, numbers):
    numbers.fetch_events("events", "2026-01-01", "2026-01-01")
    browser = browse(numbers, "events")
    browser.tables.drop()  # nobody has asked for it
    browser.do(browser.tables.ask_to_drop)
    assert browser.tables.question == "Drop events and events_flat for good?"
    browser.do(browser.tables.keep)
    assert browser.tables.question == ""
    browser.do(browser.tables.ask_to_drop)
    browser.do(browser.tables.drop)
    assert browser.tables.open_table == "numbers"
    browser.do(browser.tables.ask_to_drop)
    browser.do(browser.tables.drop)
    assert numbers.tables() == []
    assert browser.tables.open_table is None
    assert browser.rows.page is None
    assert browser.tables.nothing.startswith("no tables yet")


def test_a_table_that_someone_else_drops(browse, numbers):
    numbers.sql("CREATE TABLE other AS SELECT 1 AS one")
    browser = browse(numbers, "numbers")
    numbers.drop("numbers")
    browser.do(browser.rows.forward)
    assert isinstance(browser.rows.problem, TableNotFoundError)
    browser.do(browser.tables.refresh)
    assert (browser.tables.open_table, browser.rows.problem) == ("other", None)
    assert browser.first == [1]


def test_a_database_that_another_process_has_open(browse, tmp_path):
    path = tmp_path / "shared" / "ws.duckdb"
    path.parent.mkdir()
    with holding(path) as owner, Workspace.open(path) as borrower:
        owner.sql("CREATE TABLE numbers AS SELECT i FROM range(100) AS t(i)")
        browser = browse(borrower)
        browser.do(lambda: browser.rows.sort("i", descending=True))
        assert browser.first == list(range(99, 74, -1))
        browser.rows.filter(SLOW)
        browser.do(lambda: browser.rows.filter("i = 5"))
        assert browser.first == [5]
        owner.sql("DROP TABLE numbers")
        browser.do(browser.rows.again)
        assert isinstance(browser.rows.problem, TableNotFoundError)
        browser.tables.close()


def test_hostile_names_are_only_names(browse, numbers):
    numbers.sql(
        f"CREATE TABLE {quote(HOSTILE)} AS SELECT ? AS {quote(HOSTILE + ' 2')}, 1 AS n", [HOSTILE]
    )
    browser = browse(numbers, HOSTILE)
    assert browser.tables.open_table == HOSTILE
    browser.do(lambda: browser.rows.narrow(HOSTILE + " 2", HOSTILE))
    browser.do(lambda: browser.rows.sort(HOSTILE + " 2", descending=False))
    assert browser.first == [HOSTILE]
    assert numbers.sql_rows(browser.rows.sql) == [(HOSTILE, 1)]
    browser.do(lambda: browser.columns.look(HOSTILE + " 2"))
    assert browser.columns.values(HOSTILE + " 2") == [HOSTILE]
    browser.do(browser.tables.ask_to_drop)
    browser.do(browser.tables.drop)
    assert browser.tables.names == ["numbers"]


def test_the_workspace_may_be_closed_first(browse, numbers):
    browser = browse(numbers)
    numbers.close()
    browser.do(browser.rows.forward)
    assert browser.first[0] == 25


def test_closing_stops_forgets_and_lets_go(numbers):
    browser = Browser(numbers)
    browser.rows.filter(SLOW)
    browser.tables.close()
    assert (browser.rows.page, browser.columns.schema) == (None, None)
    assert (browser.tables.overview, browser.tables.facts) == ([], "")
    assert numbers.count("numbers") == 100
