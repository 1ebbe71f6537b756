"""What all calls have in common: one account, one transport, JSON or an error."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter, ValidationError

from mixpanel_data._internal.api_client.account import SECRETS_END
from mixpanel_data._internal.api_client.answers import Asked, parse
from mixpanel_data._internal.api_client.clock import Clock
from mixpanel_data._internal.api_client.engage import unexpected
from mixpanel_data._internal.api_client.exchange import Call
from mixpanel_data._internal.api_client.limits import Quota, QuotaState, limit_of, quotas_of
from mixpanel_data._internal.api_client.parameters import encode
from mixpanel_data._internal.api_client.routes import route
from mixpanel_data._internal.api_client.transport import Transport, Wait
from mixpanel_data._internal.config import Credentials, Settings

T = TypeVar("T")


class Calls:
    """Asks Mixpanel on behalf of one account; safe to use from several threads.

    `app` is a WSGI application to ask in this process, instead of the network. `on_wait` is told
    the seconds that are left of a pause and its reason, once a second. In the folder `ledger` all
    processes of this machine share their count of the quotas.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        settings: Settings | None = None,
        app: Callable[..., Any] | None = None,
        on_wait: Wait | None = None,
        ledger: Path | None = None,
        _clock: Clock | None = None,
    ) -> None:
        if credentials.auth == "project_secret":
            warnings.warn(SECRETS_END, DeprecationWarning, stacklevel=2)
        self._credentials = credentials
        self._settings = settings or Settings()
        self._app, self._clock, self._ledger = app, _clock, ledger
        self._transport = Transport(
            credentials, self._settings, app=app, on_wait=on_wait, clock=_clock, ledgers=ledger
        )

    def __repr__(self) -> str:
        asks = self._credentials
        return f"<MixpanelAPIClient project={asks.project_id!r} region={asks.region!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def credentials(self) -> Credentials:
        """On whose behalf it asks."""
        return self._credentials

    @property
    def source(self) -> str:
        """Where the data comes from: "sandbox" once an answer said so, else "mixpanel"."""
        return self._transport.source

    @property
    def on_wait(self) -> Wait | None:
        """Who is told of pauses; a face may set it to show a countdown."""
        return self._transport.on_wait

    @on_wait.setter
    def on_wait(self, told: Wait | None) -> None:
        self._transport.on_wait = told

    def quota(self, name: Quota) -> QuotaState:
        """What is left of a quota's hour, as far as this machine knows."""
        where = route(self._credentials, "/api/2.0/export" if name == "export" else "events")
        (gate,) = self._transport.gates((name,), self._credentials.project_id, where.origin)
        return gate.state(limit_of(name, self._transport.settings), self._transport.clock)

    @property
    def max_wait(self) -> float:
        """The longest single wait for a quota or a retry, in seconds; the settings give it."""
        return self._transport.settings.max_wait

    @max_wait.setter
    def max_wait(self, seconds: float) -> None:
        self._transport.settings = replace(self._transport.settings, max_wait=seconds)

    @contextmanager
    def tuned(
        self, *, max_wait: float | None = None, export_concurrency: int | None = None
    ) -> Iterator[None]:
        """Other settings within the block; None leaves one as it is."""
        usual = self._transport.settings
        self._transport.settings = replace(
            usual,
            max_wait=usual.max_wait if max_wait is None else max_wait,
            export_concurrency=export_concurrency or usual.export_concurrency,
        )
        try:
            yield
        finally:
            self._transport.settings = usual

    def sibling(self) -> Self:
        """Another client that asks the same on behalf of the same; each is closed for itself."""
        return type(self)(
            self._credentials,
            settings=self._transport.settings,
            app=self._app,
            ledger=self._ledger,
            _clock=self._clock,
        )

    def close(self) -> None:
        """Close the connections; calls of other threads that wait end with an error."""
        self._transport.close()

    def now(self) -> datetime:
        """When it is where it asks; an app that has a clock of its own says so by `now()`."""
        clock: Callable[[], datetime] = getattr(self._app, "now", self._transport.clock.now)
        return clock()

    def get(self, endpoint: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON at an absolute path, or at one relative to `/api/query/`.

        With `format="csv"` it is the text that Mixpanel sent.
        """
        call = self._call("GET", endpoint, params)
        if (params or {}).get("format") == "csv":
            return self._transport.fetch(call).decode("utf-8", "replace")
        return self._json(call)

    def post(self, endpoint: str, data: Mapping[str, Any] | None = None) -> Any:
        """The JSON that answers a form; lists and objects in it go as JSON text."""
        return self._json(self._call("POST", endpoint, None, data or {}))

    def _json(self, call: Call) -> Any:
        return parse(self._transport.fetch(call), call.asked)

    def _asked(self, path: str, to_date: str | None = None) -> Asked:
        return Asked(self._credentials, path, to_date)

    def read(self, shape: type[T], endpoint: str, value: Any) -> T:
        """An answer as a model; APIError where it has another shape."""
        try:
            return TypeAdapter(shape).validate_python(value)
        except ValidationError as error:
            raise unexpected(self._asked(endpoint), error) from None

    def _call(
        self,
        method: str,
        endpoint: str,
        params: Mapping[str, Any] | None,
        data: Mapping[str, Any] | None = None,
    ) -> Call:
        where = route(self._credentials, endpoint)
        query, form = encode(params), None if data is None else encode(data)
        sent = {**query, **(form or {})}
        project = self._credentials.project_id
        by_project = where.family in {"query", "export"}
        if by_project and self._credentials.auth == "service_account" and "project_id" not in sent:
            query["project_id"] = project
        export = where.family == "export"
        return Call(
            method,
            where,
            params=tuple(query.items()),
            form=form,
            timeout=self._settings.export_timeout if export else self._settings.query_timeout,
            quotas=quotas_of(where.path, has_session=bool(sent.get("session_id"))),
            project_id=sent.get("project_id", project),
            asked=self._asked(where.path, sent.get("to_date")),
        )
