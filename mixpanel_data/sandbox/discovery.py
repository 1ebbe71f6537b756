"""/events/…: which events, properties and values there are (contract, 7)."""

from __future__ import annotations

from datetime import timedelta

from werkzeug import Response

from mixpanel_data.sandbox import days
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import bad_request, json_response

MAX_NAMES = 5000
"""/events/names gives no more, whatever the limit."""

_KINDS = ("general", "unique", "average")


def event_names(context: RequestContext) -> Response:
    """The names of events, most frequent first."""
    _kind(context)
    limit = min(_limit(context, 255), MAX_NAMES)
    sql = """
SELECT event FROM reported WHERE time_ms >= ? AND time_ms < ?
GROUP BY event ORDER BY count(*) DESC, event LIMIT ?
"""
    return json_response([name for (name,) in context.data.rows(sql, [*context.recent(), limit])])


def events_top(context: RequestContext) -> Response:
    """Today's events against yesterday's, in the project's zone."""
    kind = _kind(context)
    zone = context.project.timezone
    today = context.today(zone)
    start, end = days.bounds(today, today, zone)
    before, _ = days.bounds(today - timedelta(days=1), today, zone)
    people = "nullif(distinct_id, '')"
    measure = {
        "general": "count(*)",
        "unique": f"count(DISTINCT {people})",
        "average": f"coalesce(count(*) / nullif(count(DISTINCT {people}), 0), 0)",
    }[kind]
    sql = f"""
WITH counted AS (
    SELECT event, time_ms >= $start AS is_today, {measure} AS amount
    FROM reported WHERE time_ms >= $before AND time_ms < $end GROUP BY ALL
)
SELECT t.event, t.amount, y.amount
FROM counted AS t LEFT JOIN counted AS y ON y.event = t.event AND NOT y.is_today
WHERE t.is_today ORDER BY t.amount DESC, t.event LIMIT $limit
"""
    values = {"start": start, "before": before, "end": end, "limit": _limit(context, 100)}
    return json_response(
        {
            "events": [
                {
                    "amount": amount,
                    "event": event,
                    "percent_change": (amount - was) / was if was else 1,
                }
                for event, amount, was in context.data.rows(sql, values)
            ],
            "type": kind,
        }
    )


def properties_top(context: RequestContext) -> Response:
    """The names of an event's properties, and how many events carry them."""
    event = context.params.text("event")
    sql = """
WITH names AS (
    SELECT unnest(json_keys(properties)) AS name FROM reported
    WHERE time_ms >= ? AND time_ms < ? AND (?::VARCHAR IS NULL OR event = ?)
)
SELECT name, count(*) FROM names GROUP BY name ORDER BY count(*) DESC, name LIMIT ?
"""
    rows = context.data.rows(sql, [*context.recent(), event, event, _limit(context, 10)])
    return json_response({name: {"count": count} for name, count in rows})


def property_values(context: RequestContext) -> Response:
    """The values of a property as text, most frequent first; a list counts once per distinct item."""
    event, name = context.params.required("event"), context.params.required("name")
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    sql = """
WITH found AS (
    SELECT properties -> ? AS value FROM reported
    WHERE time_ms >= ? AND time_ms < ? AND event = ?
), items AS (
    SELECT unnest(CASE json_type(value)
        WHEN 'ARRAY' THEN list_distinct(value ->> '$[*]')
        ELSE [value ->> '$']
    END) AS text
    FROM found
)
SELECT text FROM items WHERE text IS NOT NULL
GROUP BY text ORDER BY count(*) DESC, text LIMIT ?
"""
    rows = context.data.rows(sql, [pointer, *context.recent(), event, _limit(context, 255)])
    return json_response([text for (text,) in rows])


def _limit(context: RequestContext, default: int) -> int:
    limit = context.params.integer("limit")
    if limit is not None and limit < 1:
        raise bad_request("Error in limit: must be positive")
    return limit or default


def _kind(context: RequestContext) -> str:
    kind = context.params.text("type") or "general"
    if kind not in _KINDS:
        raise bad_request(f"Error in type: must be one of {', '.join(_KINDS)}")
    return kind
