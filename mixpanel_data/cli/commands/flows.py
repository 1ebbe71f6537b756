"""Paths through events."""

from __future__ import annotations

from typing import Annotated

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.asking import CountEntries, Event, From, To, Where, WindowUnit
from mixpanel_data.cli.reporting import Answer, AskHere, local_report
from mixpanel_data.text import listed

app = App()


@app.command(
    examples="""
Examples:
  mp flows --event "Sign Up" --from 2026-02-01 --to 2026-02-28 --format table
  mp flows --event Purchase --from 2026-02-01 --to 2026-02-28 \\
      --forward 0 --reverse 5 --length 1 --length-unit hour --hide "App Open"
"""
)
@local_report
def flows(
    ask: AskHere,
    event: Event,
    from_date: From,
    to_date: To,
    forward: Annotated[
        int, typer.Option(metavar="N", min=0, help="How many steps to follow after the event.")
    ] = 3,
    reverse: Annotated[
        int, typer.Option(metavar="N", min=0, help="How many steps to follow before it.")
    ] = 0,
    where: Where = None,
    count: Annotated[
        CountEntries,
        typer.Option(metavar="COUNT", help="unique: each user's first event; total: every one."),
    ] = "unique",
    length: Annotated[
        int, typer.Option(metavar="N", min=1, help="How far from the event steps may be.")
    ] = 7,
    length_unit: Annotated[
        WindowUnit, typer.Option(metavar="UNIT", help="Of --length: second, minute, hour or day.")
    ] = "day",
    top: Annotated[
        int, typer.Option("--top", metavar="N", min=1, help="So many events of a step, at most.")
    ] = 10,
    hide: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Events to leave out of the paths.")
    ] = None,
    keep_repeats: Annotated[
        bool, typer.Option("--keep-repeats", help="Show the same event several times in a row.")
    ] = False,
) -> Answer:
    """Show what people do next, or did before, in fetched events.

    Rows are links from one event to the next; JSON has whole paths, too. Rare events are $other,
    $end is where nothing followed, $start where nothing came before.
    """
    return ask.flows(
        event, from_date, to_date, forward=forward, reverse=reverse, where=where, count=count,
        length=length, length_unit=length_unit, limit=top,
        hide=listed(hide, "--hide") if hide else (), collapse_repeats=not keep_repeats,
    )  # fmt: skip
