"""Answers that are zero because no event passes a filter: told, with the value that was meant.

This looks at the events of the question's days, so it is done where an answer is zero, alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mixpanel_data._internal.expressions import as_expression, nodes, parse
from mixpanel_data._internal.reports.calendar import Calendar
from mixpanel_data._internal.reports.events import Events, Expression, labels
from mixpanel_data._internal.reports.registry import LOCAL_REPORTS
from mixpanel_data._internal.services.mistakes import literals
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.exceptions import near, warn
from mixpanel_data.types import Report

_MAX_VALUES = 1_000
"""Values of a property among which the one that was meant is looked for, the most frequent."""


def check(
    query: Any, answer: Report, events: Events, calendar: Calendar, storage: StorageEngine
) -> None:
    """Warn where an answer is zero because no event passes a filter, though there are some."""
    part = LOCAL_REPORTS[type(query)].empty(query, answer)
    if part is None or not part.filters:
        return
    condition = " and ".join(f"({as_expression(it)})" for it in part.filters)
    look = _Look(part.event, events, calendar, storage)
    count, passed = look.counts(condition)
    if count and not passed:
        one = "event" if count == 1 else "events"
        what = one if part.event is None else f"{one} {part.event!r}"
        shown = " and ".join(part.filters)
        warn(f"none of the {count:,} {what} of these days passes {shown}{look.meant(condition)}")


@dataclass(frozen=True)
class _Look:
    """A look at the events of one name (None: of all) in the days of a question."""

    event: str | None
    events: Events
    calendar: Calendar
    storage: StorageEngine

    def counts(self, condition: str) -> tuple[int, int]:
        """How many events there are, and how many of them pass."""
        rows = self._select("passes", lambda compiler: compiler.condition(condition))
        ((count, passed),) = self.storage.execute_rows(
            f"SELECT count(*), count(*) FILTER (passes) FROM (\n{rows}\n)"
        )
        return count, passed

    def meant(self, condition: str) -> str:
        """For each text that a property never is, the one that may be meant."""
        told = ""
        for node in nodes.walk(parse(condition)):
            if not isinstance(node, nodes.Compare) or not isinstance(node.left, nodes.Property):
                continue
            if node.operator not in {"==", "in"}:
                continue
            texts = [it.value for it in literals(node.right) if isinstance(it, nodes.String)]
            known = self._values(str(node.left)) if texts else []
            for text in texts:
                hint = None if text in known else near(text, known)
                if hint is not None:
                    told += f"; {node.left} is never {text!r}, {hint}"
        return told

    def _values(self, prop: str) -> list[str]:
        rows = self._select("labels", labels(prop))
        found = self.storage.execute_rows(
            f"SELECT value FROM (SELECT unnest(labels) AS value FROM (\n{rows}\n))"
            f" GROUP BY value ORDER BY count(*) DESC, value LIMIT {_MAX_VALUES}"
        )
        return [value for (value,) in found]

    def _select(self, name: str, expression: Expression) -> str:
        return self.events.select(
            ["event_time"],
            {name: expression},
            names=None if self.event is None else [self.event],
            conditions=self.calendar.covers("e.event_time"),
        )
