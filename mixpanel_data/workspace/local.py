"""`Workspace.local`: the reports of Mixpanel, counted here on fetched tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, TypeVar, Unpack, cast

from mixpanel_data import queries
from mixpanel_data._internal.config import checks
from mixpanel_data._keywords import checked_keywords
from mixpanel_data.exceptions import InvalidArgumentError, warn
from mixpanel_data.workspace.scope import ScopeOptions, scope_of
from mixpanel_data.workspace.warned import answers_carry_warnings

if TYPE_CHECKING:
    from mixpanel_data._internal.services.coverage import Question
    from mixpanel_data._internal.services.local_query import LocalQueryService
    from mixpanel_data.queries import (
        AveragePer,
        CohortUnit,
        CountType,
        Exclusion,
        Expression,
        FunnelBuckets,
        FunnelUnit,
        NonNumbers,
        NumericUnit,
        OnEvent,
        RangeIncludes,
        RetentionType,
        SegmentSizes,
        Slots,
        SlotUnit,
        Step,
        Unit,
        WhereApplies,
        WindowUnit,
    )
    from mixpanel_data.types import (
        FlowsResult,
        FrequencyResult,
        FunnelResult,
        NumericBucketsResult,
        NumericSeriesResult,
        RetentionResult,
        SegmentationResult,
    )
    from mixpanel_data.workspace.as_sql import ReportsAsSql

Day = str | date
T = TypeVar("T")


@answers_carry_warnings
@checked_keywords(options=ScopeOptions)
class LocalReports:
    """Reports on fetched tables, by Mixpanel's rules: no account and no quota is needed.

    Every report also takes these by name:

    - `table`: a table of events, or several that are read as one; "events".
    - `profiles`: the table that `user["x"]` looks in; "profiles".
    - `timezone`: whose days are counted; the account's, else UTC.
    - `week_start`: "monday" or "sunday".
    - `edge_buckets`: the first and last week or month have the days asked for alone ("partial"), or
      all of theirs ("whole").
    - `dedupe`: leave out copies of events. A fetch did; by default done where tables overlap.

    What the tables lack is warned of, an event that they have not is an error. The rules, and
    options where Mixpanel's are not written down, are in "How we count".
    """

    def __init__(
        self,
        service: LocalQueryService,
        timezone: str | None,
        usually: ScopeOptions | None = None,
    ) -> None:
        self._service = service
        self._timezone = timezone
        self._usually: ScopeOptions = usually or {}

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
        average_per: AveragePer = "users_of_bucket",
        **scope: Unpack[ScopeOptions],
    ) -> SegmentationResult:
        """How often an event happened, per bucket of time and per value of `on`.

        `type` "unique" counts users, "average" events per user. `limit` keeps the largest values.
        """
        query = queries.LocalSegmentation(
            event=event,
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            on=on,
            unit=unit,
            where=where,
            type=type,
            limit=limit,
            interval=interval,
            average_per=average_per,
        )
        return self._service.segmentation(query, self._scope(scope))

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
        range_includes: RangeIncludes = "lower",
        **scope: Unpack[ScopeOptions],
    ) -> NumericBucketsResult:
        """How often an event happened, per range of the number `on`: about ten equal ranges."""
        query = queries.LocalNumericSegmentation(
            event=event,
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            on=on,
            unit=unit,
            where=where,
            type=type,
            range_includes=range_includes,
        )
        return self._service.segmentation_numeric(query, self._scope(scope))

    def segmentation_sum(
        self,
        event: str,
        from_date: Day,
        to_date: Day,
        on: Expression,
        unit: NumericUnit = "day",
        where: Expression | None = None,
        **scope: Unpack[ScopeOptions],
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
        return self._service.segmentation_sum(query, self._scope(scope))

    def segmentation_average(
        self,
        event: str,
        from_date: Day,
        to_date: Day,
        on: Expression,
        unit: NumericUnit = "day",
        where: Expression | None = None,
        *,
        non_numbers: NonNumbers = "zero",
        **scope: Unpack[ScopeOptions],
    ) -> NumericSeriesResult:
        """The average of the number `on` over events; what is no number counts as 0, or not."""
        query = queries.LocalSegmentationAverage(
            event=event,
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            on=on,
            unit=unit,
            where=where,
            non_numbers=non_numbers,
        )
        return self._service.segmentation_average(query, self._scope(scope))

    def funnel(
        self,
        steps: Sequence[str | tuple[str, Expression] | Step],
        from_date: Day,
        to_date: Day,
        unit: FunnelUnit = "range",
        on: Expression | None = None,
        where: Expression | None = None,
        *,
        interval: int | None = None,
        length: int = 7,
        length_unit: WindowUnit = "day",
        limit: int = 255,
        count: Literal["unique", "total"] = "unique",
        exclusions: Sequence[str | tuple[str, Expression] | Exclusion] = (),
        grace_seconds: float = 2,
        attribution: Literal["first", "last"] = "first",
        window_end: Literal["inclusive", "exclusive"] = "inclusive",
        reuse_events: bool = False,
        clamp_times: bool = True,
        where_applies: WhereApplies = "every_step",
        buckets: FunnelBuckets = "separate",
        **scope: Unpack[ScopeOptions],
    ) -> FunnelResult:
        """How many go through these steps, entering in these days.

        A step is an event's name, or that and a filter: `("Purchase", 'properties["amount"] > 9')`.
        All steps are done within `length`. `unit` "range" counts users over all days; "day",
        "week" and "month" make each bucket a funnel of its own. `count` "total" lets a user enter
        again after each exit. `exclusions` are events that throw out between any two steps, or
        between those that an `Exclusion` names.
        """
        query = queries.LocalFunnel(
            steps=tuple(queries.Step.of(step) for step in _several(steps, "steps")),
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            unit=unit,
            on=on,
            where=where,
            interval=interval,
            length=length,
            length_unit=length_unit,
            limit=limit,
            count=count,
            exclusions=tuple(queries.Exclusion.of(it) for it in _several(exclusions, "exclusions")),
            grace_seconds=grace_seconds,
            attribution=attribution,
            window_end=window_end,
            reuse_events=reuse_events,
            clamp_times=clamp_times,
            where_applies=where_applies,
            buckets=buckets,
        )
        return self._service.funnel(query, self._scope(scope))

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
        birth_rows: Literal["first_in_range", "every_row"] = "first_in_range",
        anchor_returns: bool = False,
        on_event: OnEvent = "return",
        segment_sizes: SegmentSizes = "cohort",
        as_of: str | datetime | None = None,
        **scope: Unpack[ScopeOptions],
    ) -> RetentionResult:
        """How many of those who did `born_event` come back to do `return_event` (None: anything).

        `retention_type` "compounded" makes cohorts of whoever did `return_event`. `born_where`
        filters the first event, `where` the return. `interval_count` intervals of `interval`
        units follow the first; time counts from each user's own first event. `unbounded` counts
        who comes back in an interval or later. Nothing after `as_of` (UTC) is seen.

        `on` a property of the user has a row for each segment of users, with sizes and rates of
        its own. Of an event, it takes the value of the return (`on_event` "return", as the Query
        API does): counts are those who came back with the value, and rates divide them by the
        whole cohort. With `on_event` "born" it takes the value of the first event, and rates are
        within the segment.
        """
        query = queries.LocalRetention(
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
            birth_rows=birth_rows,
            anchor_returns=anchor_returns,
            on_event=on_event,
            segment_sizes=segment_sizes,
            as_of=queries.parse_instant(as_of, "as_of"),
        )
        return self._service.retention(query, self._scope(scope))

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
        slots: Slots = "calendar",
        **scope: Unpack[ScopeOptions],
    ) -> FrequencyResult:
        """In how many slots (`addiction_unit`) of a period (`unit`) users do `event`, or anything."""
        query = queries.LocalFrequency(
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            event=event,
            unit=unit,
            addiction_unit=addiction_unit,
            where=where,
            on=on,
            limit=limit,
            slots=slots,
        )
        return self._service.frequency(query, self._scope(scope))

    def flows(
        self,
        event: str,
        from_date: Day,
        to_date: Day,
        *,
        forward: int = 3,
        reverse: int = 0,
        where: Expression | None = None,
        count: Literal["unique", "total"] = "unique",
        length: int = 7,
        length_unit: WindowUnit = "day",
        limit: int = 10,
        hide: Sequence[str] = (),
        collapse_repeats: bool = True,
        **scope: Unpack[ScopeOptions],
    ) -> FlowsResult:
        """What users do up to `forward` steps after an event and `reverse` steps before it.

        `count` "unique" follows each user's first such event, "total" every one, for `length`.
        A step shows its `limit` most frequent events; `hide` leaves events out of the paths, and
        `collapse_repeats` makes one of the same event several times in a row.
        """
        query = queries.Flows(
            event=event,
            from_date=queries.parse_date(from_date, "from_date"),
            to_date=queries.parse_date(to_date, "to_date"),
            forward=forward,
            reverse=reverse,
            where=where,
            count=count,
            length=length,
            length_unit=length_unit,
            limit=limit,
            hide=tuple(_several(hide, "hide")),
            collapse_repeats=collapse_repeats,
        )
        return self._service.flows(query, self._scope(scope))

    def explain(self, query: Question, **scope: Unpack[ScopeOptions]) -> str:
        """The SQL that answers a question; the `query` of an answer is one. Nothing is counted."""
        return self._service.explain(query, self._scope(scope))

    @property
    def as_sql(self) -> ReportsAsSql:
        """The same reports, as the SQL that would answer them: `as_sql.funnel([…], …)`."""
        from mixpanel_data.workspace.as_sql import Explaining, ReportsAsSql

        explaining = cast("LocalQueryService", Explaining(self._service))
        return ReportsAsSql(LocalReports(explaining, self._timezone, self._usually))

    def on(self, *tables: str, **scope: Unpack[ScopeOptions]) -> LocalReports:
        """The same reports, which read these tables where nothing else is said."""
        usually: ScopeOptions = {**self._usually, **scope}
        if tables:
            usually["table"] = tables
        return LocalReports(self._service, self._timezone, usually)

    def _scope(self, asked: ScopeOptions) -> queries.Scope:
        options: ScopeOptions = {**self._usually, **asked}
        return scope_of(options, self._zone(options.get("timezone")))

    def _zone(self, asked: str | None) -> str:
        if asked is not None:
            return checks.timezone(asked)
        if self._timezone is None:
            warn(
                "days are counted in UTC: the project's time zone is not known (timezone=…,"
                " --timezone ZONE, or mp auth test NAME --save-timezone)"
            )
            self._timezone = "UTC"  # which is said once
        return self._timezone


def _several(values: Sequence[T], name: str) -> Sequence[T]:
    if isinstance(values, str):
        raise InvalidArgumentError(f"{name} is a list, not one string", hint=f"{name}=[{values!r}]")
    return values
