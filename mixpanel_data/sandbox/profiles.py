"""The endpoints for users: pages of profiles, statistics of them, activity."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from math import ceil
from statistics import fmean, pvariance
from typing import Any

from werkzeug import Response

from mixpanel_data._internal.sql import literal
from mixpanel_data.sandbox import days
from mixpanel_data.sandbox.context import RequestContext, Session
from mixpanel_data.sandbox.filters import ProfileExpression
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.refusals import bad_request, json_response
from mixpanel_data.sandbox.search import find

# -- /engage: profiles in pages of a session (contract, section 4) --------------------------------


def engage(context: RequestContext) -> Response:
    """One page of the profiles asked for."""
    params = context.params
    page = params.integer("page") or 0
    filters = json.dumps(params.without("page", "session_id", "project_id", "workspace_id"))
    session_id = params.text("session_id")
    if session_id is not None:
        session = context.sessions.find(session_id, filters)
    elif page == 0:
        session = _session(context, filters)
        context.sessions.keep(session)
    else:
        raise bad_request("page without session_id: ask for page 0 first")
    size = _page_size(context)
    faults = {fault.kind for fault in context.faults}
    if "first-page" in faults:
        page = 0
    head = {"page": page, "page_size": size, "session_id": session.id, "status": "ok"}
    if page == 0:
        head["total"] = session.total
    if "no-page-size" in faults:
        del head["page_size"]
    rows = _page(context, session, page * size, size)
    if "short-page" in faults:
        rows = rows[:-1]
    head["computed_at"] = context.now.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
    text = f'{json.dumps(head)[:-1]}, "results": [{", ".join(rows)}]}}'
    return Response(text, mimetype="application/json")


def _page_size(context: RequestContext) -> int:
    size = context.params.integer("page_size")
    if size is not None and not 100 <= size <= 10_000:
        raise bad_request("page_size must be between 100 and 10000")
    return size or context.project.page_size


def _session(context: RequestContext, filters: str) -> Session:
    digest = hashlib.md5(filters.encode(), usedforsecurity=False).hexdigest()
    session_id = f"{int(context.now.timestamp())}-{digest[:6].upper()}"
    found = find(context)
    return Session(session_id, filters, found.rows, found.strangers)


def _page(context: RequestContext, session: Session, start: int, size: int) -> list[str]:
    rows = session.rows[start : start + size]
    texts = []
    if rows:
        # A profile that was deleted meanwhile keeps its place: a short page would end the paging.
        sql = f"""
SELECT '{{"$distinct_id":' || id_json || ',"$properties":' || coalesce({_chosen(context.params)}, '{{}}') || '}}'
FROM profile_rows
WHERE id BETWEEN ? AND ? AND list_contains(?, id)
ORDER BY id
"""
        texts = [text for (text,) in context.data.rows(sql, [min(rows), max(rows), rows.tolist()])]
    after = max(start - len(session.rows), 0)
    strangers = session.strangers[after : after + size - len(texts)]
    return texts + [json.dumps({"$distinct_id": name, "$properties": {}}) for name in strangers]


def _chosen(params: Params) -> str:
    """SQL for the profile's JSON, cut down to `output_properties`; what is missing stays so."""
    names = params.strings("output_properties")
    if names is None:
        return "properties"
    parts = [
        f"{literal(json.dumps(name, ensure_ascii=False) + ':')} || (properties -> {literal(_pointer(name))})"
        for name in names
    ]
    return f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'" if parts else "'{}'"


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


# -- /engage/properties and /engage/stats: profiles as a whole (contract, 4.3) --------------------

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


# -- /stream/query: everything that some users did (contract, section 11) -------------------------

DEPRECATED = {"Deprecation": "true"}
"""Mixpanel says so since June 2026."""

WARNING = "stream/query is in maintenance mode and may be taken away"


def stream_query(context: RequestContext) -> Response:
    """The events of users, oldest first, with times in seconds."""
    users = context.params.strings("distinct_ids")
    if not users:
        raise bad_request("Missing required parameter: distinct_ids")
    zone = context.project.timezone
    start, end = days.bounds(*context.days(zone), zone)
    sql = """
SELECT '{"event":' || to_json(event) || ',"properties":{"time":' || time_ms // 1000 || ',' || rest || '}'
FROM events
WHERE NOT superseded AND time_ms >= ? AND time_ms < ? AND list_contains(?, distinct_id)
ORDER BY time_ms
"""
    events = ", ".join(text for (text,) in context.data.rows(sql, [start, end, users]))
    text = (
        f'{{"status": "ok", "warning": {json.dumps(WARNING)}, "results": {{"events": [{events}]}}}}'
    )
    return Response(text, headers=DEPRECATED, mimetype="application/json")
