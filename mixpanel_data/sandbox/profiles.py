"""/engage: profiles in pages of a session (contract, section 4)."""

from __future__ import annotations

import hashlib
import json

from werkzeug import Response

from mixpanel_data._internal.sql import literal
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.refusals import bad_request
from mixpanel_data.sandbox.search import find
from mixpanel_data.sandbox.sessions import Session


def engage(context: RequestContext) -> Response:
    """One page of the profiles asked for."""
    params = context.params
    page = params.integer("page") or 0
    filters = json.dumps(params.without("page", "session_id", "project_id", "workspace_id"))
    session_id = params.text("session_id")
    if session_id is not None:
        session = context.sessions.find(session_id, filters)
    elif page == 0:
        session = _session(context, filters)
        context.sessions.keep(session)
    else:
        raise bad_request("page without session_id: ask for page 0 first")
    size = _page_size(context)
    faults = {fault.kind for fault in context.faults}
    if "first-page" in faults:
        page = 0
    head = {"page": page, "page_size": size, "session_id": session.id, "status": "ok"}
    if page == 0:
        head["total"] = session.total
    if "no-page-size" in faults:
        del head["page_size"]
    rows = _page(context, session, page * size, size)
    if "short-page" in faults:
        rows = rows[:-1]
    head["computed_at"] = context.now.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
    text = f'{json.dumps(head)[:-1]}, "results": [{", ".join(rows)}]}}'
    return Response(text, mimetype="application/json")


def _page_size(context: RequestContext) -> int:
    size = context.params.integer("page_size")
    if size is not None and not 100 <= size <= 10_000:
        raise bad_request("page_size must be between 100 and 10000")
    return size or context.project.page_size


def _session(context: RequestContext, filters: str) -> Session:
    digest = hashlib.md5(filters.encode(), usedforsecurity=False).hexdigest()
    session_id = f"{int(context.now.timestamp())}-{digest[:6].upper()}"
    found = find(context)
    return Session(session_id, filters, found.rows, found.strangers)


def _page(context: RequestContext, session: Session, start: int, size: int) -> list[str]:
    rows = session.rows[start : start + size]
    texts = []
    if rows:
        # A profile that was deleted meanwhile keeps its place: a short page would end the paging.
        sql = f"""
SELECT '{{"$distinct_id":' || id_json || ',"$properties":' || coalesce({_chosen(context.params)}, '{{}}') || '}}'
FROM profile_rows
WHERE id BETWEEN ? AND ? AND list_contains(?, id)
ORDER BY id
"""
        texts = [text for (text,) in context.data.rows(sql, [min(rows), max(rows), rows.tolist()])]
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
