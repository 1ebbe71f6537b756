"""Text and HTML of the magics; whatever comes from data is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, cast

from mixpanel_data.text import printable

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.formatters import DisplayFormatter
    from IPython.core.interactiveshell import InteractiveShell

    from mixpanel_data.types import SqlExplanation


def in_notebook(shell: InteractiveShell | None) -> bool:
    """True in a kernel, whose front end can update what it shows; False in a terminal."""
    return getattr(shell, "kernel", None) is not None


def is_watched(shell: InteractiveShell) -> bool:
    """False in a cell that a program runs and saves: nbconvert, papermill and nbval take no input."""
    request: dict[str, Any] = getattr(shell, "get_parent", dict)()
    return bool(request.get("content", {}).get("allow_stdin", True))


def show_first(shell: InteractiveShell, frame: pd.DataFrame, most: int | None) -> None:
    """Have the running cell show the first rows of a frame, and how many there are.

    Without `most` as many as pandas would show of it, which shows the last ones, too.
    """
    shown = frame.head(_fitting(len(frame)) if most is None else most)

    def as_html(other: pd.DataFrame) -> str | None:
        if other is not frame or len(shown) == len(frame):
            html: str | None = other._repr_html_()  # type: ignore[operator]
            return html
        return first_rows(shown, len(frame))

    def as_text(other: pd.DataFrame, printer: Any, _cycle: object) -> None:
        if other is not frame:
            printer.text(repr(other))
        elif len(shown) == len(frame):
            printer.text(printable(_text(frame)))
        else:
            printer.text(printable(f"{_text(shown)}\n{counted(len(shown), len(frame))}"))

    restored = ExitStack()
    formatters = cast("DisplayFormatter", shell.display_formatter).formatters
    ways: dict[str, Callable[..., Any]] = {"text/html": as_html, "text/plain": as_text}
    for kind, how in ways.items():
        restored.enter_context(formatting(formatters[kind], type(frame), how))

    def restore(*_: object) -> None:
        shell.events.unregister("post_run_cell", restore)
        restored.close()

    shell.events.register("post_run_cell", restore)


@contextmanager
def formatting(formatter: Any, kind: type, how: Callable[..., Any]) -> Iterator[None]:
    """Within the block, a formatter of IPython's shows values of a type this way."""
    former = formatter.type_printers.get(kind)
    formatter.for_type(kind, how)
    try:
        yield
    finally:
        if former is None:
            formatter.pop(kind, None)
        else:
            formatter.for_type(kind, former)


def _fitting(rows: int) -> int:
    """So many rows pandas would show of so many."""
    import pandas as pd

    most = pd.get_option("display.max_rows") or rows
    return rows if rows <= most else min(most, pd.get_option("display.min_rows") or most)


def _text(frame: pd.DataFrame) -> str:
    import pandas as pd

    with pd.option_context("display.max_rows", None, "display.show_dimensions", False):
        return repr(frame)


def first_rows(frame: pd.DataFrame, rows: int, *, is_all: bool = True) -> str:
    """HTML of the first of so many rows, escaped, and how many these are."""
    import pandas as pd

    with pd.option_context("display.max_rows", None, "display.show_dimensions", False):
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
        return printable(f"{self.explanation.commented()}\n{self.plan}")

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"
