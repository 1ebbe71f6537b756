"""Rows of the open table: filter, order, pages, one row whole, and the SQL of it all."""

from __future__ import annotations

from typing import Any

import ipywidgets

from mixpanel_data import Page
from mixpanel_data.text import printable
from mixpanel_magics.state.rows import SIZES
from mixpanel_magics.state.tables import Tables
from mixpanel_magics.widgets import styles
from mixpanel_magics.widgets.drawing import Drawing

ANY_EVENT = "any event"
OWN_ORDER = "table order"


class RowsView:
    """Draws `tables.rows`."""

    def __init__(self, tables: Tables, drawing: Drawing) -> None:
        self._tables = tables
        self._rows = rows = tables.rows
        self._drawn: Page | None = None
        self._event = ipywidgets.Dropdown(options=[ANY_EVENT], tooltip="Only this event")
        drawing.by_user(self._event, self._pick_event)
        self._name = ipywidgets.Combobox(placeholder="property", continuous_update=False)
        drawing.by_user(self._name, self._offer_values)
        self._value = ipywidgets.Combobox(placeholder="value", continuous_update=False)
        self._filter = ipywidgets.Text(
            placeholder="SQL condition, then Enter: event_name = 'Purchase'",
            continuous_update=False,
            layout={"flex": "1 1 20em"},
        )
        drawing.by_user(self._filter, rows.filter)
        self._order = ipywidgets.Dropdown(options=[OWN_ORDER], tooltip="Sort by this column")
        self._down = ipywidgets.ToggleButton(description="descending", layout={"width": "auto"})
        for part in (self._order, self._down):
            drawing.by_user(part, self._sort)
        self._size = ipywidgets.Dropdown(
            options=[(f"{size} rows", size) for size in SIZES], tooltip="Rows on a page"
        )
        drawing.by_user(self._size, rows.resize)
        self._first = styles.button(
            "First", rows.first, "To the first page", icon="angle-double-left"
        )
        self._back = styles.button("Back", rows.back, "One page back", icon="angle-left")
        self._next = styles.button("Next", rows.forward, "One page on", icon="angle-right")
        self._last = styles.button("Last", rows.last, "To the last page", icon="angle-double-right")
        self._count = styles.button("Count", rows.count, "Count the rows of the filter: a scan")
        self._stop = styles.button("Stop", rows.stop, "Stop what runs")
        self._place = ipywidgets.HTML()
        self._status = ipywidgets.HTML()
        self._page = ipywidgets.HTML()
        self._list = ipywidgets.Select(
            options=[], rows=10, layout={"width": "23em", "flex": "0 1 23em"}
        )
        drawing.by_user(self._list, self._select)
        self._row = ipywidgets.HTML(layout={"flex": "1 1 24em", "min_width": "0"})
        self._sql = ipywidgets.HTML()
        for small in (self._event, self._name, self._value, self._order, self._size):
            small.layout.width = "12em"
        add = styles.button("Add to the filter", self._add, "Only rows with this value")
        clear = styles.button("Clear", lambda: rows.filter(""), "Show all rows")
        detail = styles.row(self._list, self._row)
        detail.layout.align_items = "flex-start"
        self.box = ipywidgets.VBox(
            [
                styles.row(self._event, self._name, ipywidgets.HTML("="), self._value, add),
                styles.row(self._filter, clear),
                styles.row(ipywidgets.Label("sorted by"), self._order, self._down, self._size),
                styles.row(
                    self._first, self._back, self._next, self._last, self._place, self._count,
                    self._stop,
                ),
                self._status,
                self._page,
                detail,
                self._sql,
            ]
        )  # fmt: skip

    # -- what is done -------------------------------------------------------------------------------

    def _pick_event(self, event: str) -> None:
        if event != ANY_EVENT:
            self._rows.narrow("event_name", event)

    def _offer_values(self, name: str) -> None:
        self._value.options = self._tables.columns.values(name)

    def _add(self) -> None:
        name = self._name.value
        if name:
            self._rows.narrow(name, self._tables.columns.meant(name, self._value.value))

    def _sort(self, _: Any) -> None:
        column = None if self._order.value in {None, OWN_ORDER} else self._order.value
        self._rows.sort(column, descending=self._down.value)

    def _select(self, number: int | None) -> None:
        if number is not None:
            self._rows.select(number)

    # -- what is shown ------------------------------------------------------------------------------

    def draw(self) -> None:
        """Show the rows as they are."""
        rows = self._rows
        self._first.disabled = self._back.disabled = not rows.start
        self._next.disabled = not rows.has_next
        self._last.disabled = rows.last_start is None or rows.last_start == rows.start
        self._count.disabled = rows.total is not None
        self._stop.disabled = not rows.is_busy
        self._place.value = styles.note(rows.where_it_is)
        self._status.value = styles.state_of(rows)
        self._draw_choices()
        if rows.page is not self._drawn:
            self._drawn = rows.page
            self._draw_page()
        self._row.value = styles.code(rows.row) if rows.row else ""

    def _draw_choices(self) -> None:
        columns = self._tables.columns
        styles.choose(self._event, [ANY_EVENT, *columns.events], ANY_EVENT)
        self._event.disabled = not columns.events
        self._name.options = columns.names
        self._offer_values(self._name.value)
        names = [column.name for column in self._rows.page.columns] if self._rows.page else []
        column, descending = self._rows.order
        styles.choose(self._order, [OWN_ORDER, *names], column or OWN_ORDER)
        self._down.value = descending
        self._size.value = self._rows.size
        if self._rows.problem is None and not self._rows.is_busy:
            self._filter.value = self._rows.where

    def _draw_page(self) -> None:
        page = self._rows.page
        if page is None:
            self._page.value = self._sql.value = ""
            self._list.options = []
            return
        heads = ["", *(column.name for column in page.columns)]
        numbered = [(number, *row) for number, row in enumerate(page.rows, page.start + 1)]
        self._page.value = styles.table(heads, numbered)
        self._sql.value = styles.copyable(page.sql, f"%%mpsql\n{page.sql}")
        self._list.options = [(_label(row), row[0] - 1) for row in numbered]
        self._list.value = None


def _label(row: tuple[Any, ...]) -> str:
    first = "  ".join(str(value) for value in row[1:3] if value is not None)
    return printable(f"{row[0]:,}  {first}")[:60]
