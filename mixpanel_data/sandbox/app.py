"""Sandbox: a WSGI application that answers as Mixpanel's API does, over invented data."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule

from mixpanel_data._internal.config import Credentials
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.sandbox import endpoints
from mixpanel_data.sandbox.asks import Ask
from mixpanel_data.sandbox.authentication import authenticate
from mixpanel_data.sandbox.dataset import Dataset
from mixpanel_data.sandbox.export import export
from mixpanel_data.sandbox.faults import Fault, Faults, answer_of, spoil_bytes
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.profiles import Sessions, engage
from mixpanel_data.sandbox.project import Project
from mixpanel_data.sandbox.quotas import Limits, Quotas, counts
from mixpanel_data.sandbox.refusals import Family, RefusalError, json_response, plan_refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NOW = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
"""When it is in the sandbox, unless told otherwise: the end of its last full day."""

SOURCE = {"X-Mixpanel-Source": "sandbox"}
FAULT_HEADER = "X-Sandbox-Fault"

_QUERY = {
    "engage": "engage",
    "events/names": "event_names",
    "events/top": "events_top",
    "events/properties/top": "properties_top",
    "events/properties/values": "property_values",
    "funnels/list": "funnels_list",
    "cohorts/list": "cohorts_list",
}
_ROUTES = Map(
    [
        Rule("/api/2.0/export", endpoint="export", methods=["GET", "POST"]),
        *(
            Rule(f"{root}/{suffix}", endpoint=name, methods=["GET", "POST"])
            for root in ("/api/query", "/api/2.0")
            for suffix, name in _QUERY.items()
        ),
        Rule("/api/app/me", endpoint="me", methods=["GET"]),
        Rule("/api/app/projects/<int:project_id>/schemas", endpoint="schemas", methods=["GET"]),
        Rule("/_sandbox/faults", endpoint="faults", methods=["GET", "POST", "DELETE"]),
    ],
    strict_slashes=False,
)


class Sandbox:
    """A project on an emulated Mixpanel; every answer says `X-Mixpanel-Source: sandbox`.

    It enforces Mixpanel's own rate limits unless `limits` is None. `clock` says when it is, for
    the data and its days; `timer` counts seconds, for the rate limits. `auth_as_400` refuses
    credentials as the older servers do. Several threads may call it.
    """

    def __init__(
        self,
        *,
        events: int = 100_000,
        profiles: int = 5_000,
        seed: int = 1,
        project: Project | None = None,
        limits: Limits | None = Limits(),  # noqa: B008  # frozen
        faults: Faults | None = None,
        clock: Callable[[], datetime] = lambda: NOW,
        timer: Callable[[], float] = time.monotonic,
        auth_as_400: bool = False,
    ) -> None:
        self.project = project or Project()
        self.faults = faults or Faults()
        self._clock = clock
        self._data = Dataset(events=events, profiles=profiles, seed=seed, now=clock())
        self._limited = limits is not None
        self._quotas = Quotas(limits or Limits(), self.project.id, timer)
        self._sessions = Sessions()
        self._auth_as_400 = auth_as_400
        self._closing = threading.Event()

    def credentials(self, base_url: str | None = None) -> Credentials:
        """The built-in service account; `base_url` is that of a server, if there is one."""
        return self.project.credentials(base_url)

    def close(self) -> None:
        """Forget the data and wake whoever stalls."""
        self._closing.set()
        self._data.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        response = self._answer(Request(environ))
        response.headers.update(SOURCE)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        family = _family(request.path)
        closing = ExitStack()
        try:
            response = self._dispatch(request, family, closing)
        except RefusalError as refusal:
            closing.close()
            return refusal.response(family, _target(request))
        except BaseException:
            closing.close()
            raise
        response.call_on_close(closing.close)
        return response

    def _dispatch(self, request: Request, family: Family, closing: ExitStack) -> Response:
        try:
            name, arguments = _ROUTES.bind_to_environ(request.environ).match()
        except NotFound:
            raise RefusalError(404, f"no such path: {request.path}") from None
        except HTTPException as error:
            raise RefusalError(error.code or 400, error.description or error.name) from None
        if name == "faults":
            return self._control(request)
        params = Params.of(request)
        self._authenticate(request, params, family)
        met = self._met(request, params)
        for fault in met:
            response = answer_of(fault, family, self._quotas)
            if response is not None:
                return response
        self._count(request, params, name, family, closing)
        ask = Ask(
            params=params,
            project=self.project,
            data=self._data,
            now=self._clock(),
            faults=tuple(met),
            accepts_gzip=request.accept_encodings.quality("gzip") > 0,
            closing=closing,
        )
        if name == "export":
            response = export(ask)
        elif name == "engage":
            response = engage(ask, self._sessions)
        else:
            response = getattr(endpoints, name)(ask, **arguments)
        if met:
            response.response = spoil_bytes(response.iter_encoded(), met, self._closing)
            if any(fault.kind == "empty" for fault in met):
                response.set_data(b"")
        return response

    def _authenticate(self, request: Request, params: Params, family: Family) -> None:
        today = self._clock().date()
        try:
            authenticate(
                request.headers.get("Authorization"),
                params=params,
                project=self.project,
                today=today,
                family=family,
            )
        except RefusalError as refusal:
            if self._auth_as_400 and refusal.status == 401:
                raise RefusalError(400, "Unable to authenticate request") from None
            raise

    def _count(
        self, request: Request, params: Params, name: str, family: Family, closing: ExitStack
    ) -> None:
        """Check the plan, then the quotas: what the plan refuses costs nothing."""
        if family == "query" and not self.project.query_api:
            raise plan_refusal()
        if not self._limited:
            return
        if name == "export":
            closing.callback(self._quotas.start_export())
        elif name == "schemas":
            self._quotas.start_schemas()
        elif family == "query" and counts(request.path.strip("/").split("/", 2)[2], params):
            closing.callback(self._quotas.start_query())

    def _met(self, request: Request, params: Params) -> list[Fault]:
        met = self.faults.due(request.path, params)
        header = request.headers.get(FAULT_HEADER)
        if header:
            try:
                met.append(Fault.parse(header))
            except InvalidArgumentError as error:
                raise RefusalError(400, f"{FAULT_HEADER}: {error.message}") from None
        return met

    def _control(self, request: Request) -> Response:
        """Arm, list and disarm faults from another process."""
        if request.method == "DELETE":
            self.faults.clear()
        elif request.method == "POST":
            try:
                values = json.loads(request.get_data(as_text=True))
                values = values if isinstance(values, list) else [values]
                self.faults.add(*[Fault.of(value) for value in values])
            except (ValueError, TypeError) as error:
                raise RefusalError(400, str(error)) from None
        return json_response([asdict(fault) for fault in self.faults.armed()])


def _family(path: str) -> Family:
    if path.startswith("/_sandbox/"):
        return "control"
    if path.startswith("/api/app/"):
        return "app"
    return "export" if path.rstrip("/") == "/api/2.0/export" else "query"


def _target(request: Request) -> str:
    """Path and query as the older of the two paths spells them, as Mixpanel's errors do."""
    path = request.path.rstrip("/").replace("/api/query/", "/api/2.0/", 1)
    query = request.query_string.decode("latin-1")
    return f"{path}?{query}" if query else path
