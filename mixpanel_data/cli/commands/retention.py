"""Who comes back, and how often."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.asking import From, On, To, Top, Where
from mixpanel_data.cli.reporting import Answer, Ask, counted_here, here, report

app = App()

Period = Literal["day", "week", "month"]


@app.command(
    examples="""
Examples:
  mp retention --born "Sign Up" --return Purchase \\
      --from 2026-01-01 --to 2026-01-31 --unit week --intervals 4 -f table
  mp retention --type compounded --return Login \\
      --from 2026-01-01 --to 2026-01-31
  mp retention --born "Sign Up" --from 2026-01-01 --to 2026-01-31 \\
      --table january,february --timezone Europe/Berlin
"""
)
@report
def retention(
    ask: Ask,
    from_date: From,
    to_date: To,
    born: Annotated[
        str | None, typer.Option("--born", metavar="EVENT", help="What makes a user join a cohort.")
    ] = None,
    returned: Annotated[
        str | None, typer.Option("--return", metavar="EVENT", help="What to come back for; or any.")
    ] = None,
    kind: Annotated[
        Literal["birth", "compounded"],
        typer.Option(
            "--type", metavar="TYPE", help="birth: by first --born; compounded: by --return."
        ),
    ] = "birth",
    born_where: Annotated[
        str | None, typer.Option(metavar="EXPR", help="Only --born events that it holds for.")
    ] = None,
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="EXPR", help="Only --return events that it holds for."),
    ] = None,
    unit: Annotated[
        Period, typer.Option("--unit", metavar="UNIT", help="Cohorts by day, week or month.")
    ] = "day",
    interval: Annotated[
        int, typer.Option(metavar="N", min=1, help="Units of an interval; Mixpanel: days only.")
    ] = 1,
    intervals: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many intervals follow the first.")
    ] = 7,
    unbounded: Annotated[
        bool, typer.Option("--unbounded", help="Count who comes back then or later.")
    ] = False,
    on: On = None,
    top: Top = None,
    birth_rows: Annotated[
        Literal["first_in_range", "every_row"],
        here(metavar="ROWS", help="first_in_range: a row for a user; every_row: each with --born."),
    ] = "first_in_range",
    anchor_returns: Annotated[
        bool, here("--anchor-returns", help="The event that makes a user join is a return as well.")
    ] = False,
    on_event: Annotated[
        Literal["return", "born"],
        here(
            metavar="EVENT",
            help="Event whose --on counts; return: rates of the cohort; born: of the segment.",
        ),
    ] = "return",
    segment_sizes: Annotated[
        Literal["cohort", "returned"],
        here(metavar="SIZES", help="Size of a row with --on: cohort, or returned with the value."),
    ] = "cohort",
    as_of: Annotated[
        str | None,
        here(metavar="TIME", help="See nothing after it (UTC); else to the end of the data."),
    ] = None,
) -> Answer:
    """Show how many come back, by when they first came."""
    chosen = counted_here(
        ask,
        birth_rows=birth_rows,
        anchor_returns=anchor_returns,
        on_event=on_event,
        segment_sizes=segment_sizes,
        as_of=as_of,
    )
    return ask.retention(
        born, returned, from_date, to_date, kind, born_where=born_where, where=where, unit=unit,
        interval=interval, interval_count=intervals, unbounded=unbounded, on=on,
        limit=top or 255, **chosen,
    )  # fmt: skip


@app.command(
    examples="""
Example, on how many days of a week do people buy?
  mp frequency --event Purchase --from 2026-02-02 --to 2026-03-01 \\
      --unit week --addiction-unit day --format table
"""
)
@report
def frequency(
    ask: Ask,
    from_date: From,
    to_date: To,
    event: Annotated[
        str | None, typer.Option("--event", metavar="EVENT", help="Name of the event; or any.")
    ] = None,
    unit: Annotated[
        Period, typer.Option("--unit", metavar="UNIT", help="The period: day, week or month.")
    ] = "day",
    slot: Annotated[
        Literal["hour", "day"],
        typer.Option("--addiction-unit", metavar="UNIT", help="What is counted: hour or day."),
    ] = "hour",
    where: Where = None,
    on: On = None,
    top: Top = None,
    slots: Annotated[
        Literal["calendar", "elapsed"],
        here(metavar="SLOTS", help="calendar: of the clock; elapsed: since a user's first event."),
    ] = "calendar",
) -> Answer:
    """Show on how many days, or in how many hours, people are active."""
    return ask.frequency(
        from_date, to_date, event, unit=unit, addiction_unit=slot, where=where, on=on,
        limit=top or 255, **counted_here(ask, slots=slots),
    )  # fmt: skip
