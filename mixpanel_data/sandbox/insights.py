"""/insights: saved reports of every kind, and the list of them (contract, section 10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from werkzeug import Response

from mixpanel_data._internal.expressions import parse
from mixpanel_data._internal.expressions.nodes import Property
from mixpanel_data.queries import LocalFunnel, LocalRetention, LocalSegmentation
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import RefusalError, app_response, bad_request, json_response
from mixpanel_data.sandbox.reports import computed_at, run
from mixpanel_data.sandbox.saved import Bookmark
from mixpanel_data.types.report import OVERALL

Q = TypeVar("Q", LocalSegmentation, LocalFunnel, LocalRetention)

_AVERAGE = "$average"
_MEASURES = ("count", "step_conv_ratio", "overall_conv_ratio", "avg_time", "avg_time_from_start")


def bookmarks(context: RequestContext, project_id: int) -> Response:
    """The saved reports; `type` narrows them."""
    context.check_project(project_id)
    wanted = context.params.text("type")
    return app_response(
        [
            {"id": each.id, "name": each.name, "type": each.type, "project_id": project_id}
            for each in context.project.bookmarks
            if wanted in (None, each.type)
        ]
    )


def insights(context: RequestContext) -> Response:
    """A saved report, counted now."""
    bookmark = _saved(context)
    last = context.today(context.project.timezone)
    first = last - timedelta(days=bookmark.days - 1)
    series: dict[str, Any] = {}
    headers: list[str] = []
    for saved in bookmark.questions:
        match replace(saved, from_date=first, to_date=last):
            case LocalFunnel() as query:
                headers = ["$funnel"]
                series[bookmark.name] = _funnel(context, query)
            case LocalRetention() as query:
                headers = ["$retention"]
                series[bookmark.name] = _retention(context, query)
            case LocalSegmentation() as query:
                headers = ["$event"] if query.on is None else ["$event", _called(query.on)]
                series[query.event] = _segmentation(context, query)
    zone = ZoneInfo(context.project.timezone)
    dates = {
        "from_date": datetime.combine(first, time(), zone).isoformat(),
        "to_date": datetime.combine(last, time(23, 59, 59, 999_000), zone).isoformat(),
    }
    said = {"computed_at": computed_at(context), "date_range": dates}
    return json_response({**said, "headers": headers, "series": series})


def _saved(context: RequestContext) -> Bookmark:
    wanted = context.params.integer("bookmark_id")
    if wanted is None:
        raise bad_request("Missing required parameter: bookmark_id")
    for bookmark in context.project.bookmarks:
        if bookmark.id == wanted:
            return bookmark
    raise RefusalError(404, f"bookmark {wanted} not found")


def _called(on: str) -> str:
    """A property is a level of its name, another expression one of its text."""
    node = parse(on)
    return node.name if isinstance(node, Property) else on


def _segmentation(context: RequestContext, query: LocalSegmentation) -> dict[str, Any]:
    """Numbers by time; with a breakdown by segment and time, all together first."""
    whole = run(context, replace(query, on=None)).series[query.event]
    found = {OVERALL: whole}
    if query.on is not None:
        found |= run(context, query).series
    by_time = {
        name: {_instant(context, bucket): value for bucket, value in values.items()}
        for name, values in found.items()
    }
    return by_time if query.on is not None else by_time[OVERALL]


def _funnel(context: RequestContext, query: LocalFunnel) -> dict[str, Any]:
    """Each measure by step, for the whole range."""
    (segments,) = run(context, query).series.values()
    steps = {
        f"{number}. {step.label or step.event}": step
        for number, step in enumerate(segments[OVERALL], 1)
    }
    return {
        measure: {name: {"all": getattr(step, measure)} for name, step in steps.items()}
        for measure in _MEASURES
    }


def _retention(context: RequestContext, query: LocalRetention) -> dict[str, Any]:
    """Each cohort by its time, and their average."""
    as_of = context.now.astimezone(UTC).replace(tzinfo=None)
    found = run(context, replace(query, as_of=as_of))
    rows: dict[str, Any] = {
        _instant(context, str(row.date)): {
            "first": row.size,
            "counts": list(row.counts),
            "rates": list(row.rates),
        }
        for row in found.cohorts
    }
    born = sum(row.size for row in found.cohorts)
    size = sum(row.size**2 for row in found.cohorts) / born if born else 0
    rates = [rate for rate in found.average if rate is not None]
    rows[_AVERAGE] = {"first": size, "counts": [rate * size for rate in rates], "rates": rates}
    return rows


def _instant(context: RequestContext, bucket: str) -> str:
    """The local start of a bucket with the offset of the project, as saved reports have it."""
    local = datetime.fromisoformat(bucket).replace(tzinfo=ZoneInfo(context.project.timezone))
    return local.isoformat()
