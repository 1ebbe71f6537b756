"""Section of `Workspace`: from Mixpanel into tables, or past them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from mixpanel_data import queries
from mixpanel_data._keywords import checked_keywords
from mixpanel_data.types.answers import Answers
from mixpanel_data.workspace.asking import fetches, plans, streams
from mixpanel_data.workspace.parts import Parts
from mixpanel_data.workspace.warned import with_warnings

if TYPE_CHECKING:
    from mixpanel_data.queries import EventsFetch, Export, Expression, Profiles, ProfilesFetch
    from mixpanel_data.types import FetchPlan, FetchResult, FetchStatus, Writable


@checked_keywords()
class Fetching(Parts):
    """Fetches whole tables, and streams what is not to be stored."""

    fetch_events = fetches(lambda: queries.EventsFetch)
    fetch_profiles = fetches(lambda: queries.ProfilesFetch)
    plan_events = plans(lambda: queries.EventsFetch)
    stream_events = streams(lambda: queries.Export)
    stream_profiles = streams(lambda: queries.Profiles)

    @with_warnings
    def fetch(self, fetch: EventsFetch | ProfilesFetch) -> FetchResult:
        """Fetch events or profiles into a table, as `fetch_events` and `fetch_profiles` do."""
        from mixpanel_data._internal.services import empty_fetches

        self._check_can_change("fetches nothing")
        if isinstance(fetch, queries.ProfilesFetch):
            result = self._fetcher.fetch_profiles(fetch)
            empty_fetches.check_profiles(result, fetch.where)
            return result
        with self.api.tuned(max_wait=fetch.max_wait, export_concurrency=fetch.concurrency):
            result = self._fetcher.fetch_events(fetch)
            empty_fetches.check_events(result, fetch, storage=self._storage, names=self._discovery)
        return result

    def plan(self, fetch: EventsFetch) -> FetchPlan:
        """The requests that a fetch would make, and how long the quota would make it wait.

        Mixpanel is not asked: the quota is the one that this machine has used and learned.
        """
        return self._fetcher.plan_events(fetch)

    def fetches(self) -> list[FetchStatus]:
        """Unfinished fetches of events, and what is kept of them."""
        return Answers(self._unfinished.list())

    def clean(self, *tables: str) -> list[str]:
        """Delete the downloads of unfinished fetches into these tables (without names, into all)."""
        self._check_can_change("deletes no downloads")
        return list(self._unfinished.clean(*tables))

    def stream(self, query: Export | Profiles) -> Iterator[dict[str, Any]]:
        """Events or profiles one by one; nothing is stored or deduplicated.

        Events come in windows that were downloaded and checked as a whole. A profile is a dict of
        `$distinct_id` and `$properties`.
        """
        if isinstance(query, queries.Profiles):
            return self._streaming.profiles(query)
        return self._streaming.events(query)

    def write_events(
        self,
        file: Writable,
        from_date: str | date,
        to_date: str | date,
        events: Sequence[str] | None = None,
        where: Expression | None = None,
        *,
        limit: int | None = None,
    ) -> int:
        """Write events to `file` as NDJSON, as Mixpanel sent them, and return their number.

        The options are those of `stream_events`.
        """
        query = queries.Export(from_date, to_date, events, where, limit=limit)
        return self._streaming.write_events(query, file)
