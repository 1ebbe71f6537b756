"""The report endpoints: segmentation, funnels and retention."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from typing import Any, TypeVar

from werkzeug import Response

from mixpanel_data._internal.expressions import is_bare
from mixpanel_data._internal.expressions.errors import raised_by_sql
from mixpanel_data._internal.reports.calendar import Calendar, key
from mixpanel_data._internal.reports.events import Events, Table
from mixpanel_data._internal.reports.registry import LOCAL_REPORTS
from mixpanel_data.exceptions import InvalidArgumentError, QueryError
from mixpanel_data.queries import (
    LocalFrequency,
    LocalFunnel,
    LocalNumericSegmentation,
    LocalRetention,
    LocalSegmentation,
    LocalSegmentationAverage,
    LocalSegmentationSum,
    Question,
)
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.filters import parsed
from mixpanel_data.sandbox.refusals import RefusalError, bad_request, json_response
from mixpanel_data.sandbox.saved import Funnel
from mixpanel_data.types import FunnelStep
from mixpanel_data.types.report import OVERALL

# -- Numbers by segment and bucket, as JSON or CSV ------------------------------------------------

Values = Mapping[str, Mapping[str, float]]
"""By segment and bucket."""


def series_response(context: RequestContext, buckets: Sequence[str], values: Values) -> Response:
    """`buckets` are all there are, `values` may lack some."""
    match context.params.text("format") or "json":
        case "json":
            data = {"series": list(buckets), "values": values}
            return json_response({"data": data, "legend_size": len(values)})
        case "csv":
            return Response(_csv(sorted(buckets), values), mimetype="text/csv")
    raise bad_request("Error in format: must be json or csv")


def sparse(values: Values) -> dict[str, dict[str, float]]:
    """Without the buckets in which nothing happened."""
    return {
        name: {bucket: value for bucket, value in found.items() if value}
        for name, found in values.items()
    }


def _csv(buckets: Sequence[str], values: Values) -> str:
    """A row per bucket, a column per segment."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["date", *values])
    for bucket in buckets:
        writer.writerow([bucket, *(found.get(bucket, 0) for found in values.values())])
    return text.getvalue()


# -- Reports on the sandbox's own events, by the same SQL that answers on fetched tables ----------

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


# -- /segmentation and its siblings: events over time (contract, section 6) -----------------------

Q = TypeVar("Q", LocalNumericSegmentation, LocalSegmentationSum, LocalSegmentationAverage)


def segmentation(context: RequestContext) -> Response:
    """Events per bucket, or per bucket and value of `on`; zeros are there."""
    with refused():
        query = LocalSegmentation(
            event=one_event(context),
            **asked(context, "on", "where"),
            **given(context, "unit", "type", integers=("limit", "interval")),
        )
    found = run(context, query).series
    every = buckets(context, query, query.interval or query.unit)
    return series_response(context, shuffled(every), found)


def numeric(context: RequestContext) -> Response:
    """Events per bucket and range of a number, without zeros."""
    query = _numeric(context, LocalNumericSegmentation, "type")
    found = run(context, query).series
    return series_response(context, shuffled(buckets(context, query, query.unit)), found)


def sum_(context: RequestContext) -> Response:
    """The sum of a number per bucket."""
    values = run(context, _numeric(context, LocalSegmentationSum)).values
    results = {bucket: _whole(values[bucket] or 0) for bucket in shuffled(list(values))}
    return json_response({"status": "ok", "computed_at": computed_at(context), "results": results})


def average(context: RequestContext) -> Response:
    """The average of a number per bucket; of nothing there is none."""
    values = run(context, _numeric(context, LocalSegmentationAverage)).values
    results = {bucket: value for bucket, value in values.items() if value is not None}
    return json_response({"results": results, "status": "ok"})


def one_event(context: RequestContext) -> str:
    """The name of an event, bare; a JSON array of one is seen in the wild."""
    text = context.params.required("event")
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return value[0]
    return text


def _numeric(context: RequestContext, kind: type[Q], *more: str) -> Q:
    context.params.required("on")
    with refused():
        return kind(
            event=one_event(context),
            **asked(context, "on", "where"),
            **given(context, "unit", *more),
        )


def _whole(value: float) -> float:
    """Numbers without a fraction are written without one."""
    return int(value) if float(value).is_integer() else value


# -- /funnels: how many get through the steps of a saved funnel (contract, section 8) -------------


def funnels_list(context: RequestContext) -> Response:
    """The saved funnels."""
    return json_response(
        [{"funnel_id": funnel.funnel_id, "name": funnel.name} for funnel in context.project.funnels]
    )


