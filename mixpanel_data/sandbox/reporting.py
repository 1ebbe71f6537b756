"""Reports on the sandbox's own events, by the same SQL that answers on fetched tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from mixpanel_data._internal.expressions import is_bare
from mixpanel_data._internal.expressions.errors import raised_by_sql
from mixpanel_data._internal.reports.calendar import Calendar, key
from mixpanel_data._internal.reports.events import Events, Table
from mixpanel_data._internal.reports.registry import LOCAL_REPORTS
from mixpanel_data.exceptions import InvalidArgumentError, QueryError
from mixpanel_data.queries import Question
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.filters import parsed
from mixpanel_data.sandbox.refusals import bad_request

A = TypeVar("A")


def run(context: RequestContext, query: Question[A]) -> A:
    """Count, over the days of the project's zone."""
    report = LOCAL_REPORTS[type(query)]
    calendar = calendar_of(context, query)
    events = Events(
        [Table("fetched_events", is_view=True)],
        profiles=Table("fetched_profiles", is_view=True),
        zone=calendar.zone,
    )
    with refused():
        rows = context.data.rows(report.sql(query, events, calendar))
    answer: A = report.answer(query, rows, calendar, source="sandbox", tables=())
    return answer


def calendar_of(context: RequestContext, query: Any) -> Calendar:
    """The days of a question, in the project's zone."""
    project = context.project
    return Calendar(project.timezone, query.from_date, query.to_date, project.week_start)


def buckets(context: RequestContext, query: Any, unit: str | int) -> list[str]:
    """All buckets of a question, in order."""
    return [key(bucket, unit) for bucket in calendar_of(context, query).buckets(unit)]


@contextmanager
def refused() -> Iterator[None]:
    """What a question or an expression can't mean is a 400."""
    try:
        yield
    except InvalidArgumentError as error:
        raise bad_request(f"Error in request: {error.message}") from None
    except QueryError as error:
        if raised_by_sql(str(error.__cause__)) is None:
            raise
        raise bad_request(f"Error in expression: {error.message}") from None


def asked(context: RequestContext, *expressions: str) -> dict[str, Any]:
    """The days of a question, and its expressions; one that is none is refused."""
    first, last = context.days(context.project.timezone)
    found = {name: _expression(name, context.params.text(name)) for name in expressions}
    return {"from_date": first, "to_date": last, **found}


def _expression(name: str, text: str | None) -> str | None:
    """The text, so that nobody takes it for the bare name of a property: the API knows none."""
    if text is None:
        return None
    parsed(text, name=name)
    if not is_bare(text):
        return text
    if name == "on":
        raise bad_request("Error in on: must have a property")
    return f'({text}) or (false and defined(properties["time"]))'


def given(context: RequestContext, *texts: str, integers: tuple[str, ...] = ()) -> dict[str, Any]:
    """Those parameters that were given."""
    found: dict[str, Any] = {name: context.params.text(name) for name in texts}
    found |= {name: context.params.integer(name) for name in integers}
    return {name: value for name, value in found.items() if value is not None}


def computed_at(context: RequestContext) -> str:
    """When an answer was counted: now."""
    return context.now.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def shuffled(names: list[str]) -> list[str]:
    """The later half first: Mixpanel promises no order, and shows this one.

    >>> shuffled(["2011-08-06", "2011-08-07", "2011-08-08", "2011-08-09"])
    ['2011-08-08', '2011-08-09', '2011-08-06', '2011-08-07']
    """
    middle = len(names) // 2
    return names[middle:] + names[:middle]
