"""What Mixpanel sent, as the values of our answers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from mixpanel_data._internal.api_client.report_responses import (
    ActivityAnswer,
    CohortAnswer,
    InsightsAnswer,
    StepAnswer,
    by_segment,
)
from mixpanel_data.queries import Retention
from mixpanel_data.types import ActivityEvent, CohortInfo, FunnelStep
from mixpanel_data.types.insights import ReportKind

MILLISECONDS = 1e11
"""Times above it are in milliseconds: as seconds they would be past the year 5000."""


def funnel_steps(found: list[StepAnswer]) -> tuple[FunnelStep, ...]:
    """Steps in order; ratios that were left out are computed."""
    steps: list[FunnelStep] = []
    for it in found:
        event = it.event or it.goal or it.step_label or ""
        step, overall = it.step_conv_ratio, it.overall_conv_ratio
        steps.append(
            FunnelStep(
                event=event,
                label=it.step_label or event,
                count=it.count,
                step_conv_ratio=_share(it, found[max(len(steps) - 1, 0)]) if step is None else step,
                overall_conv_ratio=_share(it, found[0]) if overall is None else overall,
                avg_time=it.avg_time,
                avg_time_from_start=it.avg_time_from_start,
            )
        )
    return tuple(steps)


def _share(step: StepAnswer, before: StepAnswer) -> float:
    if step is before:
        return 1.0
    return step.count / before.count if before.count else 0.0


def cohorts(
    query: Retention, found: dict[str, CohortAnswer | dict[str, CohortAnswer]], now: datetime
) -> list[CohortInfo]:
    """Cohorts, oldest first; `now` is in UTC."""
    # The project's zone is unknown here: an interval is over when it is over everywhere.
    earliest = now.replace(tzinfo=None) - timedelta(hours=12)
    return [
        CohortInfo(
            date=day,
            size=row.first,
            counts=tuple(row.counts),
            complete=min(len(row.counts), _complete(query, day, earliest)),
            segment=segment,
        )
        for segment, day, row in by_segment(found)
    ]


def _complete(query: Retention, day: str | None, now: datetime) -> int:
    """How many intervals are over for the last one who may join a cohort, at its end."""
    if day is None:
        end = query.to_date + timedelta(days=1)
    else:
        begin = date.fromisoformat(day[:10])
        # A month has up to 31 days, an interval of months 30.
        end = begin + timedelta(days=max(query.interval_days, 31 if query.unit == "month" else 1))
    over = now - datetime.combine(end, time.min)
    return max(0, over // timedelta(days=query.interval_days))


def report_kind(answer: InsightsAnswer) -> ReportKind:
    """What kind of report was saved, by the names of its levels."""
    if "$funnel" in answer.headers:
        return "funnel"
    return "retention" if "$retention" in answer.headers else "insights"


def activity(found: ActivityAnswer) -> ActivityEvent:
    """An event of a user; its time in seconds or milliseconds."""
    properties = found.properties
    who = properties.get("$distinct_id", properties.get("distinct_id"))
    stamp = properties["time"]
    seconds = stamp / 1000 if stamp > MILLISECONDS else stamp
    return ActivityEvent(
        time=datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None),
        event=found.event,
        distinct_id=None if who is None else str(who),
        properties=properties,
    )
