"""Reports that Mixpanel counts: a question becomes parameters, what comes back an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, ClassVar, TypeVar

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.api_client.report_responses import (
    ActivityFeedAnswer,
    Computed,
    FrequencyAnswer,
    FunnelAnswer,
    InsightsAnswer,
    NumbersAnswer,
    RetentionAnswer,
    SeriesAnswer,
    by_segment,
)
from mixpanel_data._internal.api_client.retiring import instead
from mixpanel_data._internal.expressions import event_properties, event_property, system_field
from mixpanel_data._internal.services.discovery import DiscoveryService
from mixpanel_data._internal.services.readings import (
    activity,
    cohorts,
    funnel_steps,
    report_kind,
)
from mixpanel_data.exceptions import (
    EndpointRetiredError,
    InvalidArgumentError,
    PermissionDeniedError,
    ResourceNotFoundError,
    warn,
)
from mixpanel_data.queries import (
    JQL,
    ActivityFeed,
    EventCounts,
    Frequency,
    Funnel,
    Insights,
    NumericSegmentation,
    PropertyCounts,
    Question,
    Retention,
    Segmentation,
    SegmentationAverage,
    SegmentationSum,
    TopEvents,
)
from mixpanel_data.types import (
    ActivityFeedResult,
    EventCountsResult,
    FrequencyPeriod,
    FrequencyResult,
    FunnelResult,
    InsightsResult,
    JQLResult,
    NumericBucketsResult,
    NumericSeriesResult,
    PropertyCountsResult,
    RetentionResult,
    SegmentationResult,
    TopEvent,
    TopEventsResult,
)

A = TypeVar("A")


class LiveQueryService:
    """Each report costs one query; what costs more says so."""

    def __init__(
        self, api_client: MixpanelAPIClient, names: DiscoveryService | None = None
    ) -> None:
        self._api = api_client
        self._names = names or DiscoveryService(api_client)

    def answer(self, query: Question[A]) -> A:
        """Ask Mixpanel; a question that only tables can answer is an InvalidArgumentError."""
        method = self._METHODS.get(type(query))
        if method is None:
            raise InvalidArgumentError(
                f"{type(query).__name__} is a question for tables, not for Mixpanel",
                hint="ws.local.ask(question) asks fetched tables",
            )
        found: A = method(self, query)
        return found

    def segmentation(self, query: Segmentation) -> SegmentationResult:
        """Events per bucket and segment.

        Where nothing is found, or no value of `on`, one more query asks whether the name is known.
        """
        found = self._api.segmentation(
            query.event,
            query.from_date,
            query.to_date,
            type=query.type,
            unit=query.unit if query.interval is None else None,
            interval=query.interval,
            **_terms(query),
        )
        answer = self._api.read(SeriesAnswer, "segmentation", found)
        series = answer.filled(*(() if query.on or answer.data.values else (query.event,)))
        self._doubt_zeros(series, query.event, query.on, query.where)
        if query.on and set(series) == {"undefined"}:
            self._doubt_property(query.event, event_property(query.on))
        return SegmentationResult(query=query, series=series, **self._origin(answer))

    def segmentation_numeric(self, query: NumericSegmentation) -> NumericBucketsResult:
        """Events per range of a number."""
        found = self._api.segmentation_numeric(*_numeric(query), **_bucket(query), type=query.type)
        answer = self._api.read(SeriesAnswer, "segmentation/numeric", found)
        series = answer.sparse()
        self._doubt_zeros(series, query.event, query.on, query.where)
        return NumericBucketsResult(query=query, series=series, **self._origin(answer))

    def segmentation_sum(self, query: SegmentationSum) -> NumericSeriesResult:
        """Sums of a number."""
        found = self._api.segmentation_sum(*_numeric(query), **_bucket(query))
        return self._numbers(query, "segmentation/sum", found)

    def segmentation_average(self, query: SegmentationAverage) -> NumericSeriesResult:
        """Averages of a number."""
        found = self._api.segmentation_average(*_numeric(query), **_bucket(query))
        return self._numbers(query, "segmentation/average", found)

    def event_counts(self, query: EventCounts) -> EventCountsResult:
        """Several events per bucket."""
        found = self._api.event_counts(
            query.events, query.from_date, query.to_date, type=query.type, unit=query.unit
        )
        answer = self._api.read(SeriesAnswer, "events", found)
        series = answer.filled(*query.events)
        for event, values in series.items():
            if not any(values.values()):
                self._doubt_event(event)
        return EventCountsResult(query=query, series=series, **self._origin(answer))

    def property_counts(self, query: PropertyCounts) -> PropertyCountsResult:
        """Events per value of a property."""
        found = self._api.property_counts(
            query.event,
            query.property,
            query.from_date,
            query.to_date,
            values=query.values,
            type=query.type,
            unit=query.unit,
            limit=query.limit,
        )
        answer = self._api.read(SeriesAnswer, "events/properties", found)
        series = answer.filled(*(query.values or ()))
        self._doubt_zeros(series, query.event, query.property)
        return PropertyCountsResult(query=query, series=series, **self._origin(answer))

    def top_events(self, query: TopEvents) -> TopEventsResult:
        """Today's events."""
        found = self._api.top_events(query.type, query.limit)
        events = [TopEvent(it.event, it.amount, it.percent_change) for it in found]
        return TopEventsResult(query=query, events=events, source=self._api.source)

    def funnel(self, query: Funnel) -> FunnelResult:
        """A saved funnel; its name costs one more query per workspace."""
        info, listed = self._find_funnel(query.funnel_id)
        whole = query.unit == "range"
        days = (query.to_date - query.from_date).days + 1
        try:
            found = self._api.funnel(
                query.funnel_id,
                query.from_date,
                query.to_date,
                unit=None if whole else query.unit,
                interval=query.interval or days if whole else None,
                length=query.length,
                length_unit=query.length_unit,
                **_terms(query),
            )
        except ResourceNotFoundError as error:
            if not listed:
                raise
            raise EndpointRetiredError(
                f"Mixpanel has retired {error.endpoint}: it knows no funnel that is there",
                status=error.status,
                endpoint=error.endpoint,
                hint=instead("/api/query/funnels"),
            ) from error
        answer = self._api.read(FunnelAnswer, "funnels", found)
        series = {
            bucket: {name: funnel_steps(steps) for name, steps in segments.items()}
            for bucket, segments in answer.buckets().items()
        }
        return FunnelResult(query=query, funnel_name=info, series=series, **self._origin(answer))

    def retention(self, query: Retention) -> RetentionResult:
        """Cohorts, and who of them came back."""
        if query.interval != 1 and query.unit != "day":
            days = query.interval_days
            raise InvalidArgumentError(
                f"Mixpanel takes intervals of {query.interval} days, not of {query.interval}"
                f" {query.unit}s",
                hint=f"unit='day', interval={days}" if days <= 90 else "leave interval out",
            )
        found = self._api.retention(
            query.from_date,
            query.to_date,
            event=query.return_event,
            born_event=query.born_event,
            born_where=query.born_where,
            retention_type=query.retention_type,
            unit=query.unit if query.interval == 1 else None,
            interval=query.interval if query.interval != 1 else None,
            interval_count=query.interval_count,
            unbounded_retention=query.unbounded,
            **_terms(query),
        )
        answer = self._api.read(RetentionAnswer, "retention", found)
        rows = cohorts(query, answer.root, self._api.now())
        if not any(it.size for it in rows):
            self._doubt(query.born_event or query.return_event, query.born_where)
        elif not any(any(it.counts) for it in rows):
            self._doubt(query.return_event, query.where)
        return RetentionResult(query=query, cohorts=rows, source=self._api.source)

    def frequency(self, query: Frequency) -> FrequencyResult:
        """In how many slots of a period users are active."""
        found = self._api.frequency(
            query.from_date,
            query.to_date,
            event=query.event,
            unit=query.unit,
            addiction_unit=query.addiction_unit,
            **_terms(query),
        )
        wrapped = isinstance(found, dict) and isinstance(found.get("data"), dict)
        answer = self._api.read(
            FrequencyAnswer, "retention/addiction", found["data"] if wrapped else found
        )
        periods = [
            FrequencyPeriod(day, tuple(counts), segment)
            for segment, day, counts in by_segment(answer.root)
        ]
        if not any(any(it.counts) for it in periods):
            self._doubt(query.event, query.where)
        return FrequencyResult(query=query, periods=periods, source=self._api.source)

    def insights(self, query: Insights) -> InsightsResult:
        """A saved report."""
        answer = self._api.read(InsightsAnswer, "insights", self._api.insights(query.bookmark_id))
        return InsightsResult(
            query=query,
            kind=report_kind(answer),
            headers=tuple(answer.headers),
            from_date=_day(answer.date_range.from_date),
            to_date=_day(answer.date_range.to_date),
            series=answer.series,
            **self._origin(answer),
        )

    def activity_feed(self, query: ActivityFeed) -> ActivityFeedResult:
        """What some users did, oldest first."""
        found = self._api.activity_feed(query.distinct_ids, query.from_date, query.to_date)
        answer = self._api.read(ActivityFeedAnswer, "stream/query", found)
        events = sorted((activity(it) for it in answer.results.events), key=lambda it: it.time)
        return ActivityFeedResult(query=query, events=events, **self._origin(answer))

    def jql(self, query: JQL) -> JQLResult:
        """Whatever the main() of a script returns."""
        rows = self._api.jql(query.script, query.params)
        return JQLResult(raw=rows, query=query, source=self._api.source)

    _METHODS: ClassVar[Mapping[type, Callable[..., Any]]] = {
        Segmentation: segmentation,
        NumericSegmentation: segmentation_numeric,
        SegmentationSum: segmentation_sum,
        SegmentationAverage: segmentation_average,
        EventCounts: event_counts,
        PropertyCounts: property_counts,
        TopEvents: top_events,
        Funnel: funnel,
        Retention: retention,
        Frequency: frequency,
        Insights: insights,
        ActivityFeed: activity_feed,
        JQL: jql,
    }

    def _numbers(
        self, query: SegmentationSum | SegmentationAverage, endpoint: str, found: Any
    ) -> NumericSeriesResult:
        answer = self._api.read(NumbersAnswer, endpoint, found)
        values = dict(sorted(answer.results.items()))
        if not any(values.values()):
            self._doubt(query.event, query.on, query.where)
        return NumericSeriesResult(query=query, values=values, **self._origin(answer))

    def _origin(self, answer: Computed) -> dict[str, Any]:
        return {"computed_at": answer.computed_at, "source": self._api.source}

    def _find_funnel(self, funnel_id: int) -> tuple[str | None, bool]:
        """The name of a funnel, and whether it is listed; where it can't be known, no name."""
        try:
            info = self._names.find_funnel(funnel_id)
        except (PermissionDeniedError, ResourceNotFoundError):
            return None, False
        if info is None:
            known = [f"{it.funnel_id} ({it.name})" for it in self._names.list_funnels()[:5]]
            raise ResourceNotFoundError(
                f"Mixpanel has no saved funnel {funnel_id}",
                hint=f"mp funnels lists them: {', '.join(known)}" if known else "it has none",
            )
        return info.name, True

    def _doubt_zeros(
        self, series: Mapping[str, Mapping[str, float]], event: str, *expressions: str | None
    ) -> None:
        """Where every number is zero, doubt the names that the question has."""
        if not any(any(values.values()) for values in series.values()):
            self._doubt(event, *expressions)

    def _doubt(self, event: str | None, *expressions: str | None) -> None:
        """Warn of an event that Mixpanel does not know; else of properties that it does not have."""
        if event is None or self._doubt_event(event):
            return
        for prop in dict.fromkeys(name for it in expressions for name in event_properties(it)):
            self._doubt_property(event, prop)

    def _doubt_event(self, event: str) -> bool:
        hint = self._names.doubt_event(event)
        if hint is not None:
            warn(f"Mixpanel has no event {event!r}; {hint}")
        return hint is not None

    def _doubt_property(self, event: str, prop: str | None) -> None:
        if prop is None or system_field("properties", prop, of_event=True) is not None:
            return
        hint = self._names.doubt_property(event, prop)
        if hint:
            warn(f"{event!r} has no property {prop!r}; {hint}")


def _terms(query: Segmentation | Funnel | Retention | Frequency) -> dict[str, Any]:
    """Expressions; a limit goes with segments only."""
    return {"on": query.on, "where": query.where, "limit": query.limit if query.on else None}


Numeric = NumericSegmentation | SegmentationSum | SegmentationAverage


def _numeric(query: Numeric) -> tuple[str, date, date, str]:
    return query.event, query.from_date, query.to_date, query.on


def _bucket(query: Numeric) -> dict[str, Any]:
    return {"unit": query.unit, "where": query.where}


def _day(text: str | None) -> str | None:
    """The date of a time with the project's offset."""
    return text and text[:10]
