"""What people say of the tables that a local report reads, and of its calendar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from mixpanel_data import queries

if TYPE_CHECKING:
    from mixpanel_data.queries import EdgeBuckets, WeekStart


class ScopeOptions(TypedDict, total=False):
    """What every report takes: which tables it reads, and by which calendar it counts."""

    table: str | Sequence[str]
    profiles: str
    timezone: str | None
    week_start: WeekStart
    edge_buckets: EdgeBuckets
    dedupe: bool | None


def scope_of(options: ScopeOptions, timezone: str) -> queries.Scope:
    """The scope that is meant; `timezone` is known by now."""
    tables = options.get("table", "events")
    return queries.Scope(
        tables=(tables,) if isinstance(tables, str) else tuple(tables),
        profiles=options.get("profiles", "profiles"),
        timezone=timezone,
        week_start=options.get("week_start", "monday"),
        edge_buckets=options.get("edge_buckets", "partial"),
        dedupe=options.get("dedupe"),
    )
