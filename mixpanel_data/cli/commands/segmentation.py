"""An event over time: how often, by how many, how much."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.asking import Buckets, Counted, Event, From, Number, On, To, Top, Where
from mixpanel_data.cli.reporting import Answer, Ask, counted_here, here, report

app = App()

HourOrDay = Annotated[
    Literal["hour", "day"], typer.Option("--unit", metavar="UNIT", help="hour or day.")
]


@app.command(
    examples="""
Examples:
  mp segmentation --event Purchase --from 2026-02-01 --to 2026-02-28
  mp segmentation --event Purchase --from 2026-02-01 --to 2026-02-28 \\
      --on country --type unique --unit week --format table
  mp segmentation --event Purchase --from 2026-02-01 --to 2026-02-28 \\
      --where 'properties["amount"] > 100' --local
"""
)
@report
def segmentation(
    ask: Ask,
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
    average_per: Annotated[
        Literal["users_of_bucket", "users_of_range"],
        here(metavar="USERS", help="--type average: per users_of_bucket, or users_of_range."),
    ] = "users_of_bucket",
) -> Answer:
    """Count an event over time, split by a property.

    An event or a property that Mixpanel does not know is warned of.
    """
    return ask.segmentation(
        event, from_date, to_date, on, unit, where, type=kind, limit=top or 60, interval=interval,
        **counted_here(ask, average_per=average_per),
    )  # fmt: skip


@app.command(
    "segmentation-numeric",
    examples="""
Example:
  mp segmentation-numeric --event Purchase --on amount \\
      --from 2026-02-01 --to 2026-02-28 --format table
""",
)
@report
def segmentation_numeric(
    ask: Ask,
    event: Event,
    on: Number,
    from_date: From,
    to_date: To,
    unit: HourOrDay = "day",
    where: Where = None,
    kind: Counted = "general",
    range_includes: Annotated[
        Literal["lower", "upper"],
        here(metavar="END", help="The end that belongs to a range: lower or upper."),
    ] = "lower",
) -> Answer:
    """Count an event by ranges of a number."""
    return ask.segmentation_numeric(
        event, from_date, to_date, on, unit, where, type=kind,
        **counted_here(ask, range_includes=range_includes),
    )  # fmt: skip


@app.command(
    "segmentation-sum",
    examples="""
Example:
  mp segmentation-sum --event Purchase --on amount \\
      --from 2026-02-01 --to 2026-02-28
""",
)
@report
def segmentation_sum(
    ask: Ask,
    event: Event,
    on: Number,
    from_date: From,
    to_date: To,
    unit: HourOrDay = "day",
    where: Where = None,
) -> Answer:
    """Sum up a number over an event's occurrences."""
    return ask.segmentation_sum(event, from_date, to_date, on, unit, where)


@app.command(
    "segmentation-average",
    examples="""
Example:
  mp segmentation-average --event Purchase --on amount \\
      --from 2026-02-01 --to 2026-02-28
""",
)
@report
def segmentation_average(
    ask: Ask,
    event: Event,
    on: Number,
    from_date: From,
    to_date: To,
    unit: HourOrDay = "day",
    where: Where = None,
    non_numbers: Annotated[
        Literal["zero", "left_out"],
        here(metavar="AS", help="What is no number counts as zero, or is left_out."),
    ] = "zero",
) -> Answer:
    """Average a number over an event's occurrences."""
    return ask.segmentation_average(
        event, from_date, to_date, on, unit, where, **counted_here(ask, non_numbers=non_numbers)
    )
