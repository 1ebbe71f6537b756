"""From the records of a request to its answer."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from werkzeug import Response

from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.refusals import RefusalError, bad_request, json_response

# -- Records one by one: what is stored, what is ignored in silence, what is refused --------------

T = TypeVar("T")

Problem = tuple[str, str]
"""A field, and what is wrong with it."""


@dataclass(frozen=True)
class Skipped:
    """A record that is not stored: ignored, or refused for its problems."""

    reason: str
    problems: tuple[Problem, ...] = ()

    @classmethod
    def refused(cls, *problems: Problem) -> Skipped:
        """A record that can't be meant."""
        return cls("; ".join(message for _, message in problems), problems)


@dataclass(frozen=True)
class Failure:
    """A problem of a record, by its place in the request and by its id."""

    index: int
    id: Any
    field: str
    message: str


@dataclass
class Intake(Generic[T]):
    """What became of the records of one request; `id_of` names a record in failures."""

    context: RequestContext
    id_of: Callable[[Any], Any]
    accepted: list[T] = field(default_factory=list)
    ignored: int = 0
    failures: list[Failure] = field(default_factory=list)
    unreadable: str | None = None

    def read(self, records: Callable[[], list[Any]]) -> list[Any]:
        """The records; none if they are `unreadable`."""
        try:
            return records()
        except RefusalError as refusal:
            if refusal.status != 400:
                raise
            self.unreadable = refusal.message
            return []

    def take(self, index: int, record: Any, outcome: T | Skipped) -> None:
        """Count a record as what it turned out to be."""
        if not isinstance(outcome, Skipped):
            self.accepted.append(outcome)
            return
        self.context.drops.add(self.context.request.path.rstrip("/"), outcome.reason, record)
        self.ignored += not outcome.problems
        self.failures += [Failure(index, self.id_of(record), *each) for each in outcome.problems]

    @property
    def valid(self) -> int:
        """How many records Mixpanel would call good."""
        return len(self.accepted) + self.ignored

    @property
    def error(self) -> str | None:
        """Why there is no good record; None if there is one."""
        if self.valid:
            return None
        if self.failures:
            return self.failures[0].message
        return self.unreadable or "data, missing or empty"


# -- What an ingestion endpoint answers: `1`, JSON, a pixel, a call of JavaScript, or a report ----

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
