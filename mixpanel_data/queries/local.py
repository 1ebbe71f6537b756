"""Which tables a local report reads, and by which calendar it counts."""

from collections.abc import Sequence
from dataclasses import KW_ONLY
from typing import Annotated, Literal, TypedDict

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import parse_one_or_more
from mixpanel_data.queries.question import Converted, Option, Options, question

WeekStart = Literal["monday", "sunday"]
EdgeBuckets = Literal["partial", "whole"]


def _tables(value: str | Sequence[str], name: str) -> tuple[str, ...]:
    tables = parse_one_or_more(value, name)
    if len({it.lower() for it in tables}) < len(tables):
        raise InvalidArgumentError(
            f"a table is named twice: {', '.join(tables)}", hint="name each one once"
        )
    return tables


@question
class LocalQuestion(Options):
    """The options of every report on fetched tables."""

    _: KW_ONLY
    table: Annotated[
        Converted[str | Sequence[str], tuple[str, ...]],
        Option("The table of events, or several to read as one.", metavar="A,B"),
    ] = Converted(_tables, default="events")
    profiles: Annotated[
        str, Option('The table of profiles that user["x"] reads.', metavar="TABLE")
    ] = "profiles"
    timezone: Annotated[
        str | None,
        Option("The time zone of days; by default the account's, else UTC.", metavar="ZONE"),
    ] = None
    week_start: Annotated[
        WeekStart, Option("The first day of a week: monday or sunday.", metavar="DAY")
    ] = "monday"
    edge_buckets: Annotated[
        EdgeBuckets,
        Option(
            "The days of the first and last week or month: partial (those in the range) or whole.",
            metavar="DAYS",
        ),
    ] = "partial"
    dedupe: Annotated[
        bool | None,
        Option("Leave out duplicates of events; by default only where tables overlap."),
    ] = None


class LocalOptions(TypedDict, total=False):
    """The same as keywords, for `Workspace.local.on`."""

    table: str | Sequence[str]
    profiles: str
    timezone: str | None
    week_start: WeekStart
    edge_buckets: EdgeBuckets
    dedupe: bool | None
