"""/schemas: the Lexicon, which describes events and profiles (contract, section 17)."""

from __future__ import annotations

import json
from typing import Any

from werkzeug import Response

from mixpanel_data.sandbox.asks import Ask
from mixpanel_data.sandbox.dictionary import Schema, check_type, entry_of, schema_of
from mixpanel_data.sandbox.identity import WRITERS
from mixpanel_data.sandbox.refusals import RefusalError, app_response, bad_request, json_response


def schemas(ask: Ask, project_id: int) -> Response:
    """All schemas: read, uploaded, deleted."""
    _enter(ask, project_id)
    match ask.request.method:
        case "POST":
            return _upload(ask)
        case "DELETE":
            return _delete(ask)
    return app_response(ask.dictionary.entries())


def schemas_of(ask: Ask, project_id: int, entity_type: str) -> Response:
    """The schemas of events, or of profiles; `entity_name` narrows them to one."""
    _enter(ask, project_id, "entity_name")
    check_type(entity_type)
    name = ask.request.args.get("entity_name")
    if ask.request.method == "DELETE":
        return _delete(ask, entity_type, name)
    return app_response(ask.dictionary.entries(entity_type, name))


def schema(ask: Ask, project_id: int, entity_type: str, name: str) -> Response:
    """One schema: read, replaced, changed, deleted."""
    _enter(ask, project_id)
    check_type(entity_type)
    key = (entity_type, name)
    match ask.request.method:
        case "POST":
            ask.dictionary.save({key: schema_of(_body(ask))})
        case "PATCH":
            ask.dictionary.patch(key, schema_of(_body(ask)))
        case "DELETE":
            return _delete(ask, entity_type, name)
        case _:
            return app_response(ask.dictionary.find(key))
    return json_response({"status": "ok"})


def _enter(ask: Ask, project_id: int, *known: str) -> None:
    """The path names the project; a parameter that is not known is refused, `project_id` too."""
    ask.check_project(project_id)
    for name in ask.request.args:
        if name not in known:
            raise bad_request(f"unknown query parameter: {name}")
    if ask.request.method != "GET" and ask.role not in WRITERS:
        raise RefusalError(403, f"only {' and '.join(WRITERS)} may change the Lexicon")


def _upload(ask: Ask) -> Response:
    body = _body(ask)
    if not isinstance(body, dict) or not {"entries"} <= set(body) <= {"entries", "truncate"}:
        raise bad_request("the body must have entries, may have truncate, and nothing else")
    entries, truncate = body["entries"], body.get("truncate", False)
    if not isinstance(entries, list) or not isinstance(truncate, bool):
        raise bad_request("entries must be an array, and truncate a boolean")
    uploaded: dict[tuple[str, str], Schema] = dict(map(entry_of, entries))
    deleted = ask.dictionary.save(uploaded, truncate=truncate)
    return app_response({"added": len(uploaded), "deleted": deleted})


def _delete(ask: Ask, entity_type: str | None = None, name: str | None = None) -> Response:
    return app_response({"delete_count": ask.dictionary.delete(entity_type, name)})


def _body(ask: Ask) -> Any:
    try:
        return json.loads(ask.request.get_data(as_text=True))
    except ValueError as error:
        raise bad_request(f"the body is not JSON: {error}") from None
