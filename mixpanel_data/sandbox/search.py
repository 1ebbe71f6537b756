"""Which profiles a request means: ids, a cohort, a `where`, behaviors (contract, section 4)."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

from mixpanel_data.sandbox import behaviors
from mixpanel_data.sandbox.asks import Ask
from mixpanel_data.sandbox.filters import ProfileExpression
from mixpanel_data.sandbox.refusals import RefusalError, bad_request
from mixpanel_data.sandbox.sessions import UNCACHED

PROFILES_WITHOUT_TIMESTAMP = 1000
"""Behaviors that find more profiles need as_of_timestamp."""


@dataclass(frozen=True)
class Found:
    """Ids of `profile_rows`, then people without a profile."""

    rows: array[int]
    strangers: tuple[str, ...]


def find(ask: Ask) -> Found:
    """All profiles that a request means."""
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
    doings = params.json("behaviors", list)
    cohort = params.json("filter_by_cohort", dict)
    if cohort is not None:
        if doings is not None:
            raise bad_request("behaviors and filter_by_cohort are mutually exclusive")
        members = _members(ask, cohort)
        conditions.append(f"distinct_id IN ({members})")
        if params.flag("include_all_users", default=True):
            strangers = _strangers(ask, members)
    where = params.text("where") or params.text("selector")
    rows = _matching(ask, conditions, values, where, doings)
    dated = params.text("as_of_timestamp") is not None
    if doings is not None and not dated and len(rows) > PROFILES_WITHOUT_TIMESTAMP:
        raise bad_request(UNCACHED)
    return Found(rows, strangers if where is None else ())


def _matching(
    ask: Ask, conditions: list[str], values: list[Any], where: str | None, doings: Any
) -> array[int]:
    sql = f"FROM profiles WHERE {' AND '.join(conditions)} ORDER BY id"
    if where is None:
        return array("q", (row for (row,) in ask.data.rows(f"SELECT id {sql}", values)))
    keep = ProfileExpression(where, ask, behaviors.counted(ask, doings or []))
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
