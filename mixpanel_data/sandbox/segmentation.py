"""/segmentation and its siblings: events over time (contract, section 6)."""

from __future__ import annotations

import json
from typing import TypeVar

from werkzeug import Response

from mixpanel_data.queries import (
    LocalNumericSegmentation,
    LocalSegmentation,
    LocalSegmentationAverage,
    LocalSegmentationSum,
)
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import json_response
from mixpanel_data.sandbox.reporting import (
    asked,
    buckets,
    computed_at,
    given,
    refused,
    run,
    shuffled,
)
from mixpanel_data.sandbox.series import series_response

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
