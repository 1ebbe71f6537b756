"""The report form: how often an event happened, counted by Mixpanel or on a fetched table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from mixpanel_data.exceptions import MissingExtraError
from mixpanel_magics.state.status import StatusMessage, Tone, as_typed, failed, quietly
from mixpanel_magics.state.work import Work

if TYPE_CHECKING:
    from mixpanel_data import Workspace
    from mixpanel_data.types import SegmentationResult

LIVE = ""
"""In the place of a table: Mixpanel itself."""

UNITS = ("hour", "day", "week", "month")
COUNTED = {"events": "general", "users": "unique", "events per user": "average"}

MAX_ROWS = 200
"""Rows of numbers that are shown."""


@dataclass(frozen=True)
class Question:
    """What is asked; `table` is where it is counted, `on` the property that makes segments."""

    event: str = ""
    from_date: date | None = None
    to_date: date | None = None
    table: str = LIVE
    on: str = ""
    unit: Literal["hour", "day", "week", "month"] = "day"
    type: Literal["general", "unique", "average"] = "general"

    @property
    def missing(self) -> str | None:
        """What is missing yet."""
        if not self.event:
            return "choose an event"
        if self.from_date is None or self.to_date is None:
            return "choose the first and the last day"
        return None


class Reporting:
    """Asks on a thread, and on connections of its own; `changed` is called on any thread."""

    def __init__(self, workspace: Workspace, changed: Callable[[], None] = lambda: None) -> None:
        self.changed = changed
        self.status = StatusMessage()
        self.is_asking = False
        self.tables: tuple[str, ...] = ()
        self.events: tuple[str, ...] = ()
        self.properties: tuple[str, ...] = ()
        self.result: SegmentationResult | None = None
        self.chart: Any = None
        """Of the result; None without the extra `plot`."""
        self.no_chart: StatusMessage = StatusMessage()
        self._workspace = workspace.sibling()
        self.work = Work(self._workspace.interrupt)

    def list_tables(self) -> None:
        """Find the fetched tables that a report can be counted on."""
        self._do(self._event_tables, self._tables_listed)

    def list_names(self, question: Question) -> None:
        """Find names of events, and of properties of the event that is chosen."""
        self._busy("looking for names …")
        self._do(lambda: self._names(question), self._listed)

    def ask(self, question: Question) -> None:
        """Have it counted; what was shown before goes."""
        if (missing := question.missing) is not None:
            self._say(StatusMessage(missing, "bad"))
            return
        self._busy("asking Mixpanel …" if question.table == LIVE else "counting …")
        self._do(lambda: self._count(question), self._counted)

    def stop(self) -> None:
        """Do not wait for the answer."""
        if self.is_asking:
            self.work.stop()
            self._say(StatusMessage("stopped"))

    def close(self) -> None:
        """Stop, and let go of the connections; nothing more is told."""
        self.changed = lambda: None
        self.work.close()
        self._workspace.close()

    def rows(self) -> list[tuple[Any, ...]]:
        """The numbers, the first `MAX_ROWS` of them."""
        return [] if self.result is None else list(self.result.records())[:MAX_ROWS]

    # -- on the thread ----------------------------------------------------------------------------

    def _event_tables(self) -> tuple[str, ...]:
        return tuple(table.name for table in self._workspace.tables() if table.type == "events")

    def _names(self, question: Question) -> tuple[list[str], list[str]]:
        table = question.table
        if table == LIVE:
            events = self._workspace.events()
        else:
            breakdown = self._workspace.event_breakdown(table, top=1000)
            events = [found.event for found in breakdown.events if found.event is not None]
        if question.event not in events:
            return events, []
        return events, self._workspace.properties(question.event, table=table or None)

    def _count(self, question: Question) -> tuple[SegmentationResult, Any, StatusMessage]:
        what: dict[str, Any] = {
            "event": question.event,
            "from_date": question.from_date,
            "to_date": question.to_date,
            "on": question.on or None,
            "unit": question.unit,
            "type": question.type,
        }
        with quietly():  # the answer has the warnings
            if question.table == LIVE:
                result = self._workspace.segmentation(**what)
            else:
                result = self._workspace.local.segmentation(**what, table=question.table)
        try:
            return result, result.plot(), StatusMessage()
        except MissingExtraError as error:
            return result, None, StatusMessage(error.message, "plain", error.hint)

    # -- what is told -----------------------------------------------------------------------------

    def _tables_listed(self, tables: tuple[str, ...]) -> None:
        self.tables = tables
        self._say(self.status)

    def _listed(self, names: tuple[list[str], list[str]]) -> None:
        self.events, self.properties = tuple(names[0]), tuple(names[1])
        told = f"{len(self.events):,} events"
        if self.properties:
            told += f", {len(self.properties):,} properties of the one that is chosen"
        self._say(StatusMessage(told))

    def _counted(self, counted: tuple[SegmentationResult, Any, StatusMessage]) -> None:
        self.result, self.chart, self.no_chart = counted
        result = self.result
        by = "by Mixpanel" if not result.tables else f"on {', '.join(result.tables)}"
        total = "" if result.total is None else f": {result.total:,} in all"
        count = sum(1 for _ in result.records())
        notes = [str(as_typed(warning)) for warning in result.warnings]
        if count > MAX_ROWS:
            notes.append(f"the first {MAX_ROWS} of {count:,} numbers are shown")
        is_zero = not any(record[-1] for record in result.records())
        tone: Tone = "bad" if is_zero and result.warnings else "plain" if is_zero else "good"
        if result.warnings and tone == "good":
            tone = "plain"
        self._say(
            StatusMessage(f"{result.event}, counted {by}{total}", tone, "; ".join(notes) or None)
        )

    def _failed(self, error: Any) -> None:
        self._say(failed(error))

    def _do(self, job: Callable[[], Any], then: Callable[[Any], None]) -> None:
        self.work.do(job, then, self._failed)

    def _busy(self, text: str) -> None:
        self.is_asking = True
        self.status = StatusMessage(text, "busy")
        self.changed()

    def _say(self, status: StatusMessage) -> None:
        self.is_asking, self.status = False, status
        self.changed()
