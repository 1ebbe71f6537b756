"""/funnels: how many get through the steps of a saved funnel (contract, section 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug import Response

from mixpanel_data.queries import LocalFunnel
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import RefusalError, bad_request, json_response
from mixpanel_data.sandbox.reporting import asked, given, refused, run, shuffled
from mixpanel_data.sandbox.saved import Funnel
from mixpanel_data.types import FunnelStep
from mixpanel_data.types.report import OVERALL


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
