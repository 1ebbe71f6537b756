"""Questions to parameters: Mixpanel reads JSON text inside plain ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from mixpanel_data._internal.expressions import as_expression
from mixpanel_data.queries import Export, Profiles
from mixpanel_data.text import whole


def encode(params: Mapping[str, Any] | None) -> dict[str, str]:
    """Parameters as text: lists and objects as JSON, None left out.

    >>> encode({"event": ["a"], "time_in_ms": True, "where": None})
    {'event': '["a"]', 'time_in_ms': 'true'}
    """
    return {name: _text(name, value) for name, value in (params or {}).items() if value is not None}


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return whole(value, name)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool | list | tuple | dict):
        whole(json.dumps(value, ensure_ascii=False), name)
        return json.dumps(value)
    return str(value)


def expression(text: str | None) -> str | None:
    r"""A bare property name as the expression that Mixpanel wants; expressions stay as they are.

    >>> expression('say "hi"')
    'properties["say \\"hi\\""]'
    """
    return None if text is None else as_expression(text)


def export_params(query: Export) -> dict[str, str]:
    """The parameters of a raw export: milliseconds always, one event as an array too."""
    return encode(
        {
            "from_date": query.from_date,
            "to_date": query.to_date,
            "event": query.events,
            "where": expression(query.where),
            "limit": query.limit,
            "time_in_ms": True,
        }
    )


def profile_params(query: Profiles) -> dict[str, str]:
    """The filters of /engage, the same on every page."""
    cohort = None if query.cohort_id is None else {"id": query.cohort_id}
    return encode(
        {
            "where": expression(query.where),
            "distinct_ids": query.distinct_ids,
            "output_properties": query.output_properties,
            "data_group_id": query.group,
            "filter_by_cohort": cohort,
            "include_all_users": query.include_all_users,
            "behaviors": query.behaviors,
            "as_of_timestamp": query.as_of_timestamp,
        }
    )
