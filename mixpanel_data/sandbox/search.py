"""Which profiles a request means: ids, a cohort, a `where`, behaviors (contract, section 4)."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

from mixpanel_data.sandbox import filters
from mixpanel_data.sandbox.context import UNCACHED, RequestContext
from mixpanel_data.sandbox.filters import ProfileExpression
from mixpanel_data.sandbox.refusals import RefusalError, bad_request

PROFILES_WITHOUT_TIMESTAMP = 1000
"""Behaviors that find more profiles need as_of_timestamp."""


@dataclass(frozen=True)
class Found:
    """Ids of `profile_rows`, then people without a profile."""

    rows: array[int]
    strangers: tuple[str, ...]


def find(context: RequestContext) -> Found:
    """All profiles that a request means."""
    params = context.params
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
        members = _members(context, cohort)
        conditions.append(f"distinct_id IN ({members})")
        if params.flag("include_all_users", default=True):
            strangers = _strangers(context, members)
    where = params.text("where") or params.text("selector")
    rows = _matching(context, conditions, values, where, doings)
    dated = params.text("as_of_timestamp") is not None
    if doings is not None and not dated and len(rows) > PROFILES_WITHOUT_TIMESTAMP:
        raise bad_request(UNCACHED)
    return Found(rows, strangers if where is None else ())


def _matching(
    context: RequestContext,
    conditions: list[str],
    values: list[Any],
    where: str | None,
    doings: Any,
) -> array[int]:
    sql = f"FROM profiles WHERE {' AND '.join(conditions)} ORDER BY id"
    if where is None:
        return array("q", (row for (row,) in context.data.rows(f"SELECT id {sql}", values)))
    keep = ProfileExpression(where, context, filters.counted(context, doings or []))
    found = array("q")
    batches = context.data.stream(
        f"SELECT id, distinct_id, properties {sql}", values, context.closing
    )
    for batch in batches:
        found.extend(row for row, name, text in batch if keep.keeps(name, text))
    return found


def _members(context: RequestContext, cohort: dict[str, Any]) -> str:
    if "id" not in cohort:
        raise bad_request("filter_by_cohort needs an id; the sandbox has no raw cohorts")
    for known in context.project.cohorts:
        if str(known.id) == str(cohort["id"]):
            return known.members
    raise RefusalError(404, f"cohort {cohort['id']} not found")


def _strangers(context: RequestContext, members: str) -> tuple[str, ...]:
    sql = f"""
SELECT distinct_id FROM ({members}) AS m
WHERE NOT EXISTS (
    FROM profiles AS p WHERE p.distinct_id = m.distinct_id AND data_group_id = ''
)
ORDER BY distinct_id
"""
    return tuple(name for (name,) in context.data.rows(sql))
