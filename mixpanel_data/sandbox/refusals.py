"""Requests that are turned down, in the error shapes of each API family."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from werkzeug import Response

Family = Literal["export", "query", "app", "ingestion", "control"]


class RefusalError(Exception):
    """A request gets no answer but this status and message."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})

    def response(self, family: Family, target: str) -> Response:
        """The refusal as `family` words it; `target` is the path and query that were asked."""
        body: dict[str, Any]
        if family == "ingestion" and target.startswith("/import"):
            phrase = HTTPStatus(self.status).phrase
            body = {"code": self.status, "error": self.message, "status": phrase}
        elif family == "query" and self.status not in {401, 402, 429}:
            body = {"request": target, "error": self.message}
        elif family != "ingestion" and self.status in {402, 429}:
            body = {"error": self.message}
        else:
            body = {"status": "error", "error": self.message}
        return json_response(body, self.status, self.headers)


def json_response(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """`value` as a JSON answer."""
    text = json.dumps(value, ensure_ascii=False)
    return Response(text, status, dict(headers or {}), mimetype="application/json")


def app_response(results: Any) -> Response:
    """An answer of the App API."""
    return json_response({"status": "ok", "results": results})


def bad_request(message: str) -> RefusalError:
    """400."""
    return RefusalError(400, message)


def forbidden() -> RefusalError:
    """403: another project."""
    return RefusalError(403, "You do not have permission to access this project")


def plan_refusal() -> RefusalError:
    """402: the plan has no Query API."""
    return RefusalError(402, "Your plan does not allow API calls. Upgrade at mixpanel.com/pricing")
