"""The part of a question that no event passed: its event, and the filters that it has to pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mixpanel_data.queries import LocalFunnel, LocalRetention
from mixpanel_data.types import FunnelResult, Report, RetentionResult


@dataclass(frozen=True)
class Filtered:
    """Events of one name (None: of all), and the filters that they have to pass."""

    event: str | None
    filters: tuple[str, ...]


def of_event(query: Any, answer: Report) -> Filtered | None:
    """The event and the filter of a question that has one of each, if the answer is zero."""
    return _filtered(query.event, query.where) if answer.is_zero else None


def of_funnel(query: LocalFunnel, answer: FunnelResult) -> Filtered | None:
    """The first step that nobody reached."""
    funnels = [steps for segments in answer.series.values() for steps in segments.values()]
    for number, step in enumerate(query.steps):
        if not any(steps[number].count for steps in funnels):
            of_all = number == 0 or query.where_applies == "every_step"
            return _filtered(step.event, step.where, query.where if of_all else None)
    return None


def of_retention(query: LocalRetention, answer: RetentionResult) -> Filtered | None:
    """The event that no cohort began with, or that nobody came back for."""
    if answer.is_zero:
        if query.retention_type == "compounded":
            return _filtered(query.return_event, query.where)
        return _filtered(query.born_event, query.born_where)
    if not any(any(it.counts) for it in answer.cohorts):
        return _filtered(query.return_event, query.where)
    return None


def _filtered(event: str | None, *filters: str | None) -> Filtered:
    return Filtered(event, tuple(it for it in filters if it is not None))
