"""/retention and /retention/addiction: who comes back, and how often (contract, section 9)."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from werkzeug import Response

from mixpanel_data.queries import LocalFrequency, LocalRetention
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import bad_request, json_response
from mixpanel_data.sandbox.reporting import (
    asked,
    given,
    refused,
    run,
    shuffled,
)


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
