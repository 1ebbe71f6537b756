"""/engage: profiles in pages of a session (contract, section 4)."""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from typing import Any

from werkzeug import Response

from mixpanel_data._internal.sql import literal
from mixpanel_data.sandbox.asks import Ask
from mixpanel_data.sandbox.filters import EventFilter, ProfileFilter
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.refusals import RefusalError, bad_request
from mixpanel_data.sandbox.sessions import UNCACHED, Session

PROFILES_WITHOUT_TIMESTAMP = 1000
"""Behaviors that find more profiles need as_of_timestamp."""

_WINDOW = re.compile(r"(\d+)([mhdw])")
_WINDOW_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def engage(ask: Ask) -> Response:
    """One page of the profiles asked for."""
    params = ask.params
    page = params.integer("page") or 0
    filters = json.dumps(params.without("page", "session_id", "project_id", "workspace_id"))
    session_id = params.text("session_id")
    if session_id is not None:
        session = ask.sessions.find(session_id, filters)
    elif page == 0:
        session = _search(ask, filters)
        ask.sessions.keep(session)
    else:
        raise bad_request("page without session_id: ask for page 0 first")
    size = _page_size(ask)
    head = {"page": page, "page_size": size, "session_id": session.id, "status": "ok"}
    if page == 0:
        head["total"] = session.total
    rows = _page(ask, session, page * size, size)
    head["computed_at"] = ask.now.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
    text = f'{json.dumps(head)[:-1]}, "results": [{", ".join(rows)}]}}'
    return Response(text, mimetype="application/json")


def _page_size(ask: Ask) -> int:
    size = ask.params.integer("page_size")
    if size is not None and not 100 <= size <= 10_000:
        raise bad_request("page_size must be between 100 and 10000")
    return size or ask.project.page_size


def _search(ask: Ask, filters: str) -> Session:
    params = ask.params
    conditions = ["data_group_id = ?"]
    values: list[Any] = [params.text("data_group_id") or ""]
    strangers: tuple[str, ...] = ()
    wanted = params.strings("distinct_ids")
    if params.text("distinct_id") is not None:
        wanted = [params.required("distinct_id")]
    if wanted is not None:
        conditions.append("list_contains(?, distinct_id)")
        values.append(wanted)
    behaviors = params.json("behaviors", list)
    cohort = params.json("filter_by_cohort", dict)
    if cohort is not None:
        if behaviors is not None:
            raise bad_request("behaviors and filter_by_cohort are mutually exclusive")
        members = _members(ask, cohort)
        conditions.append(f"distinct_id IN ({members})")
        if params.flag("include_all_users", default=True):
            strangers = _strangers(ask, members)
    where = params.text("where") or params.text("selector")
    rows = _matching(ask, conditions, values, where, behaviors)
    if (
        behaviors is not None
        and params.text("as_of_timestamp") is None
        and len(rows) > PROFILES_WITHOUT_TIMESTAMP
    ):
        raise bad_request(UNCACHED)
    if where is not None:
        strangers = ()
    digest = hashlib.md5(filters.encode(), usedforsecurity=False).hexdigest()
    session_id = f"{int(ask.now.timestamp())}-{digest[:6].upper()}"
    return Session(session_id, filters, rows, strangers)


def _matching(
    ask: Ask, conditions: list[str], values: list[Any], where: str | None, behaviors: Any
) -> array[int]:
    sql = f"FROM profiles WHERE {' AND '.join(conditions)} ORDER BY id"
    if where is None:
        return array("q", (row for (row,) in ask.data.rows(f"SELECT id {sql}", values)))
    keep = ProfileFilter(where, ask, _behaviors(ask, behaviors or []))
    found = array("q")
    batches = ask.data.stream(f"SELECT id, distinct_id, properties {sql}", values, ask.closing)
    for batch in batches:
        found.extend(row for row, name, text in batch if keep.keeps(name, text))
    return found


def _members(ask: Ask, cohort: dict[str, Any]) -> str:
    if "id" not in cohort:
        raise bad_request("filter_by_cohort needs an id; the sandbox has no raw cohorts")
    for known in ask.project.cohorts:
        if str(known.id) == str(cohort["id"]):
            return known.members
    raise RefusalError(404, f"cohort {cohort['id']} not found")


def _strangers(ask: Ask, members: str) -> tuple[str, ...]:
    sql = f"""
SELECT distinct_id FROM ({members}) AS m
WHERE NOT EXISTS (
    FROM profiles AS p WHERE p.distinct_id = m.distinct_id AND data_group_id = ''
)
ORDER BY distinct_id
"""
    return tuple(name for (name,) in ask.data.rows(sql))


def _page(ask: Ask, session: Session, start: int, size: int) -> list[str]:
    rows = session.rows[start : start + size]
    texts = []
    if rows:
        # A profile that was deleted meanwhile keeps its place: a short page would end the paging.
        sql = f"""
SELECT '{{"$distinct_id":' || id_json || ',"$properties":' || coalesce({_chosen(ask.params)}, '{{}}') || '}}'
FROM profile_rows
WHERE id BETWEEN ? AND ? AND list_contains(?, id)
ORDER BY id
"""
        texts = [text for (text,) in ask.data.rows(sql, [min(rows), max(rows), rows.tolist()])]
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


def _behaviors(ask: Ask, behaviors: list[Any]) -> dict[str, dict[str, int]]:
    """How often each person did each behavior, by its name."""
    as_of = ask.params.integer("as_of_timestamp")
    end = (as_of or int(ask.now.timestamp())) * 1000
    return {
        name: _doers(ask, selectors, end - window, end)
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
    ask: Ask, selectors: list[tuple[str, str | None]], start: int, end: int
) -> dict[str, int]:
    done: dict[str, int] = {}
    for event, selector in selectors:
        keep = None if selector is None else EventFilter(selector, ask)
        sql = """
SELECT distinct_id, properties FROM reported
WHERE event = ? AND time_ms >= ? AND time_ms < ?
"""
        for name, text in ask.data.rows(sql, [event, start, end]):
            if keep is None or keep.keeps(event, json.loads(text)):
                done[name] = done.get(name, 0) + 1
    return done
