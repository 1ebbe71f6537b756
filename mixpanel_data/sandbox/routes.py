"""Which function answers which path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import BaseConverter, Map, Rule

from mixpanel_data.sandbox import (
    account,
    counts,
    discovery,
    filters,
    insights,
    lexicon,
    profiles,
    reports,
)
from mixpanel_data.sandbox.export import export
from mixpanel_data.sandbox.ingestion.records import (
    import_events,
    track,
    update_groups,
    update_users,
)
from mixpanel_data.sandbox.jql import jql
from mixpanel_data.sandbox.profiles import engage
from mixpanel_data.sandbox.refusals import Family, RefusalError

Endpoint = Callable[..., Response]

_QUERY: dict[str, Endpoint] = {
    "engage": engage,
    "engage/properties": profiles.properties,
    "engage/stats": profiles.stats,
    "events": counts.events,
    "events/names": discovery.event_names,
    "events/top": discovery.events_top,
    "events/properties": counts.properties,
    "events/properties/top": discovery.properties_top,
    "events/properties/values": discovery.property_values,
    "funnels": reports.funnels,
    "funnels/list": reports.funnels_list,
    "cohorts/list": filters.cohorts_list,
    "segmentation": reports.segmentation,
    "segmentation/average": reports.average,
    "segmentation/numeric": reports.numeric,
    "segmentation/sum": reports.sum_,
    "retention": reports.retention,
    "retention/addiction": reports.addiction,
    "stream/query": profiles.stream_query,
    "insights": insights.insights,
    "jql": jql,
}
_INGESTION: dict[str, Endpoint] = {
    "import": import_events,
    "track": track,
    "engage": update_users,
    "groups": update_groups,
}


def _rules() -> Iterable[Rule]:
    asked, sent = ["GET", "POST"], ["GET", "POST", "OPTIONS"]
    yield Rule("/api/2.0/export", endpoint=export, methods=asked)
    for suffix, endpoint in _QUERY.items():
        for root in ("/api/query", "/api/2.0"):
            yield Rule(f"{root}/{suffix}", endpoint=endpoint, methods=asked)
    for name, endpoint in _INGESTION.items():
        yield Rule(f"/{name}", endpoint=endpoint, methods=sent)
    yield Rule("/api/app/me", endpoint=account.me, methods=["GET"])
    project = "/api/app/projects/<int:project_id>"
    yield Rule(f"{project}/bookmarks", endpoint=insights.bookmarks, methods=["GET"])
    schemas = f"{project}/schemas"
    changed = ["GET", "POST", "DELETE"]
    yield Rule(schemas, endpoint=lexicon.schemas, methods=changed)
    yield Rule(f"{schemas}/<entity_type>", endpoint=lexicon.schemas_of, methods=["GET", "DELETE"])
    one = f"{schemas}/<entity_type>/<name:name>"
    yield Rule(one, endpoint=lexicon.schema, methods=[*changed, "PATCH"])


class _Name(BaseConverter):
    """Any text: a name may hold slashes, and begin and end with them."""

    regex = ".+"
    part_isolating = False


_ROUTES = Map(list(_rules()), strict_slashes=False, merge_slashes=False, converters={"name": _Name})


def find(request: Request) -> tuple[Endpoint, dict[str, Any]]:
    """The function for a request, and what its path says."""
    try:
        endpoint, arguments = _ROUTES.bind_to_environ(request.environ).match()
    except NotFound:
        raise RefusalError(404, f"no such path: {request.path}") from None
    except HTTPException as error:
        raise RefusalError(error.code or 400, error.description or error.name) from None
    return endpoint, dict(arguments)


def family_of(path: str) -> Family:
    """The API family that a path belongs to."""
    if path.startswith("/_sandbox/"):
        return "control"
    if path.startswith("/api/app/"):
        return "app"
    if path.strip("/") in _INGESTION:
        return "ingestion"
    return "export" if path.rstrip("/") == "/api/2.0/export" else "query"
