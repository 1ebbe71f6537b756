"""MixpanelAPIClient: one short method per endpoint."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter, ValidationError

from mixpanel_data._internal.api_client.account import SECRETS_END, check
from mixpanel_data._internal.api_client.answers import Asked, parse
from mixpanel_data._internal.api_client.clock import Clock
from mixpanel_data._internal.api_client.engage import ProfilePage, pages, profiles, unexpected
from mixpanel_data._internal.api_client.exchange import Call
from mixpanel_data._internal.api_client.export import Event, ExportStream, read_events
from mixpanel_data._internal.api_client.limits import Quota, QuotaState, limit_of, quotas_of
from mixpanel_data._internal.api_client.parameters import (
    encode,
    export_params,
    expression,
    profile_params,
)
from mixpanel_data._internal.api_client.responses import Cohort, Funnel, Me, TopEvent
from mixpanel_data._internal.api_client.routes import route
from mixpanel_data._internal.api_client.transport import Transport, Wait
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data.exceptions import APIError, DateRangeError
from mixpanel_data.queries import Export, Profiles
from mixpanel_data.types import AccountTest

MOST_NAMES = 5000
"""Mixpanel's own ceiling for events/names; it is clamped silently."""

MOST_PROPERTIES = 1000
FIRST_DAY = date(2000, 1, 1)
"""Years before 2000 are refused."""

T = TypeVar("T")