def funnels(context: RequestContext) -> Response:
    """A saved funnel, once for each bucket; with `on` once more for each segment of it."""
    saved = _saved(context)
    query = _question(context, saved)
    found = run(context, query).series
    data = {}
    for bucket in shuffled(list(found)):
        segments = {name: list(map(_step, steps)) for name, steps in found[bucket].items()}
        whole = segments[OVERALL]
        data[bucket] = (
            segments
            if query.on
            else {"steps": whole, "analysis": _analysis(found[bucket][OVERALL])}
        )
    return json_response({"meta": {"dates": list(found)}, "data": data})


def _saved(context: RequestContext) -> Funnel:
    wanted = context.params.integer("funnel_id")
    if wanted is None:
        raise bad_request("Missing required parameter: funnel_id")
    for funnel in context.project.funnels:
        if funnel.funnel_id == wanted:
            return funnel
    raise RefusalError(404, f"funnel {wanted} not found")


def _question(context: RequestContext, saved: Funnel) -> LocalFunnel:
    window = given(context, "length_unit", integers=("length",))
    if ("length" in window) != ("length_unit" in window):
        raise bad_request("length and length_unit go together")
    if window and window["length"] > 90 * _PER_DAY.get(window["length_unit"], 1):
        raise bad_request("Error in length: must not be greater than 90 days")
    buckets = given(context, "unit", integers=("interval",))
    if len(buckets) > 1:
        raise bad_request("unit and interval can not be combined")
    if buckets.get("unit") == "range":
        raise bad_request("Error in unit: must be one of day, week, month")
    dates = asked(context, "on", "where")
    if "interval" in buckets:
        days = (dates["to_date"] - dates["from_date"]).days + 1
        buckets["interval"] = min(buckets["interval"], days)
    with refused():
        return LocalFunnel(
            steps=saved.steps,
            **dates,
            **(buckets or {"unit": "day"}),
            **(window or {"length": saved.length, "length_unit": saved.length_unit}),
            **given(context, integers=("limit",)),
        )


_PER_DAY = {"second": 86_400, "minute": 1440, "hour": 24, "day": 1}


def _step(step: FunnelStep) -> dict[str, Any]:
    said: dict[str, Any] = {
        "count": step.count,
        "avg_time": _seconds(step.avg_time),
        "avg_time_from_start": _seconds(step.avg_time_from_start),
        "step_conv_ratio": step.step_conv_ratio,
        "overall_conv_ratio": step.overall_conv_ratio,
        "goal": step.event,
        "event": step.event,
    }
    if step.label not in {"", step.event}:
        said["step_label"] = step.label
    return said


def _seconds(time: float | None) -> int | None:
    return None if time is None else round(time)


def _analysis(steps: Sequence[FunnelStep]) -> dict[str, int]:
    later = range(1, len(steps))
    return {
        "completion": steps[-1].count,
        "starting_amount": steps[0].count,
        "steps": len(steps),
        "worst": min(later, key=lambda n: steps[n].step_conv_ratio, default=0),
    }


# -- /retention and /retention/addiction: who comes back, and how often (contract, section 9) -----


def retention(context: RequestContext) -> Response:
    """Cohorts by date; with `on` by segment first."""
    params = context.params
    if params.text("unit") is not None and params.text("interval") is not None:
        raise bad_request("unit and interval can not be combined")
    kind = params.text("retention_type") or "birth"
    if kind == "birth":
        params.required("born_event")
    with refused():
        query = LocalRetention(
            retention_type=kind,  # type: ignore[arg-type]  # the question checks it
            born_event=params.text("born_event"),
            return_event=params.text("event"),
            **asked(context, "on", "where", "born_where"),
            unbounded=params.flag("unbounded_retention", default=False),
            as_of=context.now.astimezone(UTC).replace(tzinfo=None),
            **{"interval_count": 1}
            | given(context, "unit", integers=("interval", "interval_count", "limit")),
        )
    found: dict[str | None, dict[str, Any]] = {}
    for row in run(context, query).cohorts:
        rows = found.setdefault(row.segment, {})
        rows[str(row.date)] = {"counts": list(row.counts), "first": row.size}
    return json_response(_by_segment(found))


def addiction(context: RequestContext) -> Response:
    """How many users were active in at least 1, 2, … slots of a period."""
    for name in ("unit", "addiction_unit"):
        context.params.required(name)
    with refused():
        query = LocalFrequency(
            **asked(context, "on", "where"),
            **given(context, "unit", "addiction_unit", "event", integers=("limit",)),
        )
    found: dict[str | None, dict[str, Any]] = {}
    for period in run(context, query).periods:
        found.setdefault(period.segment, {})[str(period.date)] = list(period.counts)
    return json_response({"data": _by_segment(found)})


def _by_segment(found: dict[str | None, dict[str, Any]]) -> dict[str, Any]:
    """Rows by date; with segments, by segment and date. No order is promised."""
    ordered = {
        segment: {day: rows[day] for day in shuffled(list(rows))} for segment, rows in found.items()
    }
    if ordered.keys() <= {None}:
        return ordered.get(None, {})
    return {str(segment): rows for segment, rows in ordered.items()}
