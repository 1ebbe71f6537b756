"""What an ingestion endpoint answers: `1`, JSON, a pixel, a call of JavaScript, or a report."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from werkzeug import Response

from mixpanel_data.sandbox.ingestion.intake import Intake
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.refusals import bad_request, json_response

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of 1 by 1."""

_FUNCTION = re.compile(r"[\w$.]+")


def received(params: Params, error: str | None, *, as_json: bool = False) -> Response:
    """`1` if something could be taken, in the form that was asked for; else `error` says why."""
    status = int(error is None)
    if params.flag("img", default=False):
        return Response(PIXEL, mimetype="image/gif")
    verbose = as_json or params.flag("verbose", default=False)
    value = {"status": status, "error": error} if verbose else status
    function = params.text("callback")
    if function is not None:
        if not _FUNCTION.fullmatch(function):
            raise bad_request("callback is not the name of a function")
        return Response(f"{function}({json.dumps(value)});", mimetype="text/javascript")
    return json_response(value) if verbose else Response(str(value), mimetype="text/plain")


def checked(intake: Intake[Any], id_name: str) -> Response:
    """The report of a strict request: 400 if any record was refused; the others are stored."""
    if not intake.failures:
        return json_response({"code": 200, "num_records_imported": intake.valid, "status": "OK"})
    failed = [
        {"index": each.index, id_name: each.id, "field": each.field, "message": each.message}
        for each in intake.failures
    ]
    body = {
        "code": 400,
        "error": "some data points in the request failed validation",
        "failed_records": failed,
        "num_records_imported": intake.valid,
        "status": "Bad Request",
    }
    return json_response(body, 400)
