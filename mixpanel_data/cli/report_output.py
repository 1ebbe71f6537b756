"""The way from a question to its printed answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mixpanel_data.cli.progress import waits
from mixpanel_data.formats import Format

if TYPE_CHECKING:
    from mixpanel_data.cli.context import Session
    from mixpanel_data.types import Report
    from mixpanel_data.workspace import Workspace


@contextmanager
def mixpanel(session: Session) -> Iterator[Workspace]:
    """The account's workspace, to ask Mixpanel; waits for its quota are told."""
    with session.workspace() as workspace, waits(session, workspace):
        yield workspace


def show(session: Session, report: Report) -> None:
    """Print a report: in JSON compactly, in the other formats row by row."""
    rows = report.rows()
    if session.output is Format.TABLE:
        rows = _for_eyes(rows, everything=session.columns is not None)
    session.show(report, rows=rows, headings=list(report.columns))
    if not rows:
        session.say("nothing was found")


def _for_eyes(rows: list[dict[str, Any]], *, everything: bool) -> list[dict[str, Any]]:
    """Rows with fewer digits, and without columns that are empty in all of them."""
    used = {name for row in rows for name in row if everything or row[name] is not None}
    return [{name: _short(value) for name, value in row.items() if name in used} for row in rows]


def _short(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return float(f"{value:.4g}") if abs(value) < 1 else round(value, 4)
