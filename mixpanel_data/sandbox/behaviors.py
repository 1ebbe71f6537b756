"""`behaviors`: how often people did something lately, to find profiles by (contract, 4)."""

from __future__ import annotations

import json
import re
from typing import Any

from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.filters import EventFilter
from mixpanel_data.sandbox.refusals import bad_request

_WINDOW = re.compile(r"(\d+)([mhdw])")
_WINDOW_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def counted(context: RequestContext, behaviors: list[Any]) -> dict[str, dict[str, int]]:
    """How often each person did each behavior, by its name."""
    as_of = context.params.integer("as_of_timestamp")
    end = (as_of or int(context.now.timestamp())) * 1000
    return {
        name: _doers(context, selectors, end - window, end)
        for name, window, selectors in map(_behavior, behaviors)
    }


def _behavior(value: Any) -> tuple[str, int, list[tuple[str, str | None]]]:
    """Name, window in milliseconds, and the events with their selectors."""
    try:
        window = _WINDOW.fullmatch(value["window"])
        name = value["name"]
        selectors = [(each["event"], each.get("selector")) for each in value["event_selectors"]]
    except (TypeError, KeyError) as error:
        raise bad_request(f"Error in behaviors: {error} is missing or wrong") from None
    if window is None:
        raise bad_request("Error in behaviors: window must be a number and one of m, h, d, w")
    return name, int(window[1]) * _WINDOW_MS[window[2]], selectors


def _doers(
    context: RequestContext, selectors: list[tuple[str, str | None]], start: int, end: int
) -> dict[str, int]:
    done: dict[str, int] = {}
    for event, selector in selectors:
        keep = None if selector is None else EventFilter(selector, context)
        sql = """
SELECT distinct_id, properties FROM reported
WHERE event = ? AND time_ms >= ? AND time_ms < ?
"""
        for name, text in context.data.rows(sql, [event, start, end]):
            if keep is None or keep.keeps(event, json.loads(text)):
                done[name] = done.get(name, 0) + 1
    return done
