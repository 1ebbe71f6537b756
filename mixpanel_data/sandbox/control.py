"""/_sandbox/…: what a real Mixpanel has no word for, for tests in other processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict

from werkzeug import Request, Response

from mixpanel_data.sandbox.context import Drops
from mixpanel_data.sandbox.faults import Fault, Faults
from mixpanel_data.sandbox.refusals import RefusalError, json_response


def answer(
    request: Request, *, faults: Faults, drops: Drops, group_keys: Callable[[], Mapping[str, str]]
) -> Response:
    """Faults to arm and disarm; what was sent and not stored; the ids of group keys."""
    match request.path.rstrip("/"):
        case "/_sandbox/faults":
            return _faults(request, faults)
        case "/_sandbox/dropped":
            return _dropped(request, drops)
        case "/_sandbox/groups":
            return json_response(group_keys())
    raise RefusalError(404, f"no such path: {request.path}")


def _faults(request: Request, armed: Faults) -> Response:
    if request.method == "DELETE":
        armed.clear()
    elif request.method == "POST":
        try:
            values = json.loads(request.get_data(as_text=True))
            values = values if isinstance(values, list) else [values]
            armed.add(*[Fault.of(value) for value in values])
        except (ValueError, TypeError) as error:
            raise RefusalError(400, str(error)) from None
    return json_response([asdict(fault) for fault in armed.armed()])


def _dropped(request: Request, drops: Drops) -> Response:
    if request.method == "DELETE":
        drops.clear()
    return json_response([asdict(drop) for drop in drops.latest()])
