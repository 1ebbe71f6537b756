"""The report form: a report of `ws.local`, counted by Mixpanel or on a fetched table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mixpanel_data.exceptions import MissingExtraError, MixpanelDataError
from mixpanel_magics.state.form import LIVE, Draft, Form, forms_of
from mixpanel_magics.state.status import StatusMessage, Tone, as_typed, failed, quietly
from mixpanel_magics.state.work import Work

if TYPE_CHECKING:
    from mixpanel_data import Workspace
    from mixpanel_data.types import Report

MAX_ROWS = 200
"""Rows of numbers that are shown."""


class Reporting:
    """Asks on a thread, and on connections of its own; `changed` is called on any thread."""

    def __init__(
        self,
        workspace: Workspace,
        changed: Callable[[], None] = lambda: None,
        *,
        variable: str = "ws",
    ) -> None:
        self.changed = changed
        self.forms: dict[str, Form] = forms_of(type(workspace), type(workspace.local))
        self.status = StatusMessage()
        self.is_asking = False
        self.tables: tuple[str, ...] = ()
        self.events: tuple[str, ...] = ()
        self.properties: tuple[str, ...] = ()
        self.result: Report | None = None
        self.call = ""
        """The code that gives the result; `variable` is the workspace."""
        self.is_old = False
        """Whether another question was asked since, which has no result."""
        self.chart: Any = None
        """Of the result; None without the extra `plot`."""
        self.no_chart: StatusMessage = StatusMessage()
        self._variable = variable
        self._workspace = workspace.sibling()
        self.work = Work(self._workspace.interrupt)

    def list_tables(self) -> None:
        """Find the fetched tables that a report can be counted on."""
        self._do(self._event_tables, self._tables_listed)

    def list_names(self, draft: Draft) -> None:
        """Find names of events, and of properties of the events that are chosen."""
        self._busy("looking for names …")
        self._do(lambda: self._names(draft), self._listed)

    def ask(self, draft: Draft) -> None:
        """Have it counted; what was shown before is old from now on, whatever comes of it."""
        self.is_old = self.result is not None
        try:
            missing = draft.missing
            call = "" if missing else draft.call(self._variable)
        except MixpanelDataError as error:
            self._failed(error)
            return
        if missing:
            self._say(StatusMessage(missing, "bad"))
            return
        self._busy("asking Mixpanel …" if draft.is_live else "counting …")
        self._do(lambda: self._count(draft), lambda found: self._counted(draft, call, *found))

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

    def _names(self, draft: Draft) -> tuple[list[str], list[str]]:
        table = draft.table
        if table == LIVE:
            events = self._workspace.events()
        else:
            breakdown = self._workspace.event_breakdown(table, top=1000)
            events = [found.event for found in breakdown.events if found.event is not None]
        chosen = [event for event in draft.events if event in events]
        found = (self._workspace.properties(event, table=table or None) for event in chosen)
        return events, list(dict.fromkeys(name for names in found for name in names))

    def _count(self, draft: Draft) -> tuple[Report, Any, StatusMessage]:
        asker = self._workspace if draft.is_live else self._workspace.local
        with quietly():  # the answer has the warnings
            result = asker.ask(draft.question())
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
            told += f", {len(self.properties):,} properties of those that are chosen"
        self._say(StatusMessage(told))

    def _counted(
        self, draft: Draft, call: str, result: Report, chart: Any, no_chart: StatusMessage
    ) -> None:
        self.result, self.chart, self.no_chart = result, chart, no_chart
        self.call, self.is_old = call, False
        facts = result.facts()
        what = facts.get("event") or draft.form.title
        by = "by Mixpanel" if not result.tables else f"on {', '.join(result.tables)}"
        total = f": {facts['total']:,} in all" if facts.get("total") is not None else ""
        count = sum(1 for _ in result.records())
        notes = [str(as_typed(warning)) for warning in result.warnings]
        if count > MAX_ROWS:
            notes.append(f"the first {MAX_ROWS} of {count:,} numbers are shown")
        self._say(
            StatusMessage(f"{what}, counted {by}{total}", _tone(result), "; ".join(notes) or None)
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


def _tone(result: Report) -> Tone:
    """A zero is no success, and one that is warned of is a failure."""
    if result.is_zero:
        return "bad" if result.warnings else "plain"
    return "plain" if result.warnings else "good"
