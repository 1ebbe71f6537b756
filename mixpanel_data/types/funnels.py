"""Answers about funnels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mixpanel_data.queries import Funnel, LocalFunnel
from mixpanel_data.types import charts
from mixpanel_data.types.answers import Answer
from mixpanel_data.types.report import DAY, OVERALL, Report, day, ratio

if TYPE_CHECKING:
    from altair import LayerChart

_NUMBERS = ("count", "step_conv_ratio", "overall_conv_ratio", "avg_time", "avg_time_from_start")


@dataclass(frozen=True)
class FunnelStep(Answer):
    """How many got to a step, of those before (`step_conv_ratio`), of those who entered.

    Times are seconds, averaged over those who got here; None for the first step. `label` is the
    name to show.
    """

    event: str
    count: int
    step_conv_ratio: float
    overall_conv_ratio: float
    avg_time: float | None = None
    avg_time_from_start: float | None = None
    label: str = ""

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", self.event)


@dataclass(frozen=True, kw_only=True, repr=False)
class FunnelResult(Report):
    """The steps of a funnel, per bucket and segment.

    `series` goes by bucket (its first day), then segment; "$overall" has all of them together and
    is always there. `funnel_name` is None for steps that are saved nowhere.
    """

    query: Funnel | LocalFunnel
    funnel_name: str | None
    series: Mapping[str, Mapping[str, tuple[FunnelStep, ...]]]

    @property
    def columns(self) -> dict[str, str]:
        """`date` (the bucket's first day), `segment`, `step` from 1, its names and numbers."""
        return {
            "date": DAY,
            "segment": "str",
            "step": "int64",
            "event": "str",
            "label": "str",
            "count": "int64",
            "step_conv_ratio": "float64",
            "overall_conv_ratio": "float64",
            "avg_time": "float64",
            "avg_time_from_start": "float64",
        }

    @property
    def is_zero(self) -> bool:
        """Whether nobody entered the funnel."""
        return not any(steps[0].count for it in self.series.values() for steps in it.values())

    def records(self) -> Iterator[tuple[Any, ...]]:
        """Bucket by bucket, within it segment by segment."""
        for bucket, segments in self.series.items():
            for segment, steps in segments.items():
                for number, step in enumerate(steps, 1):
                    figures = (getattr(step, name) for name in _NUMBERS)
                    yield bucket, segment, number, step.event, step.label, *figures

    @property
    def funnel_id(self) -> int | None:
        """The id of the saved funnel; None for steps of one's own."""
        return self.query.funnel_id if isinstance(self.query, Funnel) else None

    @property
    def from_date(self) -> str:
        """The first day of entries."""
        return day(self.query.from_date)

    @property
    def to_date(self) -> str:
        """The last day of entries, included."""
        return day(self.query.to_date)

    @cached_property
    def steps(self) -> list[FunnelStep]:
        """The steps over all buckets: counts added, times averaged over those who got there."""
        return self._added(OVERALL)

    def _added(self, segment: str) -> list[FunnelStep]:
        buckets = [segments[segment] for segments in self.series.values() if segment in segments]
        summed: list[FunnelStep] = []
        for copies in zip(*buckets, strict=True):
            count = sum(copy.count for copy in copies)
            summed.append(
                FunnelStep(
                    event=copies[0].event,
                    label=copies[0].label,
                    count=count,
                    step_conv_ratio=ratio(count, summed[-1].count) if summed else 1.0,
                    overall_conv_ratio=ratio(count, summed[0].count) if summed else 1.0,
                    avg_time=_average(copies, "avg_time"),
                    avg_time_from_start=_average(copies, "avg_time_from_start"),
                )
            )
        return summed

    @property
    def conversion_rate(self) -> float:
        """The share of those who entered that got to the last step, 0 to 1."""
        return self.steps[-1].overall_conv_ratio if len(self.steps) > 1 else float(bool(self.steps))

    @property
    def counted(self) -> str:
        """What the counts of `steps` are: "users", or "entries".

        Each bucket is a funnel of its own, so who enters in two of them counts twice; unless they
        are one that is split.
        """
        again = len(self.series) > 1
        if isinstance(self.query, LocalFunnel):
            again = self.query.count == "total" or (again and self.query.buckets == "separate")
        return "entries" if again else "users"

    def plot(self) -> LayerChart:
        """A bar for each step, and segment (extra `plot`)."""
        segments = dict.fromkeys(name for found in self.series.values() for name in found)
        shown = [name for name in segments if name != OVERALL] or [OVERALL]
        steps = [self._added(name) for name in shown]
        rows = [
            (f"{number}. {step.label}", name, step.count, step.overall_conv_ratio)
            for name, added in zip(shown, steps, strict=True)
            for number, step in enumerate(added, 1)
        ]
        title = self.funnel_name or "Funnel"
        return charts.bars(rows, title=title, across="step", value=self.counted)

    def facts(self) -> dict[str, Any]:
        """Which funnel, which days, and the steps over all buckets."""
        return {
            "funnel_id": self.funnel_id,
            "funnel_name": self.funnel_name,
            "from_date": self.from_date,
            "to_date": self.to_date,
            "conversion_rate": self.conversion_rate,
            "counted": self.counted,
            "steps": [step.to_dict() for step in self.steps],
        }

    def numbers(self) -> dict[str, Any]:
        """The steps by bucket and segment, where there is more than one."""
        parts = [segments for segments in self.series.values() for _ in segments]
        if len(parts) <= 1:
            return {}
        return {
            "series": {
                bucket: {name: [step.to_dict() for step in steps] for name, steps in found.items()}
                for bucket, found in self.series.items()
            }
        }


@dataclass(frozen=True)
class FunnelInfo(Answer):
    """A funnel that Mixpanel has saved."""

    funnel_id: int
    name: str | None


def _average(copies: tuple[FunnelStep, ...], name: str) -> float | None:
    timed = [(getattr(copy, name), copy.count) for copy in copies]
    timed = [(time, count) for time, count in timed if time is not None and count]
    people = sum(count for _, count in timed)
    return sum(time * count for time, count in timed) / people if people else None
