"""Answers as Mixpanel's documentation prints them (contract, sections 1 to 12, 17), shortened."""

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

SCHEMA_JSON = {
    "$schema": "http://json-schema.org/draft-07/schema",
    "description": "an item goes into the cart",
    "required": ["item_id"],
    "additionalProperties": True,
    "properties": {
        "item_id": {
            "type": "integer",
            "description": "its number",
            "metadata": {
                "com.mixpanel": {"displayName": "Item", "hidden": False, "dropped": False}
            },
        },
        "color": {"type": "string"},
    },
    "metadata": {
        "com.mixpanel": {
            "$source": "api",
            "displayName": "Cart",
            "tags": ["shop"],
            "hidden": True,
            "dropped": False,
            "contacts": ["a@b.c"],
        }
    },
}

SEGMENTATION = {
    "data": {
        "series": ["2011-08-08", "2011-08-09", "2011-08-06", "2011-08-07"],
        "values": {
            "Signed up": {
                "2011-08-06": 147,
                "2011-08-07": 146,
                "2011-08-08": 776,
                "2011-08-09": 1376,
            }
        },
    },
    "legend_size": 1,
}
SEGMENTATION_ON = {
    "data": {
        "series": ["2024-01-02", "2024-01-01"],
        "values": {
            "US": {"2024-01-01": 100, "2024-01-02": 1},
            "undefined": {"2024-01-02": 3},
            "null": {},
            "true": {"2024-01-01": 2},
            "1": {"2024-01-01": 7},
        },
    },
    "legend_size": 5,
}
NUMERIC = {
    "data": {
        "series": ["2011-08-08", "2011-08-09", "2011-08-06", "2011-08-07"],
        "values": {"2,000 - 2,100": {"2011-08-06": 1}, "100 - 200": {"2011-08-07": 4}},
    },
    "legend_size": 2,
}
SUM = {
    "status": "ok",
    "computed_at": "2019-10-07T23:02:11.666218+00:00",
    "results": {"2019-10-07": 4, "2019-10-06": 7},
}
AVERAGE = {"results": {"2011-08-06": 8.64705882352939}, "status": "ok"}
EVENTS = {
    "data": {
        "series": ["2010-05-29", "2010-05-30", "2010-05-31"],
        "values": {
            "account-page": {"2010-05-30": 1},
            "splash features": {"2010-05-29": 6, "2010-05-31": 2},
        },
    },
    "legend_size": 2,
}

FUNNEL = {
    "meta": {"dates": ["2016-09-12", "2016-09-19"]},
    "data": {
        "2016-09-19": {
            "steps": [
                {
                    "count": 0,
                    "avg_time": None,
                    "avg_time_from_start": None,
                    "step_conv_ratio": 1,
                    "overall_conv_ratio": 1,
                    "goal": "App Open",
                    "event": "App Open",
                },
                {
                    "count": 0,
                    "avg_time": None,
                    "avg_time_from_start": None,
                    "step_conv_ratio": 0,
                    "overall_conv_ratio": 0,
                    "goal": "$custom_event:12345",
                    "event": "$custom_event:12345",
                    "step_label": "Game Played",
                    "custom_event": True,
                    "custom_event_id": 12345,
                },
            ],
            "analysis": {"completion": 0, "starting_amount": 0, "steps": 2, "worst": 1},
        },
        "2016-09-12": {
            "steps": [
                {
                    "count": 32688,
                    "avg_time": 2,
                    "avg_time_from_start": 5,
                    "step_conv_ratio": 1,
                    "overall_conv_ratio": 1,
                    "goal": "App Open",
                    "event": "App Open",
                },
                {
                    "count": 20524,
                    "avg_time": 133,
                    "avg_time_from_start": 133,
                    "step_conv_ratio": 0.6278,
                    "overall_conv_ratio": 0.6278,
                    "goal": "$custom_event:12345",
                    "event": "$custom_event:12345",
                    "step_label": "Game Played",
                    "custom_event": True,
                    "custom_event_id": 12345,
                },
            ],
            "analysis": {
                "completion": 20524,
                "starting_amount": 32688,
                "steps": 2,
                "worst": 1,
            },
        },
    },
}
FUNNEL_STEPS = FUNNEL["data"]["2016-09-12"]["steps"]
FUNNEL_ON = {
    "meta": {"dates": ["2016-09-12"]},
    "data": {
        "2016-09-12": {"Chrome": FUNNEL_STEPS, "$overall": FUNNEL_STEPS},
        "$overall": {"Chrome": FUNNEL_STEPS},
    },
    "computed_at": "2016-09-20T01:02:03",
}

RETENTION = {
    "2012-01-02": {"counts": [9, 7, 6], "first": 10},
    "2012-01-01": {"counts": [2, 1, 2], "first": 2},
}
ADDICTION = {
    "data": {
        "2012-01-01": [305, 107, 60, 41, 32, 20, *range(18, 0, -1)],
        "2012-01-02": [495, 204, *[0] * 22],
    }
}

INSIGHTS = {
    "computed_at": "2020-09-21T16:35:41.252314+00:00",
    "date_range": {
        "from_date": "2020-08-31T00:00:00-07:00",
        "to_date": "2020-09-12T23:59:59.999000-07:00",
    },
    "headers": ["$event"],
    "series": {"Logged in": {"2020-08-31T00:00:00-07:00": 9852, "2020-09-07T00:00:00-07:00": 4325}},
}
INSIGHTS_FUNNEL = {
    "headers": ["$funnel"],
    "series": {
        "Signup": {
            "count": {"1. Signup": {"all": 1000}, "2. Purchase": {"all": 250}},
            "step_conv_ratio": {"1. Signup": {"all": 1}, "2. Purchase": {"all": 0.25}},
            "overall_conv_ratio": {"1. Signup": {"all": 1}, "2. Purchase": {"all": 0.25}},
            "avg_time": {"1. Signup": {"all": None}, "2. Purchase": {"all": 60.5}},
            "avg_time_from_start": {"1. Signup": {"all": None}, "2. Purchase": {"all": 60.5}},
        }
    },
}
INSIGHTS_RETENTION = {
    "headers": ["$retention"],
    "series": {
        "Came back": {
            "2025-01-01T00:00:00+00:00": {"first": 100, "counts": [100, 40], "rates": [1, 0.4]},
            "$average": {"first": 100, "counts": [100, 40], "rates": [1, 0.4]},
        }
    },
}

ACTIVITY = {
    "status": "ok",
    "results": {
        "events": [
            {
                "event": "Game Played",
                "properties": {
                    "time": 1599589453,
                    "$distinct_id": "12a3",
                    "$browser": "Chrome",
                },
            }
        ]
    },
}

JQL_ERROR = {
    "request": "/api/2.0/jql?project_id=1",
    "error": (
        "UserVisiblePreconditionFailedError: Uncaught exception TypeError:"
        " Events(...).groupBy(...).limit is not a function\n  .limit(10);\n   ^\n\n"
        "Stack trace:\nTypeError: at main"
    ),
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
