"""Sandbox: a WSGI application that answers as Mixpanel's API does, over invented data."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from werkzeug import Request, Response

from mixpanel_data._internal.config import Credentials
from mixpanel_data._keywords import checked_keywords
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.sandbox import control, routes
from mixpanel_data.sandbox.authentication import authenticate
from mixpanel_data.sandbox.context import Dropped, Drops, RequestContext, Sessions
from mixpanel_data.sandbox.dataset import Dataset
from mixpanel_data.sandbox.dictionary import Dictionary
from mixpanel_data.sandbox.faults import Fault, Faults, answer_of, headers_of, spoil_bytes
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.project import Project, Role
from mixpanel_data.sandbox.quotas import Limits, Quotas
from mixpanel_data.sandbox.refusals import Family, RefusalError, plan_refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NOW = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
"""When it is in the shop, unless told otherwise: the end of its last full day."""

SOURCE = {"X-Mixpanel-Source": "sandbox"}
FAULT_HEADER = "X-Sandbox-Fault"

_FROM_BROWSERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
}


@checked_keywords()
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
        self._dictionary = Dictionary(self.project.schemas, timer)
        self._drops = Drops()
        self._auth_as_400 = auth_as_400
        self._closing = threading.Event()

    @classmethod
    def empty(
        cls,
        *,
        project: Project | None = None,
        limits: Limits | None = Limits(),  # noqa: B008  # frozen
        faults: Faults | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Self:
        """A project without data, at the time that it really is: to send events to."""
        return cls(
            events=0,
            profiles=0,
            project=project or Project.empty(),
            limits=limits,
            faults=faults,
            clock=clock,
        )

    def credentials(self, base_url: str | None = None) -> Credentials:
        """The built-in service account; `base_url` is that of a server, if there is one."""
        return self.project.credentials(base_url)

    def environment(self, base_url: str) -> dict[str, str]:
        """The variables that send `mp`, `Workspace()` and your own code to a server of this."""
        who = self.credentials()
        return {
            "MP_BASE_URL": base_url,
            "MP_USERNAME": who.username or "",
            "MP_SECRET": who.secret.get_secret_value(),
            "MP_PROJECT_ID": who.project_id,
            "MIXPANEL_TOKEN": self.project.token,
        }

    def now(self) -> datetime:
        """When it is in this project, whose days end by this clock."""
        return self._clock()

    @property
    def dropped(self) -> list[Dropped]:
        """The latest records that were sent and not stored, and why: Mixpanel would not say."""
        return self._drops.latest()

    def group_id(self, key: str) -> str:
        """The data_group_id of a group key, to ask for its profiles."""
        return self._data.group_id(key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the data and wake whoever stalls."""
        self._closing.set()
        self._data.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        family = routes.family_of(request.path)
        response = self._answer(request, family)
        response.headers.update(SOURCE)
        if family == "ingestion":
            response.headers.update(_FROM_BROWSERS)
        return response(environ, start_response)

    def _answer(self, request: Request, family: Family) -> Response:
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
        if family == "control":
            return control.answer(
                request, faults=self.faults, drops=self._drops, group_keys=self._data.group_keys
            )
        endpoint, arguments = routes.find(request)
        if request.method == "OPTIONS":  # a browser asks whether it may
            return Response(status=204)
        # What is sent to be stored has no parameters in its body that matter here.
        params = Params(request.args) if family == "ingestion" else Params.of(request)
        role = self._authenticate(request, params, family)
        met = self._met(request, params)
        for fault in met:
            response = answer_of(fault, family, self._quotas)
            if response is not None:
                return response
        self._count(request, params, family, closing)
        context = RequestContext(
            request=request,
            params=params,
            project=self.project,
            data=self._data,
            role=role,
            sessions=self._sessions,
            dictionary=self._dictionary,
            drops=self._drops,
            now=self.now(),
            faults=tuple(met),
            closing=closing,
        )
        response = endpoint(context, **arguments)
        if met:
            response.headers.update(headers_of(met))
            response.response = spoil_bytes(response.iter_encoded(), met, self._closing)
            if any(fault.kind == "empty" for fault in met):
                response.set_data(b"")
        return response

    def _authenticate(self, request: Request, params: Params, family: Family) -> Role | None:
        try:
            return authenticate(
                request,
                params=params,
                project=self.project,
                today=self.now().date(),
                family=family,
            )
        except RefusalError as refusal:
            if self._auth_as_400 and refusal.status == 401:
                raise RefusalError(400, "Unable to authenticate request") from None
            raise

    def _count(self, request: Request, params: Params, family: Family, closing: ExitStack) -> None:
        """Check the plan, then the quotas: what the plan refuses costs nothing."""
        if family == "query" and not self.project.query_api:
            raise plan_refusal()
        if self._limited:
            closing.callback(self._quotas.start(request.path, params))

    def _met(self, request: Request, params: Params) -> list[Fault]:
        met = self.faults.due(request.path, params)
        header = request.headers.get(FAULT_HEADER)
        if header:
            try:
                met.append(Fault.parse(header))
            except InvalidArgumentError as error:
                raise RefusalError(400, f"{FAULT_HEADER}: {error.message}") from None
        return met


def _target(request: Request) -> str:
    """Path and query as the older of the two paths spells them, as Mixpanel's errors do."""
    path = request.path.rstrip("/").replace("/api/query/", "/api/2.0/", 1)
    query = request.query_string.decode("latin-1")
    return f"{path}?{query}" if query else path
