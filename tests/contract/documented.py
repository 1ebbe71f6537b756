"""Answers as Mixpanel's documentation prints them (contract, sections 1 to 7), shortened."""

from __future__ import annotations

ME = {
    "status": "ok",
    "results": {
        "user_id": 123,
        "user_email": "a@b.c",
        "user_name": "A",
        "organizations": {"77": {"id": 77, "name": "Org", "role": "owner", "permissions": ["x"]}},
        "projects": {
            "12345": {
                "name": "P",
                "organization_id": 77,
                "timezone": "US/Pacific",
                "has_workspaces": True,
                "domain": "mixpanel.com",
                "type": "PROJECT",
            }
        },
        "workspaces": {
            "9": {
                "id": 9,
                "name": "All Project Data",
                "project_id": 12345,
                "is_default": True,
                "is_global": True,
                "is_restricted": False,
                "is_visible": True,
                "description": "",
                "creator_name": "x",
            }
        },
    },
}

EXPORT_LINE = {
    "event": "Signed up",
    "properties": {
        "time": 1602611311,
        "distinct_id": "u1",
        "$browser": "Chrome",
        "$insert_id": "hpuDqcvpltpC",
        "mp_processing_time_ms": 1602625711874,
    },
}

ENGAGE = {
    "page": 0,
    "page_size": 1000,
    "session_id": "1234567890-EXAMPL",
    "status": "ok",
    "total": 1,
    "results": [
        {
            "$distinct_id": "4",
            "$properties": {
                "$created": "2008-12-12T11:20:47",
                "$email": "e@x.y",
                "$last_seen": "2008-06-09T23:08:40",
            },
        }
    ],
}

COHORTS = [
    {
        "count": 150,
        "is_visible": 1,
        "description": "",
        "created": "2019-03-19 23:49:51",
        "project_id": 1,
        "id": 1000,
        "name": "Cohort One",
    }
]

FUNNELS = [{"funnel_id": 7509, "name": "Signup funnel"}]
EVENT_NAMES = ["battle", "click signup button"]
EVENTS_TOP = {
    "events": [{"amount": 2, "event": "funnel", "percent_change": -0.356}],
    "type": "unique",
}
PROPERTIES_TOP = {"ad version": {"count": 295}, "user type": {"count": 91}}
PROPERTY_VALUES = ["true", "7", "Chrome"]
SCHEMAS = {
    "results": [{"entityType": "event", "name": "Added To Cart", "schemaJson": {}}],
    "status": "ok",
}

QUERY_ERROR = {"request": "/api/2.0/funnels?from_date=2026-01-01", "error": "message"}
APP_ERROR = {"status": "error", "error": "message"}
PLAIN_ERROR = {"error": "message"}

MAPS = {"organizations", "projects", "workspaces"}
"""Objects whose keys are ids."""


def mismatch(example: object, actual: object, where: str = "answer") -> str | None:
    """What is in an answer that its documented example does not allow; None when it fits.

    Every documented key must be there; more are allowed. Ids and property names are free.
    """
    if isinstance(example, dict) and isinstance(actual, dict):
        counts = all(isinstance(v, dict) and set(v) == {"count"} for v in example.values())
        if (example and counts) or where.rpartition(".")[2] in MAPS:
            (first, *_) = example.values()
            return _first(mismatch(first, value, f"{where}[]") for value in actual.values())
        if missing := set(example) - set(actual):
            return f"{where} lacks {sorted(missing)}"
        return _first(mismatch(example[name], actual[name], f"{where}.{name}") for name in example)
    if isinstance(example, list) and isinstance(actual, list):
        return _first(mismatch(example[0], value, f"{where}[]") for value in actual)
    number = isinstance(example, float) and isinstance(actual, int)
    if type(example) is not type(actual) and not number:
        return f"{where} is {actual!r}, and {example!r} in the documentation"
    return None


def _first(found):
    return next((text for text in found if text is not None), None)
