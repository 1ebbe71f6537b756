"""/events and /events/properties: several events or values over time (contract, section 7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from werkzeug import Response

from mixpanel_data._internal.expressions import property_expression
from mixpanel_data._internal.reports.calendar import Calendar, key
from mixpanel_data.queries import CountType, LocalSegmentation, Unit
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import bad_request
from mixpanel_data.sandbox.reports import Values, refused, run, series_response, sparse

MAX_VALUES = 10_000


def events(context: RequestContext) -> Response:
    """Some events per bucket, without zeros."""
    names = context.params.strings("event")
    if not names:
        raise bad_request("Missing required parameter: event")
    question = _Question(context)
    values: dict[str, Any] = {}
    for name in names:
        values |= question.values(event=name)
    return series_response(context, question.buckets, sparse(values))


def properties(context: RequestContext) -> Response:
    """An event per bucket and value of a property, without zeros."""
    event, name = context.params.required("event"), context.params.required("name")
    wanted = context.params.strings("values")
    limit = context.params.integer("limit")
    question = _Question(context)
    found = question.values(
        event=event,
        on=property_expression(name),
        limit=MAX_VALUES if wanted is not None else limit if limit is not None else 255,
    )
    if wanted is not None:
        found = {value: found[value] for value in wanted if value in found}
    return series_response(context, question.buckets, sparse(found))


class _Question:
    """What both ask of the days, and how they count."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self._type = _choice(context, "type", get_args(CountType))
        self._unit: Any = _choice(context, "unit", get_args(Unit))
        if self._type == "unique" and self._unit in {"minute", "hour"}:
            raise bad_request("Error in unit: can not get hourly uniques")
        zone = context.project.timezone
        begin = None
        interval = context.params.integer("interval")
        if interval is None:
            self._first, self._last = context.days(zone)
        elif interval < 1:
            raise bad_request("Error in interval: must be positive")
        else:
            now = context.now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            begin = units_ago(now, self._unit, interval - 1)
            self._first, self._last = begin.date(), now.date()
        calendar = Calendar(zone, self._first, self._last, context.project.week_start)
        self.buckets = [
            key(bucket, self._unit)
            for bucket in calendar.buckets(self._unit)
            if begin is None or bucket >= begin
        ]

    def values(self, **more: Any) -> Values:
        """The numbers of one event."""
        with refused():
            query = LocalSegmentation(
                from_date=self._first,
                to_date=self._last,
                unit=self._unit,
                type=self._type,
                **more,
            )
        found = run(self._context, query).series
        known = set(self.buckets)
        return {
            name: {bucket: value for bucket, value in values.items() if bucket in known}
            for name, values in found.items()
        }


def units_ago(now: datetime, unit: Unit, count: int) -> datetime:
    """The begin of the unit so many units ago; weeks begin on Monday.

    >>> units_ago(datetime(2026, 3, 5, 10, 30), "month", 2)
    datetime.datetime(2026, 1, 1, 0, 0)
    """
    if unit == "minute":
        return now.replace(second=0, microsecond=0) - timedelta(minutes=count)
    if unit == "hour":
        return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=count)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "month":
        months = 12 * now.year + now.month - 1 - count
        return today.replace(year=months // 12, month=months % 12 + 1, day=1)
    if unit == "week":
        return today - timedelta(days=today.weekday() + 7 * count)
    return today - timedelta(days=count)


def _choice(context: RequestContext, name: str, choices: tuple[str, ...]) -> Any:
    value = context.params.required(name)
    if value not in choices:
        raise bad_request(f"Error in {name}: must be one of {', '.join(choices)}")
    return value
