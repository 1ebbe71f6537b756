"""`%mp_tables` and the face of the table browser, on real databases."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import ipywidgets
import pytest

from mixpanel_data import Workspace
from mixpanel_data._internal.sql import quote
from mixpanel_magics import TableBrowser
from mixpanel_magics.state.fetching import Wanted
from tests.waiting import HANG

HOSTILE = "<img src=x onerror=alert(1)>'\"\x1b[31m"


class Face:
    """A browser, and the hand of its user."""

    def __init__(self, browser: TableBrowser) -> None:
        self.browser = browser
        self.wait()

    def wait(self) -> None:
        assert self.browser.tables.wait(HANG)

    def all(self, kind: type) -> list:
        def below(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
            yield widget
            for child in getattr(widget, "children", ()):
                yield from below(child)

        return [widget for widget in below(self.browser.box) if isinstance(widget, kind)]

    def click(self, text: str) -> None:
        (button,) = [b for b in self.all(ipywidgets.Button) if b.description == text]
        assert not button.disabled
        button.click()
        self.wait()

    def give(self, kind: type, value: object, **traits: object) -> None:
        """Give a value to the first widget of a kind that has these traits."""
        found = [w for w in self.all(kind) if all(getattr(w, n) == v for n, v in traits.items())]
        found[0].value = value
        self.wait()

    @property
    def html(self) -> str:
        return "\n".join(widget.value for widget in self.all(ipywidgets.HTML))


@pytest.fixture
def numbers(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.sandbox(tmp_path / "numbers.duckdb") as workspace:
        workspace.sql("CREATE TABLE numbers AS SELECT i, 'n' || i AS name FROM range(100) AS t(i)")
        yield workspace


@pytest.fixture
def face() -> Iterator[Callable[..., Face]]:
    made: list[Face] = []

    def face(workspace: Workspace, table: str | None = None) -> Face:
        made.append(Face(TableBrowser(workspace, table)))
        return made[-1]

    yield face
    for one in made:
        one.browser.close()


def test_rows_are_paged_filtered_and_sorted_by_hand(face, numbers):
    face = face(numbers)
    assert "rows 1–25 of 100" in face.html
    face.click("Next")
    assert "rows 26–50 of 100" in face.html
    assert "title='n26'" in face.html
    filter_text = next(w for w in face.all(ipywidgets.Text) if "SQL" in w.placeholder)
    filter_text.value = "i % 10 = 3"
    face.wait()
    assert "WHERE i % 10 = 3" in face.html
    assert "rows 1–10 of 10" in face.html
    sort = next(d for d in face.all(ipywidgets.Dropdown) if "name" in d.options)
    sort.value = "name"
    face.wait()
    face.give(ipywidgets.ToggleButton, True)
    assert "ORDER BY name DESC NULLS LAST, rowid" in face.html
    filter_text.value = "i % = 3"
    face.wait()
    assert "Parser Error" in face.html
    assert filter_text.value == "i % = 3"
    face.click("Clear")
    assert filter_text.value == ""
    assert "rows 1–25 of 100" in face.html


def test_a_row_is_picked_from_the_list(face, numbers):
    face = face(numbers)
    face.give(ipywidgets.Select, 7)
    assert "&quot;name&quot;: &quot;n7&quot;" in face.html


def test_a_filter_is_built_from_events_and_properties(face, filled):
    with Workspace.open(filled) as shop:
        face = face(shop, "events")
        events = next(d for d in face.all(ipywidgets.Dropdown) if "Purchase" in d.options)
        events.value = "Purchase"
        face.wait()
        assert events.value == "any event"
        named, value = face.all(ipywidgets.Combobox)[:2]
        assert "plan" in named.options
        named.value, value.value = "plan", "pro"
        face.click("Add to the filter")
        (text,) = [w for w in face.all(ipywidgets.Text) if "SQL" in w.placeholder]
        assert text.value == "event_name = 'Purchase' AND properties->>'plan' = 'pro'"
        face.all(ipywidgets.Combobox)[2].value = "plan"
        face.click("Top values")
        assert "rows have a value, 3 of them distinct" in face.html
        assert set(value.options) == {"free", "plus", "pro"}


def test_a_table_is_dropped_only_when_that_is_confirmed(face, numbers):
    face = face(numbers)
    face.click("Drop…")
    assert "Drop numbers for good?" in face.html
    face.click("Keep")
    assert numbers.count("numbers") == 100
    face.click("Drop…")
    face.click("Drop")
    assert numbers.tables() == []
    assert "no tables yet" in face.html
    numbers.sql("CREATE TABLE more AS SELECT 1 AS one")
    face.click("Refresh")
    assert "rows 1–1 of 1" in face.html


def test_what_its_fetch_form_fetches_is_opened(face, numbers):
    face = face(numbers)
    fetch = face.browser.fetch
    day = date(2026, 1, 1)
    fetch.fetching.change(Wanted(table="events", from_date=day, to_date=day))
    assert fetch.fetching.work.wait(HANG)
    fetch.fetching.start()
    assert fetch.fetching.work.wait(HANG)
    face.wait()
    assert face.browser.tables.open_table == "events"
    assert f"rows 1–25 of {numbers.count('events'):,}" in face.html
    face.browser.close()
    assert "closed" in face.html


def test_nothing_of_the_data_is_live(face, numbers):
    name, column = f"{HOSTILE} t", f"{HOSTILE} c"
    numbers.sql(f"CREATE TABLE {quote(name)} AS SELECT ? AS {quote(column)}", [HOSTILE])
    face = face(numbers, name)
    face.give(ipywidgets.Select, 0)
    face.all(ipywidgets.Combobox)[2].value = column
    face.click("Top values")
    face.click("Drop…")
    assert face.html.count("onerror=alert(1)&gt;") >= 9
    assert "<img" not in face.html
    assert "\x1b" not in face.html


def test_closing_leaves_nothing_of_the_data_in_the_notebook(face, numbers):
    def saved() -> str:
        return json.dumps(ipywidgets.Widget.get_manager_state())

    face = face(numbers)
    face.give(ipywidgets.Select, 7)
    assert "n17" in saved()
    face.browser.close()
    face.browser.close()
    assert "n17" not in saved()
    assert "closed" in face.html


def test_the_magic_opens_one_browser_on_the_sessions_workspace(cell, shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cell("%mp_use sandbox")
    cell("ws.sql('CREATE TABLE t AS SELECT 1 AS one')")
    first = cell("%mp_tables T").value
    assert first.tables.wait(HANG)
    assert first.tables.open_table == "t"
    second = cell("%mp_tables").value
    assert first.tables.is_closed
    shown = cell("%mp_tables nope")
    assert "TableNotFoundError: no table named 'nope'" in shown.out + shown.err
    assert not second.tables.is_closed
    cell("%mp_use sandbox --db other.duckdb")
    assert second.tables.is_closed
    third = cell("%mp_tables").value
    shell.extension_manager.unload_extension("mixpanel_magics")
    assert third.tables.is_closed
    shell.extension_manager.load_extension("mixpanel_magics")


def test_ipywidgets_is_loaded_by_the_first_browser_only():
    code = "import sys, mixpanel_magics.extension; assert 'ipywidgets' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
