"""/schemas: the Lexicon, which describes events and profiles (contract, section 17)."""

from __future__ import annotations

import json
from typing import Any

from werkzeug import Response

from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.dictionary import Schema, check_type, entry_of, schema_of
from mixpanel_data.sandbox.project import WRITERS
from mixpanel_data.sandbox.refusals import RefusalError, app_response, bad_request, json_response


def schemas(context: RequestContext, project_id: int) -> Response:
    """All schemas: read, uploaded, deleted."""
    _enter(context, project_id)
    match context.request.method:
        case "POST":
            return _upload(context)
        case "DELETE":
            return _delete(context)
    return app_response(context.dictionary.entries())


def schemas_of(context: RequestContext, project_id: int, entity_type: str) -> Response:
    """The schemas of events, or of profiles; `entity_name` narrows them to one."""
    _enter(context, project_id, "entity_name")
    check_type(entity_type)
    name = context.request.args.get("entity_name")
    if context.request.method == "DELETE":
        return _delete(context, entity_type, name)
    return app_response(context.dictionary.entries(entity_type, name))


def schema(context: RequestContext, project_id: int, entity_type: str, name: str) -> Response:
    """One schema: read, replaced, changed, deleted."""
    _enter(context, project_id)
    check_type(entity_type)
    key = (entity_type, name)
    match context.request.method:
        case "POST":
            context.dictionary.save({key: schema_of(_body(context))})
        case "PATCH":
            context.dictionary.patch(key, schema_of(_body(context)))
        case "DELETE":
            return _delete(context, entity_type, name)
        case _:
            return app_response(context.dictionary.find(key))
    return json_response({"status": "ok"})


def _enter(context: RequestContext, project_id: int, *known: str) -> None:
    """The path names the project; a parameter that is not known is refused, `project_id` too."""
    context.check_project(project_id)
    for name in context.request.args:
        if name not in known:
            raise bad_request(f"unknown query parameter: {name}")
    if context.request.method != "GET" and context.role not in WRITERS:
        raise RefusalError(403, f"only {' and '.join(WRITERS)} may change the Lexicon")


def _upload(context: RequestContext) -> Response:
    body = _body(context)
    if not isinstance(body, dict) or not {"entries"} <= set(body) <= {"entries", "truncate"}:
        raise bad_request("the body must have entries, may have truncate, and nothing else")
    entries, truncate = body["entries"], body.get("truncate", False)
    if not isinstance(entries, list) or not isinstance(truncate, bool):
        raise bad_request("entries must be an array, and truncate a boolean")
    uploaded: dict[tuple[str, str], Schema] = dict(map(entry_of, entries))
    deleted = context.dictionary.save(uploaded, truncate=truncate)
    return app_response({"added": len(uploaded), "deleted": deleted})


def _delete(
    context: RequestContext, entity_type: str | None = None, name: str | None = None
) -> Response:
    return app_response({"delete_count": context.dictionary.delete(entity_type, name)})


def _body(context: RequestContext) -> Any:
    try:
        return json.loads(context.request.get_data(as_text=True))
    except ValueError as error:
        raise bad_request(f"the body is not JSON: {error}") from None
