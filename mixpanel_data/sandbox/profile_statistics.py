"""/engage/properties and /engage/stats: profiles as a whole (contract, 4.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil
from statistics import fmean, pvariance
from typing import Any

from werkzeug import Response

from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.filters import ProfileExpression
from mixpanel_data.sandbox.refusals import bad_request, json_response
from mixpanel_data.sandbox.search import find

_ACTION = re.compile(
    r"\s*(?P<name>count|extremes|numeric_summary|percentile)\s*\(\s*(?P<on>.*?)\s*"
    r"(?:(?<=\])\s*,\s*(?P<rank>\d+(?:\.\d+)?))?\s*\)\s*",
    re.DOTALL,
)
_KINDS = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "ARRAY": "list",
    "OBJECT": "object",
    "BIGINT": "number",
    "UBIGINT": "number",
    "HUGEINT": "number",
    "DOUBLE": "number",
}


def properties(context: RequestContext) -> Response:
    """The properties of profiles by name: how many have one, and what most of its values are."""
    limit = context.params.integer("limit")
    if limit is not None and limit < 1:
        raise bad_request("Error in limit: must be positive")
    sql = """
WITH found AS (
    SELECT unnest(json_keys(properties)) AS name, properties::JSON AS properties
    FROM profiles WHERE data_group_id = ?
), kinds AS (
    SELECT name, json_type(properties -> ('/' || replace(replace(name, '~', '~0'), '/', '~1'))) AS kind,
        count(*) AS count
    FROM found GROUP BY ALL
)
SELECT name, sum(count)::BIGINT AS count, arg_max(kind, count)
FROM kinds WHERE kind <> 'NULL' GROUP BY name ORDER BY count DESC, name LIMIT ?
"""
    rows = context.data.rows(sql, [context.params.text("data_group_id") or "", limit])
    return json_response(
        {
            "status": "ok",
            "results": {
                name: {"count": count, "type": _KINDS.get(kind, "string")}
                for name, count, kind in rows
            },
        }
    )


def stats(context: RequestContext) -> Response:
    """A number, or a few, over the profiles that a request means."""
    action = _ACTION.fullmatch(context.params.required("action"))
    if action is None or (action["name"] == "percentile") != (action["rank"] is not None):
        raise bad_request(
            "Error in action: must be count(), extremes(x), numeric_summary(x) or percentile(x, 90)"
        )
    found = find(context)
    if action["name"] == "count":
        return _answer(len(found.rows) + len(found.strangers))
    values = ProfileExpression(action["on"], context)
    sql = """
SELECT distinct_id, properties FROM profiles WHERE id IN (SELECT unnest(?)) ORDER BY id
"""
    batches = context.data.stream(sql, [found.rows.tolist()], context.closing)
    numbers = sorted(
        number
        for batch in batches
        for name, text in batch
        if (number := values.number(name, text)) is not None
    )
    if action["name"] == "percentile":
        return _answer(_percentile(numbers, float(action["rank"])))
    return _answer(_SUMMARIES[action["name"]](numbers))


def _answer(results: Any) -> Response:
    return json_response({"status": "ok", "results": results})


def _extremes(numbers: list[float]) -> dict[str, float | None]:
    return {"min": numbers[0], "max": numbers[-1]} if numbers else {"min": None, "max": None}


def _numeric_summary(numbers: list[float]) -> dict[str, float | None]:
    return {
        "count": len(numbers),
        "sum": sum(numbers),
        "sum_squares": sum(number * number for number in numbers),
        "avg": fmean(numbers) if numbers else None,
        "stddev": pvariance(numbers) ** 0.5 if numbers else None,
    }


def _percentile(numbers: list[float], rank: float) -> float | None:
    """The least number that so many per cent of the numbers do not exceed."""
    if not 0 <= rank <= 100:
        raise bad_request("Error in action: a percentile is between 0 and 100")
    if not numbers:
        return None
    return numbers[max(ceil(len(numbers) * rank / 100), 1) - 1]


_SUMMARIES: dict[str, Callable[[list[float]], Any]] = {
    "extremes": _extremes,
    "numeric_summary": _numeric_summary,
}
