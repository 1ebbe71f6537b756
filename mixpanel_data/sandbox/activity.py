"""/stream/query: everything that some users did (contract, section 11)."""

from __future__ import annotations

import json

from werkzeug import Response

from mixpanel_data.sandbox import days
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import bad_request

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
