"""The table browser: `mixpanel_magics.state.tables`, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from mixpanel_magics.state.tables import Tables
from mixpanel_magics.widgets import styles
from mixpanel_magics.widgets.columns import ColumnsView
from mixpanel_magics.widgets.drawing import Drawing
from mixpanel_magics.widgets.fetching import FetchForm
from mixpanel_magics.widgets.reporting import ReportForm
from mixpanel_magics.widgets.rows import RowsView

if TYPE_CHECKING:
    from mixpanel_data import Workspace

HEADS = ("Table", "Kind", "Rows", "Size", "From", "To", "Fetched (UTC)", "Source", "Changed")


class TableBrowser:
    """A widget that shows the tables of a workspace; `close()` it when it is no longer needed.

    It works on connections of its own: cells that run do not disturb it, nor it them.
    """

    def __init__(self, workspace: Workspace, table: str | None = None) -> None:
        drawing = self._drawing = Drawing()
        self.tables = Tables(workspace, self._draw)
        self._rows = RowsView(self.tables, drawing)
        self._columns = ColumnsView(self.tables)
        self._overview = ipywidgets.HTML()
        self._facts = ipywidgets.HTML()
        self._status = ipywidgets.HTML()
        self._choice = ipywidgets.Dropdown(tooltip="The table that is open")
        drawing.by_user(self._choice, self._choose)
        self._drop = styles.button("Drop…", self.tables.ask_to_drop, "Drop the table that is open")
        self._question = ipywidgets.HTML()
        self._confirm = styles.row(
            self._question,
            styles.button("Drop", self.tables.drop, "Drop it, and its flat table", style="danger"),
            styles.button("Keep", self.tables.keep, "Leave it as it is"),
        )
        self.fetch, self.report = FetchForm(workspace, self._fetched), ReportForm(workspace)
        parts = ipywidgets.Tab([self._rows.box, self._columns.box, self.fetch.box, self.report.box])
        parts.titles = ("Rows", "Columns", "Fetch", "Report")
        self.box = styles.framed(
            [
                ipywidgets.HTML(styles.title(f"Tables of {self.tables.path}")),
                self._overview,
                styles.row(
                    self._choice,
                    styles.button("Refresh", self.tables.refresh, "Look again what is there"),
                    self._drop,
                ),
                self._confirm,
                self._status,
                self._facts,
                parts,
            ]
        )
        self.tables.refresh(table)

    def close(self) -> None:
        """Stop what runs, and clear what is shown: it would be saved with the notebook."""
        if self.tables.is_closed:
            return
        self.tables.close()
        self.fetch.close()
        self.report.close()
        sheet, *shown = self.box.children
        self.box.children = [sheet, ipywidgets.HTML(styles.note("closed", "busy"))]
        for widget in shown:
            styles.close(widget)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return styles.bundle(self.box, repr(self))

    def __repr__(self) -> str:
        return f"the browser of {self.tables.path} is a widget; without a front end: %mp tables"

    def _fetched(self, table: str) -> None:
        self.tables.refresh(table)
        self.report.reporting.list_tables()

    def _choose(self, table: str | None) -> None:
        if table is not None:
            self.tables.open(table)

    def _draw(self) -> None:
        tables = self.tables
        with self._drawing.in_progress():
            self._overview.value = styles.table(HEADS, tables.overview) if tables.listed else ""
            styles.choose(self._choice, tables.names, tables.open_table)
            self._choice.disabled = self._drop.disabled = tables.open_table is None
            self._confirm.layout.display = None if tables.to_drop else "none"
            self._question.value = styles.note(tables.question, "bad")
            self._status.value = styles.state_of(tables, nothing=tables.nothing)
            self._facts.value = styles.note(tables.facts)
            self._rows.draw()
            self._columns.draw()