class MixpanelAPIClient:
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

    def close(self) -> None:
        """Close the connections; calls of other threads that wait end with an error."""
        self._transport.close()

    def get(self, endpoint: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON at an absolute path, or at one relative to `/api/query/`."""
        return self._json(self._call("GET", endpoint, params))

    def post(self, endpoint: str, data: Mapping[str, Any] | None = None) -> Any:
        """The JSON that answers a form; lists and objects in it go as JSON text."""
        return self._json(self._call("POST", endpoint, None, data or {}))

    @contextmanager
    def open_export(
        self, query: Export, *, check: Callable[[], None] | None = None
    ) -> Iterator[ExportStream]:
        """Raw events as NDJSON bytes; leaving before the end drops the rest.

        `check` is called once a second while it waits for a quota or a retry; what it raises ends
        the wait.
        """
        call = self._call("GET", "/api/2.0/export", export_params(query))
        with self._transport.stream(replace(call, check=check)) as it:
            yield ExportStream(it)

    def export_events(
        self,
        from_date: str | date,
        to_date: str | date,
        events: Sequence[str] | None = None,
        where: str | None = None,
        on_batch: Callable[[list[Event]], None] | None = None,
        *,
        limit: int | None = None,
    ) -> Iterator[Event]:
        """Raw events one by one; `on_batch` gets lists of at most 1,000 that were handed out."""
        query = Export.of(from_date, to_date, events, where, limit)
        return self._events(query, on_batch)

    def _events(
        self, query: Export, on_batch: Callable[[list[Event]], None] | None
    ) -> Iterator[Event]:
        with self.open_export(query) as stream:
            yield from read_events(stream, on_batch)

    def profile_pages(self, query: Profiles) -> Iterator[ProfilePage]:
        """Profiles as pages of JSON, in order; an id may appear twice, the last one counts."""
        filters = profile_params(query)

        def fetch(page: int, session: str | None) -> bytes:
            paging = {} if session is None else {"session_id": session, "page": page}
            return self._transport.fetch(self._call("POST", "engage", None, {**filters, **paging}))

        return pages(fetch, self._asked("/api/query/engage"))

    def export_profiles(
        self,
        where: str | None = None,
        on_batch: Callable[[list[dict[str, Any]]], None] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Profiles, each id once; held in memory to the last page, since the last copy counts."""
        found = self.profile_pages(Profiles(where=where))
        return profiles(found, self._asked("/api/query/engage"), on_batch)

    def get_events(self) -> list[str]:
        """Names of all events since 2000, or since the plan's history begins; in no order."""
        today = self._transport.clock.now().date()
        try:
            return self._event_names(FIRST_DAY, today)
        except DateRangeError as error:
            if error.max_days is None or error.max_days > (today - FIRST_DAY).days:
                raise
            return self._event_names(today - timedelta(days=error.max_days), today)

    def _event_names(self, first: date, today: date) -> list[str]:
        params = {"type": "general", "limit": MOST_NAMES, "from_date": first}
        try:
            names = self.get("events/names", {**params, "to_date": today})
        except APIError as error:
            if "later than today" not in error.message:
                raise
            # West of Greenwich the project's day may be yesterday still.
            names = self.get("events/names", {**params, "to_date": today - timedelta(days=1)})
        return [str(name) for name in self._read(list[Any], "events/names", names)]

    def get_event_properties(self, event: str) -> list[str]:
        """Names of an event's properties, at most 1,000, in Mixpanel's order."""
        params = {"event": event, "limit": MOST_PROPERTIES}
        endpoint = "events/properties/top"
        return list(self._read(dict[str, Any], endpoint, self.get(endpoint, params)))

    def get_property_values(self, event: str, prop: str, limit: int = 100) -> list[str]:
        """Values of a property as text, numbers and booleans too."""
        params = {"event": event, "name": prop, "limit": limit}
        endpoint = "events/properties/values"
        return [str(v) for v in self._read(list[Any], endpoint, self.get(endpoint, params))]

    def list_funnels(self) -> list[Funnel]:
        """Saved funnels."""
        return self._read(list[Funnel], "funnels/list", self.get("funnels/list"))

    def list_cohorts(self) -> list[Cohort]:
        """Saved cohorts, hidden ones too."""
        return self._read(list[Cohort], "cohorts/list", self.post("cohorts/list"))

    def top_events(self, type: str = "general", limit: int = 100) -> list[TopEvent]:  # noqa: A002 - Mixpanel's word
        """Today's events in the project's zone, with the change from yesterday."""
        answer = self.get("events/top", {"type": type, "limit": limit})
        events = answer.get("events") if isinstance(answer, dict) else answer
        return self._read(list[TopEvent], "events/top", events)

    def me(self) -> Me:
        """Who the credentials belong to, and what they may see."""
        answer = self.get("/api/app/me")
        results = answer.get("results") if isinstance(answer, dict) else answer
        return self._read(Me, "/api/app/me", results)

    def test(self) -> AccountTest:
        """Whether the credentials work; raises what Mixpanel says if not."""
        probe = {"type": "general", "limit": 1}
        return check(self._credentials, self.me, lambda: self.get("events/names", probe))

    def segmentation(
        self,
        event: str,
        from_date: str | date,
        to_date: str | date,
        *,
        on: str | None = None,
        where: str | None = None,
        **options: Any,
    ) -> Any:
        """The raw answer of /segmentation; `options` are Mixpanel's own (unit, type, limit, …)."""
        dates = {"from_date": from_date, "to_date": to_date}
        terms = {"on": expression(on), "where": expression(where)}
        return self.get("segmentation", {"event": event, **dates, **terms, **options})

    def funnel(
        self,
        funnel_id: int,
        from_date: str | date,
        to_date: str | date,
        *,
        on: str | None = None,
        where: str | None = None,
        **options: Any,
    ) -> Any:
        """The raw answer of /funnels for a saved funnel."""
        dates = {"from_date": from_date, "to_date": to_date}
        terms = {"on": expression(on), "where": expression(where)}
        return self.get("funnels", {"funnel_id": funnel_id, **dates, **terms, **options})

    def retention(
        self,
        from_date: str | date,
        to_date: str | date,
        *,
        born_event: str | None = None,
        event: str | None = None,
        on: str | None = None,
        where: str | None = None,
        born_where: str | None = None,
        **options: Any,
    ) -> Any:
        """The raw answer of /retention; `where` filters the return event."""
        dates = {"from_date": from_date, "to_date": to_date}
        names = {"born_event": born_event, "event": event}
        terms = {"on": on, "where": where, "born_where": born_where}
        wrapped = {name: expression(text) for name, text in terms.items()}
        return self.get("retention", {**dates, **names, **wrapped, **options})

    def jql(self, script: str, params: dict[str, Any] | None = None) -> list[Any]:
        """Whatever the script's main() returns."""
        warnings.warn(
            "JQL is in maintenance mode at Mixpanel: fetch events and use SQL",
            DeprecationWarning,
            stacklevel=2,
        )
        return self._read(list[Any], "jql", self.post("jql", {"script": script, "params": params}))

    def _json(self, call: Call) -> Any:
        return parse(self._transport.fetch(call), call.asked)

    def _asked(self, path: str, to_date: str | None = None) -> Asked:
        return Asked(self._credentials, path, to_date)

    def _read(self, shape: type[T], endpoint: str, value: Any) -> T:
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
