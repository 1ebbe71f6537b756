"""Answers about paths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mixpanel_data.queries import Flows
from mixpanel_data.types import charts, sankey
from mixpanel_data.types.answers import Answer
from mixpanel_data.types.report import Report, day

if TYPE_CHECKING:
    from altair import LayerChart

OTHER, END, START = "$other", "$end", "$start"
"""Rare events together; no further event within the window; none before."""


@dataclass(frozen=True)
class FlowLink(Answer):
    """How many went from one event straight to the next.

    `step` counts from the event that was asked for: 1 leads away from it, -1 to it.
    `share` is of all that begin.
    """

    step: int
    source: str
    target: str
    count: int
    share: float


@dataclass(frozen=True)
class FlowPath(Answer):
    """A whole path, from the first step before the event to the last one after it."""

    events: tuple[str, ...]
    count: int
    share: float


@dataclass(frozen=True, kw_only=True, repr=False)
class FlowsResult(Report):
    """The links of a flow by step, most frequent first; `paths` are the most frequent ones.

    `total` counts what goes through the event: users, or each time. In links, "$other" is all
    rarer events, "$end" no further event, "$start" none before.
    """

    query: Flows
    total: int
    links: list[FlowLink]
    paths: list[FlowPath]

    @property
    def columns(self) -> dict[str, str]:
        """One row per link."""
        return {
            "step": "int64",
            "source": "str",
            "target": "str",
            "count": "int64",
            "share": "float64",
        }

    @property
    def is_zero(self) -> bool:
        """Whether nothing was counted."""
        return not self.total

    def records(self) -> Iterator[tuple[Any, ...]]:
        """Step by step."""
        for it in self.links:
            yield it.step, it.source, it.target, it.count, it.share

    def plot(self) -> LayerChart:
        """A Sankey diagram, from left to right (extra `plot`)."""
        links, nodes = sankey.layout(self.links)
        return charts.ribbons(links, nodes, title=f"Around {self.query.event}")

    def facts(self) -> dict[str, Any]:
        """The fields of the question, and the total."""
        return {
            "event": self.query.event,
            "from_date": day(self.query.from_date),
            "to_date": day(self.query.to_date),
            "count": self.query.count,
            "forward": self.query.forward,
            "reverse": self.query.reverse,
            "total": self.total,
        }

    def numbers(self) -> dict[str, Any]:
        """Links and paths."""
        return {
            "links": [link.to_dict() for link in self.links],
            "paths": [path.to_dict() for path in self.paths],
        }
