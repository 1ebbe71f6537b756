"""Text and HTML of the magics; whatever comes from data is escaped."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from mixpanel_data.text import printable

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.interactiveshell import InteractiveShell

    from mixpanel_data.types import SqlExplanation


def in_notebook(shell: InteractiveShell | None) -> bool:
    """True in a kernel, whose front end can update what it shows; False in a terminal."""
    return getattr(shell, "kernel", None) is not None


def limit_rows(shell: InteractiveShell, most: int) -> None:
    """Have pandas show so many rows at most, until the running cell ends."""
    import pandas as pd

    options = {
        f"display.{name}": pd.get_option(f"display.{name}") for name in ("max_rows", "min_rows")
    }

    def restore(*_: object) -> None:
        shell.events.unregister("post_run_cell", restore)
        for name, value in options.items():
            pd.set_option(name, value)

    for name in options:
        pd.set_option(name, most)
    shell.events.register("post_run_cell", restore)


def first_rows(frame: pd.DataFrame, rows: int, *, is_all: bool = True) -> str:
    """HTML of the first of so many rows, escaped, and how many these are."""
    import pandas as pd

    options = ("display.max_rows", None, "display.show_dimensions", False)
    with pd.option_context(*options):
        table: str | None = frame._repr_html_()  # type: ignore[operator]
    return f"{table or escape(str(frame))}<p>{counted(len(frame), rows, is_all=is_all)}</p>"


def counted(shown: int, rows: int, *, is_all: bool = True) -> str:
    """How many rows there are, and how many of them are shown.

    >>> counted(3, 12345)
    '3 of 12,345 rows'
    >>> counted(1, 1)
    '1 row'
    """
    if not is_all:
        return f"{shown:,} of more than {rows:,} rows"
    if shown < rows:
        return f"{shown:,} of {rows:,} rows"
    return f"{rows:,} row{'' if rows == 1 else 's'}"


@dataclass(frozen=True)
class DryRun:
    """What a query would run: DuckDB's plan, and which properties come from flat tables."""

    explanation: SqlExplanation
    plan: str

    def __repr__(self) -> str:
        told = [
            f"{t.name}: {', '.join(t.properties)} from {t.flat}" for t in self.explanation.tables
        ]
        notes = [f"-- {note}" for note in (*told, *self.explanation.reasons)]
        return printable("\n".join([self.explanation.runs, *notes, self.plan]))

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"
