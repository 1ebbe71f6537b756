"""What the commands for reports have in common: options, and the way to an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mixpanel_data.cli.progress import waits

if TYPE_CHECKING:
    from mixpanel_data.cli.context import Session
    from mixpanel_data.types import Report
    from mixpanel_data.workspace import Workspace

Unit = Literal["minute", "hour", "day", "week", "month"]
CountType = Literal["general", "unique", "average"]
CountEntries = Literal["unique", "total"]
WindowUnit = Literal["second", "minute", "hour", "day"]

Event = Annotated[str, typer.Option("--event", metavar="EVENT", help="Name of the event.")]
From = Annotated[str, typer.Option("--from", metavar="DATE", help="First day, YYYY-MM-DD.")]
To = Annotated[str, typer.Option("--to", metavar="DATE", help="Last day, included.")]
On = Annotated[
    str | None, typer.Option("--on", metavar="PROP", help="Split by a property, or an expression.")
]
Number = Annotated[
    str, typer.Option("--on", metavar="PROP", help="A property, or an expression, with numbers.")
]
Where = Annotated[
    str | None,
    typer.Option("--where", metavar="EXPR", help="Only events that this holds for; repeated: all."),
]
Top = Annotated[
    int | None, typer.Option("--top", metavar="N", min=1, help="With --on, so many values at most.")
]
Buckets = Annotated[
    Unit, typer.Option("--unit", metavar="UNIT", help="minute, hour, day, week or month.")
]
Counted = Annotated[
    CountType,
    typer.Option(
        "--type", metavar="TYPE", help="general: events, unique: users, average: events per user."
    ),
]


@contextmanager
def mixpanel(session: Session) -> Iterator[Workspace]:
    """The account's workspace, to ask Mixpanel; waits for its quota are told."""
    with session.workspace() as workspace, waits(session, workspace):
        yield workspace


def show(session: Session, report: Report) -> None:
    """Print a report: in JSON compactly, in the other formats row by row."""
    rows = report.rows()
    if session.output == "table":
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
