"""`mp sample`, `mp summarize`, `mp breakdown`, `mp stats`: what is in a table, without SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mixpanel_data.cli import truncation
from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session
from mixpanel_data.formats import Format

if TYPE_CHECKING:
    from mixpanel_data.types import Answer

app = App()

Table = Annotated[str, typer.Argument(metavar="TABLE", help="Name of a table or view.")]
Full = Annotated[bool, typer.Option("--full", help="Cut nothing.")]
Event = Annotated[
    str | None, typer.Option("--event", metavar="EVENT", help="Only rows of this event.")
]


@app.command(
    examples="""
Examples:
  mp sample events
  mp sample events --event Purchase -n 1 --full
  mp sample profiles --seed 7 --format jsonl

Rows come from all over the table, and are the same ones each time. Long
values are cut; left out are insert_id, properties that are columns too, and
mp_processing_time_ms. With --full, rows are whole.
"""
)
def sample(
    ctx: typer.Context,
    table: Table,
    n: Annotated[int, typer.Option("-n", min=1, max=10_000, metavar="N", help="Print N rows.")] = 5,
    event: Event = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed picks other rows.")] = 0,
    full: Full = False,
) -> None:
    """Print some rows from all over a table."""
    session = Session.of(ctx)
    with session.database() as workspace:
        rows = workspace.sample_rows(table, n, event=event, seed=seed)
        cut = truncation.Cut()
        if not full:
            also = () if session.columns else truncation.BESIDE
            rows = [cut.row(truncation.event(row, also)) for row in rows]
        session.show([_Shown(row) for row in rows])
        _tell(session, cut)


@app.command(
    examples="""
Examples:
  mp summarize events
  mp summarize profiles --top 30 --format table

Everything is counted in all rows; times are UTC. Of a property, "rows" have
a value, "share" is their part of all rows, "distinct" counts values, "top"
has the most common ones and their rows. Your own properties come first, then
those that Mixpanel's trackers add ($..., mp_...), the most used first.
"""
)
def summarize(
    ctx: typer.Context,
    table: Table,
    top: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="Describe so many properties.")
    ] = 12,
    full: Full = False,
) -> None:
    """Describe a table: rows, users, events, days and properties."""
    session = Session.of(ctx)
    with session.database() as workspace:
        found = workspace.summarize(table, top=top)
        _show(session, found, "columns", full=full)


@app.command(
    examples="""
Examples:
  mp breakdown events
  mp breakdown events --top 3 --format csv

"users" counts distinct_ids that are not empty, "properties" those that the
event carries. Times are UTC.
"""
)
def breakdown(
    ctx: typer.Context,
    table: Table,
    top: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="List so many events.")
    ] = 20,
) -> None:
    """List the events of a table: rows, users, first and last time."""
    session = Session.of(ctx)
    with session.database() as workspace:
        found = workspace.event_breakdown(table, top=top)
        _show(session, found, "events", full=True)


@app.command(
    examples="""
Examples:
  mp stats events amount
  mp stats events amount --event Purchase --format table
  mp stats events item_ids --top 3
  mp stats profiles plan --format csv      its values, with their rows

"present" counts rows with a value, "null" rows where it is null, "missing"
rows without the property. "share" is the part of all rows; of a value, the
part of the rows that have one. "type" holds the values of all events, as in a
flat table; where they are of several "kinds", 5 and "5" count as one value.
"""
)
def stats(
    ctx: typer.Context,
    table: Table,
    prop: Annotated[str, typer.Argument(metavar="PROPERTY", help="A property, or a column.")],
    event: Event = None,
    top: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="List so many values.")
    ] = 10,
    full: Full = False,
) -> None:
    """Show how many rows have a property, and what its values are."""
    session = Session.of(ctx)
    with session.database() as workspace:
        found = workspace.property_stats(table, prop, event, top)
        _show(session, found, "top", full=full, is_one=session.output is Format.JSON)


@dataclass(frozen=True)
class _Shown:
    """Facts as they are printed."""

    facts: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return self.facts


def _show(
    session: Session, answer: Answer, field: str, *, full: bool, is_one: bool = False
) -> None:
    """Print the answer, or the rows in its `field` where rows are wanted, unless it `is_one`."""
    cut = truncation.Cut()
    facts = answer.to_dict()
    rows = [_row(row, session.output) for row in getattr(answer, field)]
    if not full:
        facts, rows = cut.answer(facts), cut.answer(rows)
    if is_one:
        session.show(_Shown(facts))
    elif session.output is Format.TABLE and not session.excerpt.is_of_rows:
        session.show(_Shown(truncation.for_eyes({**facts, field: rows})))
    else:
        session.show(_Shown(facts), rows=[_Shown(row) for row in rows])
    _tell(session, cut)


def _row(answer: Answer, output: str) -> dict[str, Any]:
    """In rows under headings, every field has its place; JSON leaves out empty ones."""
    from mixpanel_data.types.profiling import CompactAnswer

    if isinstance(answer, CompactAnswer) and output in {"csv", "table"}:
        return answer.row()
    return answer.to_dict()


def _tell(session: Session, cut: truncation.Cut) -> None:
    if cut.did:
        session.say(f"values are cut where {truncation.MARK} stands: --full shows them")
