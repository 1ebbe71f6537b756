"""What a row offers to an expression: where its properties, its user's and its time are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mixpanel_data.types import PropertyInfo


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Properties of events or of profiles: a JSON object, and typed columns where there are any.

    `json` is SQL of the object, such as `e.properties`. `known` describes every property of the
    table, whose columns are reached through the alias `flat`; None when only the JSON is there.
    """

    json: str
    flat: str | None = None
    known: Mapping[str, PropertyInfo] | None = None


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The row that SQL asks: SQL of its parts.

    `user` are the properties of the joined profile, None when none is joined. `event_name` and
    `event_time` (UTC, without zone) are None for a table of profiles. `distinct_id` is that of the
    event or profile, `user_id` that of the joined profile. `zone` is that of the
    project: dates written in `datetime("…")` are in it. `now` is the Unix time that NOW stands
    for, None for the time at which the SQL runs.
    """

    properties: Fields
    user: Fields | None = None
    event_name: str | None = None
    event_time: str | None = None
    distinct_id: str | None = None
    user_id: str | None = None
    zone: str = "UTC"
    now: int | None = None
