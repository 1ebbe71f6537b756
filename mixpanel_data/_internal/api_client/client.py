"""MixpanelAPIClient: one short method per endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from mixpanel_data._internal.api_client.engage import ProfilePage, pages, profiles, read_page
from mixpanel_data._internal.api_client.export import ExportStream, read_events
from mixpanel_data._internal.api_client.jql import JQLCalls
from mixpanel_data._internal.api_client.names import NameCalls
from mixpanel_data._internal.api_client.parameters import export_params, profile_params
from mixpanel_data._internal.api_client.reports import ReportCalls
from mixpanel_data._internal.lines import Event
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries import Export, Profiles


class MixpanelAPIClient(NameCalls, ReportCalls, JQLCalls):
    """Asks Mixpanel on behalf of one account; safe to use from several threads.

    Raw data is here, the other endpoints are in the sections it inherits.
    """

    def today(self) -> date:
        """The last day of which there are exports."""
        return self.now().astimezone(ZoneInfo(self.credentials.export_zone)).date()

    def check_days(self, query: Export) -> None:
        """Raise where the days end in the future, which would cost requests to be refused."""
        if query.to_date > (today := self.today()):
            raise InvalidArgumentError(
                f"to_date {query.to_date} is in the future: in {self.credentials.export_zone} it"
                f" is {today}",
                hint=f"end at {today}, whose events come as far as there are any, or before",
            )

    @contextmanager
    def open_export(
        self, query: Export, *, check: Callable[[], None] | None = None, cut: bool = False
    ) -> Iterator[ExportStream]:
        """Raw events as NDJSON bytes; leaving before the end drops the rest.

        With `cut`, lines that are too long lose their end; without, they are an error.

        `check` is called once a second while it waits for a quota or a retry; what it raises ends
        the wait.
        """
        call = self._call("GET", "/api/2.0/export", export_params(query))
        with self._transport.stream(replace(call, check=check)) as it:
            yield ExportStream(it, self._transport.settings.line_limit_mb * 1e6, cut=cut)

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
        query = Export(from_date, to_date, events, where, limit=limit)
        return self._events(query, on_batch)

    def _events(
        self, query: Export, on_batch: Callable[[list[Event]], None] | None
    ) -> Iterator[Event]:
        self.check_days(query)
        with self.open_export(query) as stream:
            yield from read_events(stream, on_batch)

    def profile_pages(self, query: Profiles) -> Iterator[ProfilePage]:
        """Profiles as pages of JSON, in order; an id may appear twice, the last one counts.

        Page 0 comes again where all of them are asked for again: what came before is void.
        """
        filters, asked = profile_params(query), self._asked("/api/query/engage")

        def fetch(page: int, session: str | None) -> ProfilePage:
            paging = {} if session is None else {"session_id": session, "page": page}
            call = self._call("POST", "engage", None, {**filters, **paging})
            return self._transport.read(call, lambda body: read_page(body, page, asked))

        return pages(fetch, asked)

    def export_profiles(
        self,
        where: str | None = None,
        on_batch: Callable[[list[dict[str, Any]]], None] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Profiles, each id once; held in memory to the last page, since the last copy counts."""
        found = self.profile_pages(Profiles(where=where))
        return profiles(found, self._asked("/api/query/engage"), on_batch)
