"""Endpoints that Mixpanel may take away, and what gives the same answer without them."""

from __future__ import annotations

from collections.abc import Mapping

from mixpanel_data.exceptions import warn

_INSTEAD = {
    "jql": "fetch events and use SQL: mp fetch events, mp sql",
    "stream/query": """fetch them: mp fetch events … --where 'properties["$distinct_id"] == "ID"'""",
}
_LOCAL = {
    "segmentation": "mp segmentation … --local, ws.local.segmentation(…)",
    "segmentation/numeric": "mp segmentation-numeric … --local, ws.local.segmentation_numeric(…)",
    "segmentation/sum": "mp segmentation-sum … --local, ws.local.segmentation_sum(…)",
    "segmentation/average": "mp segmentation-average … --local, ws.local.segmentation_average(…)",
    "funnels": "mp funnel --steps A,B … --local, ws.local.funnel(steps=[…], …)",
    "retention": "mp retention … --local, ws.local.retention(…)",
    "retention/addiction": "mp frequency … --local, ws.local.frequency(…)",
    "events": "mp segmentation … --local, ws.local.segmentation(…)",
    "events/properties": "mp segmentation … --on PROPERTY --local, ws.local.segmentation(…, on=…)",
}
_BY_ID = frozenset({"funnels"})
"""Where a 404 may mean the id as well."""


def instead(path: str) -> str | None:
    """What to do without an endpoint; None where nothing is known to retire.

    >>> instead("/api/query/retention")
    'the same from fetched events: mp retention … --local, ws.local.retention(…)'
    """
    for root in ("/api/query/", "/api/2.0/"):
        if path.startswith(root):
            name = path.removeprefix(root).rstrip("/")
            local = _LOCAL.get(name)
            return f"the same from fetched events: {local}" if local else _INSTEAD.get(name)
    return None


def is_retired(status: int, path: str) -> bool:
    """Whether a refusal tells that an endpoint is gone, and not only what was asked of it."""
    name = path.rstrip("/").rpartition("/")[2]
    if name == "jql":
        return status in {403, 404, 410}
    return status == 410 or (status == 404 and name not in _BY_ID and instead(path) is not None)


def announce(headers: Mapping[str, str], path: str) -> None:
    """Warn where an answer says that its endpoint will go (headers Deprecation and Sunset)."""
    if "deprecation" not in headers:
        return
    sunset = headers.get("sunset")
    when = f" on {sunset}" if sunset else ""
    hint = instead(path)
    text = f"Mixpanel will retire {path}{when}"
    warn(f"{text}; {hint}" if hint else text)
