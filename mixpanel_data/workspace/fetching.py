"""Section of `Workspace`: from Mixpanel into tables, or past them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from mixpanel_data import queries
from mixpanel_data._keywords import checked_keywords
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.types.answers import Answers
from mixpanel_data.workspace.parts import Parts
from mixpanel_data.workspace.warned import with_warnings

if TYPE_CHECKING:
    from mixpanel_data._internal.storage import Mode
    from mixpanel_data.queries import Expression
    from mixpanel_data.types import FetchPlan, FetchProgress, FetchResult, FetchStatus, Writable


@checked_keywords()
class Fetching(Parts):
    """Fetches whole tables, and streams what is not to be stored."""

    @with_warnings
    def fetch_events(
        self,
        name: str = "events",
        from_date: str | date | None = None,
        to_date: str | date | None = None,
        events: Sequence[str] | None = None,
        where: Expression | None = None,
        progress: Callable[[FetchProgress], None] | None = None,
        *,
        limit: int | None = None,
        append: bool = False,
        replace: bool = False,
        lookback_days: int = 0,
        dedupe: bool = True,
        window_days: int | None = None,
        concurrency: int | None = None,
        max_wait: float | None = None,
        flat: bool | None = None,
    ) -> FetchResult:
        """Fetch events into a table: all of them, or no change and an error.

        What was downloaded before an error or an interrupt is kept beside the database; the same
        call goes on from there.

        Args:
            name: of the table; it must not exist yet, unless `append` or `replace` says so.
            from_date: first day, `YYYY-MM-DD`, in UTC (in the project's zone for projects from
                before 2023). With `append` it may be left out: the day after the last one that
                was over when it was fetched.
            to_date: last day, included. With `append` it may be left out: yesterday.
            events: names of the events wanted; all when left out.
            where: a Mixpanel expression, such as `properties["country"] == "US"`.
            progress: called a few times a second with the rows so far.
            limit: a sample of at most so many events (1..100,000), in one request.
            append: add days to the table; days that it has come again as a whole.
            replace: put a new table in the place of the one that is there, in one step.
            lookback_days: with `append`, fetch so many days before again, for late events.
            dedupe: leave out copies, by Mixpanel's key (event, distinct_id, time, $insert_id).
            window_days: days per request; the settings and the quota decide when left out.
            concurrency: requests at once.
            max_wait: the longest single wait for the quota, in seconds; past it RateLimitError.
            flat: False makes no flat table (or with `append`, drops it); True makes one that an
                `append` finds missing.
        """
        from mixpanel_data._internal.services import empty_fetches

        self._check_can_change("fetches nothing")
        with self.api.tuned(max_wait=max_wait, export_concurrency=concurrency):
            result = self._fetcher.fetch_events(
                name,
                from_date,
                to_date,
                events,
                _meant(where),
                progress,
                limit=limit,
                mode=_mode(append=append, replace=replace),
                lookback_days=lookback_days,
                dedupe=dedupe,
                window_days=window_days,
                concurrency=concurrency,
                flat=flat,
            )
            empty_fetches.check_events(
                result, events, where, storage=self._storage, names=self._discovery
            )
        return result

    def plan_events(
        self,
        name: str = "events",
        from_date: str | date | None = None,
        to_date: str | date | None = None,
        events: Sequence[str] | None = None,
        where: Expression | None = None,
        *,
        limit: int | None = None,
        append: bool = False,
        replace: bool = False,
        lookback_days: int = 0,
        window_days: int | None = None,
    ) -> FetchPlan:
        """What the same `fetch_events` would ask for, and how long the quota makes it wait.

        Nothing is asked. The quota is what this machine has used and learned of it.
        """
        return self._fetcher.plan_events(
            name,
            from_date,
            to_date,
            events,
            _meant(where),
            limit=limit,
            mode=_mode(append=append, replace=replace),
            lookback_days=lookback_days,
            window_days=window_days,
        )

    def fetches(self) -> list[FetchStatus]:
        """Fetches of events that did not end, and what is kept of them."""
        return Answers(self._unfinished.list())

    def clean(self, *tables: str) -> list[str]:
        """Forget what unfinished fetches into these tables downloaded (of all, without names)."""
        self._check_can_change("forgets no downloads")
        return list(self._unfinished.clean(*tables))

    @with_warnings
    def fetch_profiles(
        self,
        name: str = "profiles",
        where: Expression | None = None,
        progress: Callable[[FetchProgress], None] | None = None,
        *,
        cohort_id: int | None = None,
        include_all_users: bool | None = None,
        distinct_ids: Sequence[str] | None = None,
        output_properties: Sequence[str] | None = None,
        group: str | None = None,
        behaviors: Sequence[dict[str, Any]] | None = None,
        as_of_timestamp: int | None = None,
        replace: bool = False,
        flat: bool = True,
    ) -> FetchResult:
        """Fetch user profiles into a new table, one row per user.

        Args:
            name: of the table; it must not exist yet, unless `replace` puts this in its place.
            where: a Mixpanel expression over profile properties.
            progress: called a few times a second with the rows so far.
            cohort_id: members of a saved cohort only.
            include_all_users: with a cohort, also members without a profile (Mixpanel's default).
            distinct_ids: these users only.
            output_properties: these properties only, which is much faster.
            group: `data_group_id` of a group key, for profiles of companies and the like.
            behaviors: event conditions that `where` refers to; not with a cohort.
            as_of_timestamp: epoch seconds at which `behaviors` are judged.
            replace: put a new table in the place of the one that is there, in one step.
            flat: with a table of typed columns beside it.
        """
        self._check_can_change("fetches nothing")
        query = queries.Profiles.of(
            where=where,
            distinct_ids=distinct_ids,
            output_properties=output_properties,
            data_group_id=group,
            cohort_id=cohort_id,
            include_all_users=include_all_users,
            behaviors=behaviors,
            as_of_timestamp=as_of_timestamp,
        )
        mode = _mode(append=False, replace=replace)
        from mixpanel_data._internal.services import empty_fetches

        result = self._fetcher.fetch_profiles(
            name, progress_callback=progress, query=query, mode=mode, flat=flat
        )
        empty_fetches.check_profiles(result, query.where)
        return result

    def stream_events(
        self,
        from_date: str | date,
        to_date: str | date,
        events: Sequence[str] | None = None,
        where: Expression | None = None,
        *,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Events one by one, in whole and checked windows; nothing is stored or deduplicated."""
        return self._streaming.events(queries.Export.of(from_date, to_date, events, where, limit))

    def stream_profiles(
        self,
        where: Expression | None = None,
        *,
        cohort_id: int | None = None,
        output_properties: Sequence[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Profiles one by one, as `$distinct_id` and `$properties`; nothing is stored."""
        query = queries.Profiles.of(
            where=where, cohort_id=cohort_id, output_properties=output_properties
        )
        return self._streaming.profiles(query)

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
        """Write events to `file` as Mixpanel sent them, NDJSON, in whole and checked windows."""
        query = queries.Export.of(from_date, to_date, events, where, limit)
        return self._streaming.write_events(query, file)


def _mode(*, append: bool, replace: bool) -> Mode:
    if append and replace:
        raise InvalidArgumentError("append and replace can't be combined", hint="choose one")
    return "append" if append else "replace" if replace else "create"


def _meant(where: Expression | None) -> Expression | None:
    """The same; what can't be meant is refused before a fetch begins, of which something stays."""
    if where is not None:
        from mixpanel_data._internal.expressions import as_expression

        as_expression(str(where))
    return where
