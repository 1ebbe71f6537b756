"""Reports of the events of some days, and who comes back."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.asking import (
    Buckets,
    Counted,
    Event,
    From,
    Number,
    On,
    To,
    Top,
    Where,
    mixpanel,
    show,
)
from mixpanel_data.cli.context import Session

app = App()

HourOrDay = Annotated[
    Literal["hour", "day"], typer.Option("--unit", metavar="UNIT", help="hour or day.")
]
Period = Literal["day", "week", "month"]


@app.command(
    examples="""
Examples:
  mp segmentation --event Purchase --from 2026-02-01 --to 2026-02-28
  mp segmentation --event Purchase --from 2026-02-01 --to 2026-02-28 \\
      --on country --type unique --unit week --format table
  mp segmentation --event Purchase --from 2026-02-01 --to 2026-02-28 \\
      --where 'properties["amount"] > 100'
"""
)
def segmentation(
    ctx: typer.Context,
    event: Event,
    from_date: From,
    to_date: To,
    on: On = None,
    unit: Buckets = "day",
    where: Where = None,
    kind: Counted = "general",
    top: Top = None,
    interval: Annotated[
        int | None,
        typer.Option(metavar="DAYS", min=1, help="Buckets of so many days; not with general."),
    ] = None,
) -> None:
    """Count an event over time, split by a property.

    An event or a property that Mixpanel does not know is warned of.
    """
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        result = workspace.segmentation(
            event, from_date, to_date, on, unit, where, type=kind, limit=top or 60,
            interval=interval,
        )  # fmt: skip
        show(session, result)


@app.command(
    "segmentation-numeric",
    examples="""
Example:
  mp segmentation-numeric --event Purchase --on amount \\
      --from 2026-02-01 --to 2026-02-28 --format table
""",
)
def segmentation_numeric(
    ctx: typer.Context,
    event: Event,
    on: Number,
    from_date: From,
    to_date: To,
    unit: HourOrDay = "day",
    where: Where = None,
    kind: Counted = "general",
) -> None:
    """Count an event by ranges of a number."""
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        result = workspace.segmentation_numeric(
            event, from_date, to_date, on, unit, where, type=kind
        )
        show(session, result)


@app.command(
    "segmentation-sum",
    examples="""
Example:
  mp segmentation-sum --event Purchase --on amount \\
      --from 2026-02-01 --to 2026-02-28
""",
)
def segmentation_sum(
    ctx: typer.Context,
    event: Event,
    on: Number,
    from_date: From,
    to_date: To,
    unit: HourOrDay = "day",
    where: Where = None,
) -> None:
    """Sum up a number over an event's occurrences."""
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        show(session, workspace.segmentation_sum(event, from_date, to_date, on, unit, where))


@app.command(
    "segmentation-average",
    examples="""
Example:
  mp segmentation-average --event Purchase --on amount \\
      --from 2026-02-01 --to 2026-02-28
""",
)
def segmentation_average(
    ctx: typer.Context,
    event: Event,
    on: Number,
    from_date: From,
    to_date: To,
    unit: HourOrDay = "day",
    where: Where = None,
) -> None:
    """Average a number over an event's occurrences."""
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        show(session, workspace.segmentation_average(event, from_date, to_date, on, unit, where))


@app.command(
    examples="""
Examples:
  mp funnels                                    which are there?
  mp funnel 7509 --from 2026-02-01 --to 2026-02-28 --format table
  mp funnel 7509 --from 2026-02-01 --to 2026-02-28 --unit week --on '$browser'
"""
)
def funnel(
    ctx: typer.Context,
    funnel_id: Annotated[int, typer.Argument(metavar="ID", help="Id of a saved funnel.")],
    from_date: From,
    to_date: To,
    unit: Annotated[
        Literal["day", "week", "month", "range"],
        typer.Option(
            "--unit", metavar="UNIT", help="range: one funnel; day, week, month: one for each."
        ),
    ] = "range",
    on: On = None,
    where: Where = None,
    interval: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, help="A funnel for each so many days.")
    ] = None,
    length: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Time to convert; else as saved.")
    ] = None,
    length_unit: Annotated[
        Literal["second", "minute", "hour", "day"] | None,
        typer.Option(metavar="UNIT", help="Of --length: second, minute, hour, else day."),
    ] = None,
    top: Top = None,
) -> None:
    """Show how many get through the steps of a saved funnel.

    A user who enters in two days counts twice with --unit day, once with range.
    """
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        result = workspace.funnel(
            funnel_id, from_date, to_date, unit, on, where=where, interval=interval,
            length=length, length_unit=length_unit or ("day" if length else None), limit=top or 255,
        )  # fmt: skip
        show(session, result)


@app.command(
    examples="""
Examples:
  mp retention --born "Sign Up" --return Purchase \\
      --from 2026-01-01 --to 2026-01-31 --unit week --intervals 4 -f table
  mp retention --type compounded --return Login \\
      --from 2026-01-01 --to 2026-01-31
"""
)
def retention(
    ctx: typer.Context,
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
        int, typer.Option(metavar="N", min=1, help="Days of an interval, with --unit day.")
    ] = 1,
    intervals: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many intervals follow the first.")
    ] = 7,
    unbounded: Annotated[
        bool, typer.Option("--unbounded", help="Count who comes back then or later.")
    ] = False,
    on: On = None,
    top: Top = None,
) -> None:
    """Show how many come back, by when they first came."""
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        result = workspace.retention(
            born, returned, from_date, to_date, kind, born_where=born_where, where=where,
            unit=unit, interval=interval, interval_count=intervals, unbounded=unbounded,
            on=on, limit=top or 255,
        )  # fmt: skip
        show(session, result)


@app.command(
    examples="""
Example, on how many days of a week do people buy?
  mp frequency --event Purchase --from 2026-02-02 --to 2026-03-01 \\
      --unit week --addiction-unit day --format table
"""
)
def frequency(
    ctx: typer.Context,
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
) -> None:
    """Show on how many days, or in how many hours, people are active."""
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        result = workspace.frequency(
            from_date, to_date, event, unit=unit, addiction_unit=slot, where=where, on=on,
            limit=top or 255,
        )  # fmt: skip
        show(session, result)
