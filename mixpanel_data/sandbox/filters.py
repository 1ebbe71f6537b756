"""Filters of the sandbox: `where` expressions, behaviors and cohorts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug import Response

from mixpanel_data._internal.expressions import (
    Context,
    Dialect,
    ExpressionSyntaxError,
    ExpressionTypeError,
    Node,
    evaluate,
    matches,
    parse,
)
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import bad_request, json_response

# -- `where` on rows that are JSON text. Only here does Python look into a row --------------------


class EventFilter:
    """A `where` over lines of the export. `user["x"]` looks at the profile of the event's user."""

    def __init__(self, text: str, context: RequestContext) -> None:
        self._node = parsed(text, "event")
        self._context = context
        self._wants_users = "user[" in str(self._node)
        self._zone = ZoneInfo(context.project.timezone if context.project.legacy_time else "UTC")

    def lines(self, batch: Iterable[str]) -> list[str]:
        """Those lines that pass."""
        rows = [(line, json.loads(line)) for line in batch]
        users = self._users({_whose(row["properties"]) for _, row in rows})
        return [line for line, row in rows if self.keeps(row["event"], row["properties"], users)]

    def keeps(
        self, event: str, properties: Mapping[str, Any], users: Mapping[str, Any] | None = None
    ) -> bool:
        """Whether an event passes."""
        context = Context(
            event=event,
            properties=properties,
            user=(users or {}).get(_whose(properties), {}),
            zone=self._zone,
            now=self._context.now.timestamp(),
        )
        return _passes(self._node, context)

    def _users(self, ids: set[str]) -> dict[str, Any]:
        if not self._wants_users:
            return {}
        sql = """
SELECT distinct_id, properties FROM profiles
WHERE data_group_id = '' AND list_contains(?, distinct_id)
"""
        return {
            name: _profile(name, text) for name, text in self._context.data.rows(sql, [list(ids)])
        }


class ProfileExpression:
    """An expression over profiles; `behaviors` counts events, by behavior and distinct_id."""

    def __init__(
        self,
        text: str,
        context: RequestContext,
        behaviors: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self._node = parsed(text, "profile")
        self._behaviors = behaviors or {}
        self._zone = ZoneInfo(context.project.timezone)
        self._now = context.now.timestamp()

    def keeps(self, distinct_id: str, properties: str) -> bool:
        """Whether a profile passes."""
        return _passes(self._node, self._context(distinct_id, properties))

    def number(self, distinct_id: str, properties: str) -> float | None:
        """What it gives for a profile, if that is a number."""
        value = evaluate(self._node, self._context(distinct_id, properties))
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return value if is_number else None  # type: ignore[return-value]

    def _context(self, distinct_id: str, properties: str) -> Context:
        return Context.of_profile(
            _profile(distinct_id, properties),
            behaviors={name: found.get(distinct_id, 0) for name, found in self._behaviors.items()},
            zone=self._zone,
            now=self._now,
        )


def _profile(distinct_id: str, properties: str) -> dict[str, Any]:
    return {**json.loads(properties), "$distinct_id": distinct_id}


def _whose(properties: Mapping[str, Any]) -> str:
    return str(properties.get("distinct_id", ""))


def parsed(text: str, dialect: Dialect = "event", name: str = "where") -> Node:
    """An expression that came as the parameter `name`."""
    try:
        return parse(text, dialect)
    except ExpressionSyntaxError as error:
        where = f"{error.reason} at character {error.position + 1}"
        raise bad_request(f"Error in {name}: {where}") from None


def _passes(node: Node, context: Context) -> bool:
    try:
        return matches(node, context)
    except ExpressionTypeError as error:
        raise bad_request(f"Error in where: {error.message}") from None


# -- `behaviors`: how often people did something lately, to find profiles by (contract, 4) --------

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


# -- /cohorts/list: the saved cohorts (contract, section 5) ---------------------------------------


def cohorts_list(context: RequestContext) -> Response:
    """The saved cohorts, counted now."""
    return json_response(
        [
            {
                "count": context.data.rows(f"SELECT count(*) FROM ({cohort.members})")[0][0],
                "is_visible": int(cohort.is_visible),
                "description": cohort.description,
                "created": cohort.created,
                "project_id": context.project.id,
                "id": cohort.id,
                "name": cohort.name,
                "data_group_id": None,
            }
            for cohort in context.project.cohorts
        ]
    )
