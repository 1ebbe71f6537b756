"""Section of `Workspace`: reports that Mixpanel counts.

`on` and `where` are names of properties or expressions, days are those of the project's zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from mixpanel_data import queries
from mixpanel_data._keywords import checked_keywords
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.workspace.parts import Parts
from mixpanel_data.workspace.warned import answers_carry_warnings

if TYPE_CHECKING:
    from mixpanel_data.queries import (
        CohortUnit,
        CountType,
        Expression,
        FunnelUnit,
        NumericUnit,
        RetentionType,
        SlotUnit,
        Unit,
        WindowUnit,
    )
    from mixpanel_data.types import (
        ActivityFeedResult,
        EventCountsResult,
        FrequencyResult,
        FunnelResult,
        InsightsResult,
        JQLResult,
        NumericBucketsResult,
        NumericSeriesResult,
        PropertyCountsResult,
        RetentionResult,
        SegmentationResult,
        TopEventsResult,
    )

Day = str | date


@answers_carry_warnings
@checked_keywords()
class Reports(Parts):
    """Asks Mixpanel; each report costs one query of the hourly quota, unless it says more."""

    def segmentation(
        self,
        event: str,
        from_date: Day,
        to_date: Day,
        on: Expression | None = None,
        unit: Unit = "day",
        where: Expression | None = None,
        *,
        type: CountType = "general",  # noqa: A002 - Mixpanel's word
        limit: int = 60,
        interval: int | None = None,
    ) -> SegmentationResult:
        """How often an event happened, per bucket of time and per value of `on`.

        `type` "unique" counts users, "average" events per user. `limit` is the number of values
        of `on`. Where nothing is found, names that are unknown are warned of: for one more query.
        """
        query = queries.Segmentation(
            event=event,
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            on=on,
            unit=unit,
            where=where,
            type=type,
            limit=limit,
            interval=interval,
        )
        return self._live.segmentation(query)

    def segmentation_numeric(
        self,
        event: str,
        from_date: Day,
        to_date: Day,
        on: Expression,
        unit: NumericUnit = "day",
        where: Expression | None = None,
        *,
        type: CountType = "general",  # noqa: A002 - Mixpanel's word
    ) -> NumericBucketsResult:
        """How often an event happened, per range of the number `on`."""
        query = queries.NumericSegmentation(
            event=event,
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            on=on,
            unit=unit,
            where=where,
            type=type,
        )
        return self._live.segmentation_numeric(query)

    def segmentation_sum(
        self,
        event: str,
        from_date: Day,
        to_date: Day,
        on: Expression,
        unit: NumericUnit = "day",
        where: Expression | None = None,
    ) -> NumericSeriesResult:
        """The sum of the number `on` over events; what is no number counts as 0."""
        query = queries.SegmentationSum(
            event=event,
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            on=on,
            unit=unit,
            where=where,
        )
        return self._live.segmentation_sum(query)

    def segmentation_average(
        self,
        event: str,
        from_date: Day,
        to_date: Day,
        on: Expression,
        unit: NumericUnit = "day",
        where: Expression | None = None,
    ) -> NumericSeriesResult:
        """The average of the number `on` over events; what is no number counts as 0."""
        query = queries.SegmentationAverage(
            event=event,
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            on=on,
            unit=unit,
            where=where,
        )
        return self._live.segmentation_average(query)

    def funnel(
        self,
        funnel_id: int,
        from_date: Day,
        to_date: Day,
        unit: FunnelUnit = "range",
        on: Expression | None = None,
        *,
        where: Expression | None = None,
        interval: int | None = None,
        length: int | None = None,
        length_unit: WindowUnit | None = None,
        limit: int = 255,
    ) -> FunnelResult:
        """How many go through the steps of a saved funnel that they enter in these days.

        `unit` "range" counts users over all days; "day", "week" and "month" make each bucket a
        funnel of its own, in which the same user may enter again. `interval` makes buckets of so
        many days. `length` with `length_unit` is the time to convert, by default as saved. The
        funnel's name costs one more query, once per workspace.
        """
        query = queries.Funnel(
            funnel_id=funnel_id,
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            unit=unit,
            on=on,
            where=where,
            interval=interval,
            length=length,
            length_unit=length_unit,
            limit=limit,
        )
        return self._live.funnel(query)

    def retention(
        self,
        born_event: str | None = None,
        return_event: str | None = None,
        from_date: Day | None = None,
        to_date: Day | None = None,
        retention_type: RetentionType = "birth",
        *,
        born_where: Expression | None = None,
        where: Expression | None = None,
        unit: CohortUnit = "day",
        interval: int = 1,
        interval_count: int = 7,
        unbounded: bool = False,
        on: Expression | None = None,
        limit: int = 255,
    ) -> RetentionResult:
        """How many of those who did `born_event` come back to do `return_event` (None: anything).

        `retention_type` "compounded" makes cohorts of whoever did `return_event`. `born_where`
        filters the first event, `where` the return. `interval_count` intervals of `interval`
        units follow the first; Mixpanel takes an `interval` of days only. `unbounded` counts who
        comes back in an interval or later.
        """
        query = queries.Retention(
            born_event=born_event,
            return_event=return_event,
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            retention_type=retention_type,
            born_where=born_where,
            where=where,
            unit=unit,
            interval=interval,
            interval_count=interval_count,
            unbounded=unbounded,
            on=on,
            limit=limit,
        )
        return self._live.retention(query)

    def frequency(
        self,
        from_date: Day,
        to_date: Day,
        event: str | None = None,
        *,
        unit: CohortUnit = "day",
        addiction_unit: SlotUnit = "hour",
        where: Expression | None = None,
        on: Expression | None = None,
        limit: int = 255,
    ) -> FrequencyResult:
        """In how many slots (`addiction_unit`) of a period (`unit`) users do `event`, or anything."""
        query = queries.Frequency(
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            event=event,
            unit=unit,
            addiction_unit=addiction_unit,
            where=where,
            on=on,
            limit=limit,
        )
        return self._live.frequency(query)

    def event_counts(
        self,
        events: Sequence[str],
        from_date: Day,
        to_date: Day,
        unit: Unit = "day",
        *,
        type: CountType = "general",  # noqa: A002 - Mixpanel's word
    ) -> EventCountsResult:
        """How often each of several events happened, per bucket of time."""
        query = queries.EventCounts(
            events=_several(events, "events"),
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            type=type,
            unit=unit,
        )
        return self._live.event_counts(query)

    def property_counts(
        self,
        event: str,
        prop: str,
        from_date: Day,
        to_date: Day,
        unit: Unit = "day",
        *,
        values: Sequence[str] | None = None,
        type: CountType = "general",  # noqa: A002 - Mixpanel's word
        limit: int = 255,
    ) -> PropertyCountsResult:
        """How often an event happened with each value of a property: those given, or the top."""
        query = queries.PropertyCounts(
            event=event,
            property=prop,
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            values=None if values is None else _several(values, "values"),
            type=type,
            unit=unit,
            limit=limit,
        )
        return self._live.property_counts(query)

    def top_events(
        self,
        type: CountType = "general",  # noqa: A002 - Mixpanel's word
        limit: int = 100,
    ) -> TopEventsResult:
        """Today's events in the project's zone, most frequent first."""
        return self._live.top_events(queries.TopEvents(type=type, limit=limit))

    def insights(self, bookmark_id: int) -> InsightsResult:
        """A saved report of any kind; its id is in its address in Mixpanel."""
        return self._live.insights(queries.Insights(bookmark_id=bookmark_id))

    def activity_feed(
        self, distinct_ids: str | Sequence[str], from_date: Day, to_date: Day
    ) -> ActivityFeedResult:
        """Everything that some users did, oldest first."""
        users = [distinct_ids] if isinstance(distinct_ids, str) else distinct_ids
        query = queries.ActivityFeed(
            distinct_ids=tuple(users),
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
        )
        return self._live.activity_feed(query)

    def jql(self, script: str, params: dict[str, Any] | None = None) -> JQLResult:
        """Run a script of JQL, which Mixpanel keeps in maintenance mode; it warns of that."""
        return self._scripts.run(queries.JQL(script=script, params=params))


def _several(names: Sequence[str], what: str) -> tuple[str, ...]:
    if isinstance(names, str):
        raise InvalidArgumentError(
            f"{what} is a list of names, not one string", hint=f"{what}=[{names!r}]"
        )
    return tuple(names)
