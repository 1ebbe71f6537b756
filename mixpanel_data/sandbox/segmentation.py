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
from mixpanel_data.sandbox.asks import Ask
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


def segmentation(ask: Ask) -> Response:
    """Events per bucket, or per bucket and value of `on`; zeros are there."""
    with refused():
        query = LocalSegmentation(
            event=one_event(ask),
            **asked(ask, "on", "where"),
            **given(ask, "unit", "type", integers=("limit", "interval")),
        )
    found = run(ask, query).series
    every = buckets(ask, query, query.interval or query.unit)
    return series_response(ask, shuffled(every), found)


def numeric(ask: Ask) -> Response:
    """Events per bucket and range of a number, without zeros."""
    query = _numeric(ask, LocalNumericSegmentation, "type")
    found = run(ask, query).series
    return series_response(ask, shuffled(buckets(ask, query, query.unit)), found)


def sum_(ask: Ask) -> Response:
    """The sum of a number per bucket."""
    values = run(ask, _numeric(ask, LocalSegmentationSum)).values
    results = {bucket: _whole(values[bucket] or 0) for bucket in shuffled(list(values))}
    return json_response({"status": "ok", "computed_at": computed_at(ask), "results": results})


def average(ask: Ask) -> Response:
    """The average of a number per bucket; of nothing there is none."""
    values = run(ask, _numeric(ask, LocalSegmentationAverage)).values
    results = {bucket: value for bucket, value in values.items() if value is not None}
    return json_response({"results": results, "status": "ok"})


def one_event(ask: Ask) -> str:
    """The name of an event, bare; a JSON array of one is seen in the wild."""
    text = ask.params.required("event")
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return value[0]
    return text


def _numeric(ask: Ask, kind: type[Q], *more: str) -> Q:
    ask.params.required("on")
    with refused():
        return kind(event=one_event(ask), **asked(ask, "on", "where"), **given(ask, "unit", *more))


def _whole(value: float) -> float:
    """Numbers without a fraction are written without one."""
    return int(value) if float(value).is_integer() else value
