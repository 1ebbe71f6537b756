"""A table of which one row is selected, by mouse or with the arrow keys."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import ipywidgets

from mixpanel_data.text import printable
from mixpanel_magics.widgets import styles
from mixpanel_magics.widgets.drawing import Drawing

MAX_LINE_CHARS = 40
"""Characters of a cell; longer ones are cut."""

_GAP = "   "
_BLANK = "\N{NO-BREAK SPACE}"
"""Browsers take several plain blanks of an option for one."""


class Listing:
    """A list box whose lines are aligned in columns, below their names."""

    def __init__(self, label: str, selected: Callable[[int], None]) -> None:
        self._head = ipywidgets.HTML()
        self._lines = ipywidgets.Select(layout={"width": "auto"})
        self._lines.add_class("mp-lines")
        self._lines.tooltip = label
        self._drawing = Drawing()
        self._drawing.by_user(
            self._lines, lambda number: None if number is None else selected(number)
        )
        inner = ipywidgets.VBox([self._head, self._lines])
        inner.add_class("mp-listing-inner")
        self.box = ipywidgets.Box([inner])
        self.box.add_class("mp-listing")

    def set(self, columns: Sequence[str], rows: Sequence[Sequence[str]], index: int | None) -> None:
        """Show these rows, one of them selected."""
        cells = [[_short(cell) for cell in row] for row in (columns, *rows)]
        widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
        head, *lines = [
            _GAP.join(_padded(cell, width) for cell, width in zip(row, widths, strict=True))
            for row in cells
        ]
        with self._drawing.in_progress():
            self._head.value = styles.heads(head)
            self._lines.rows = max(len(lines), 2)
            options = [(line.replace(" ", _BLANK), number) for number, line in enumerate(lines)]
            if tuple(options) != tuple(self._lines.options):
                self._lines.options = options
            self._lines.index = index


def _short(text: str) -> str:
    line = printable(text).replace("\n", " ").replace("\t", " ")
    return line if len(line) <= MAX_LINE_CHARS else f"{line[: MAX_LINE_CHARS - 1]}…"


def _width(text: str) -> int:
    """Columns that text takes in a font where all characters are as wide, or twice as wide."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
