"""One function per endpoint, in the documented shapes (contract, sections 1.2, 5, 7, 8, 17)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from werkzeug import Response

from mixpanel_data.sandbox import days
from mixpanel_data.sandbox.asks import Ask
from mixpanel_data.sandbox.refusals import RefusalError, bad_request, json_response

MAX_NAMES = 5000
"""/events/names gives no more, whatever the limit."""

_PROPERTIES = "('{\"time\":' || time_ms || ',' || rest)::JSON"
_KINDS = ("general", "unique", "average")


def me(ask: Ask) -> Response:
    """Who asks, and the organisations, projects and workspaces open to them."""
    project = ask.project
    organization_id, organization = project.organization
    workspace_id, workspace = project.workspace
    return _app_answer(
        {
            "user_id": 123,
            "user_email": "sandbox@example.com",
            "user_name": "Sandbox",
            "organizations": {
                str(organization_id): {
                    "id": organization_id,
                    "name": organization,
                    "role": "admin",
                    "permissions": ["query", "export"],
                }
            },
            "projects": {
                str(project.id): {
                    "name": project.name,
                    "organization_id": organization_id,
                    "timezone": project.timezone,
                    "has_workspaces": True,
                    "domain": "mixpanel.com",
                    "type": "PROJECT",
                }
            },
            "workspaces": {
                str(workspace_id): {
                    "id": workspace_id,
                    "name": workspace,
                    "project_id": project.id,
                    "is_default": True,
                    "is_global": True,
                    "is_restricted": False,
                    "is_visible": True,
                    "description": "",
                    "creator_name": "Sandbox",
                }
            },
        }
    )


def schemas(ask: Ask, project_id: int) -> Response:
    """The Lexicon: what somebody described, which is not all that was sent."""
    if project_id != ask.project.id:
        raise RefusalError(403, "You do not have permission to access this project")
    return _app_answer(list(ask.project.schemas))


def _app_answer(results: Any) -> Response:
    return json_response({"status": "ok", "results": results})


def funnels_list(ask: Ask) -> Response:
    """The saved funnels."""
    return json_response(
        [{"funnel_id": funnel.funnel_id, "name": funnel.name} for funnel in ask.project.funnels]
    )


def cohorts_list(ask: Ask) -> Response:
    """The saved cohorts, counted now."""
    return json_response(
        [
            {
                "count": ask.data.rows(f"SELECT count(*) FROM ({cohort.members})")[0][0],
                "is_visible": int(cohort.is_visible),
                "description": cohort.description,
                "created": cohort.created,
                "project_id": ask.project.id,
                "id": cohort.id,
                "name": cohort.name,
                "data_group_id": None,
            }
            for cohort in ask.project.cohorts
        ]
    )


def event_names(ask: Ask) -> Response:
    """The names of events, most frequent first."""
    _kind(ask)
    limit = min(_limit(ask, 255), MAX_NAMES)
    sql = """
SELECT event FROM events WHERE time_ms >= ? AND time_ms < ?
GROUP BY event ORDER BY count(*) DESC, event LIMIT ?
"""
    return json_response([name for (name,) in ask.data.rows(sql, [*ask.recent(), limit])])


def events_top(ask: Ask) -> Response:
    """Today's events against yesterday's, in the project's zone."""
    kind = _kind(ask)
    zone = ask.project.timezone
    today = ask.today(zone)
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
    FROM events WHERE time_ms >= $before AND time_ms < $end GROUP BY ALL
)
SELECT t.event, t.amount, y.amount
FROM counted AS t LEFT JOIN counted AS y ON y.event = t.event AND NOT y.is_today
WHERE t.is_today ORDER BY t.amount DESC, t.event LIMIT $limit
"""
    values = {"start": start, "before": before, "end": end, "limit": _limit(ask, 100)}
    return json_response(
        {
            "events": [
                {
                    "amount": amount,
                    "event": event,
                    "percent_change": (amount - was) / was if was else 1,
                }
                for event, amount, was in ask.data.rows(sql, values)
            ],
            "type": kind,
        }
    )


def properties_top(ask: Ask) -> Response:
    """The names of an event's properties, and how many events carry them."""
    event = ask.params.text("event")
    sql = f"""
WITH names AS (
    SELECT unnest(json_keys({_PROPERTIES})) AS name FROM events
    WHERE time_ms >= ? AND time_ms < ? AND (?::VARCHAR IS NULL OR event = ?)
)
SELECT name, count(*) FROM names GROUP BY name ORDER BY count(*) DESC, name LIMIT ?
"""
    rows = ask.data.rows(sql, [*ask.recent(), event, event, _limit(ask, 10)])
    return json_response({name: {"count": count} for name, count in rows})


def property_values(ask: Ask) -> Response:
    """The values of a property as text, most frequent first; a list counts once per item."""
    event, name = ask.params.required("event"), ask.params.required("name")
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    sql = f"""
WITH found AS (
    SELECT {_PROPERTIES} -> ? AS value FROM events
    WHERE time_ms >= ? AND time_ms < ? AND event = ?
), items AS (
    SELECT unnest(CASE json_type(value) WHEN 'ARRAY' THEN value::JSON[] ELSE [value] END) AS item
    FROM found WHERE value IS NOT NULL
)
SELECT item ->> '$' AS text FROM items WHERE text IS NOT NULL
GROUP BY text ORDER BY count(*) DESC, text LIMIT ?
"""
    rows = ask.data.rows(sql, [pointer, *ask.recent(), event, _limit(ask, 255)])
    return json_response([text for (text,) in rows])


def _limit(ask: Ask, default: int) -> int:
    limit = ask.params.integer("limit")
    if limit is not None and limit < 1:
        raise bad_request("Error in limit: must be positive")
    return limit or default


def _kind(ask: Ask) -> str:
    kind = ask.params.text("type") or "general"
    if kind not in _KINDS:
        raise bad_request(f"Error in type: must be one of {', '.join(_KINDS)}")
    return kind
