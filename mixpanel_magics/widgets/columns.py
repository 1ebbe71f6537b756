"""Columns and properties of the open table, and the values of one of them."""

from __future__ import annotations

import ipywidgets

from mixpanel_data import PropertyStats
from mixpanel_magics.state.columns import text_of
from mixpanel_magics.state.tables import Tables
from mixpanel_magics.widgets import styles

HEADS = ("Name", "Type", "Rows", "Coverage", "")


class ColumnsView:
    """Draws `tables.columns`."""

    def __init__(self, tables: Tables) -> None:
        self._columns = tables.columns
        self._listed = ipywidgets.HTML()
        self._name = ipywidgets.Combobox(placeholder="property")
        self._status = ipywidgets.HTML()
        self._stats = ipywidgets.HTML()
        self._top = styles.button("Top values", self._look, "Count its values: all rows are read")
        self._stop = styles.button("Stop", tables.columns.stop, "Stop what runs")
        self.box = ipywidgets.VBox(
            [
                self._listed,
                styles.row(self._name, self._top, self._stop),
                self._status,
                self._stats,
            ]
        )

    def draw(self) -> None:
        """Show what is known."""
        columns = self._columns
        self._name.options = columns.names
        self._stop.disabled = not columns.is_busy
        self._listed.value = styles.table(
            HEADS,
            (
                (
                    found.name,
                    found.type,
                    "" if found.rows is None else found.rows,
                    "" if found.coverage is None else styles.Share(found.coverage),
                    found.description,
                )
                for found in columns.listed
            ),
        )
        self._status.value = styles.state_of(columns)
        self._stats.value = _drawn(columns.stats) if columns.stats else ""

    def _look(self) -> None:
        if self._name.value:
            self._columns.look(self._name.value)


def _drawn(stats: PropertyStats) -> str:
    heads = (stats.property, "Rows", "Share")
    rows = [(text_of(top.value), top.rows, styles.Share(top.share)) for top in stats.top]
    told = (
        f"{stats.present:,} of {stats.rows:,} rows have a value, {stats.distinct:,} of them distinct"
        if stats.present
        else f"none of {stats.rows:,} rows has a value"
    )
    if stats.numbers:
        told += f"; from {stats.numbers.min:,} to {stats.numbers.max:,}"
        told += f", median {stats.numbers.median:,}"
    return styles.note(told) + (styles.table(heads, rows) if rows else "")
