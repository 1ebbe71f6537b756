"""The fetch form: `mixpanel_magics.state.fetching`, drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets

from mixpanel_magics.state.fetching import Fetching, Wanted
from mixpanel_magics.widgets import fields, styles
from mixpanel_magics.widgets.bar import Bar

if TYPE_CHECKING:
    from mixpanel_data import Workspace

_MODES = [
    ("a new table", "create"),
    ("add days to the table", "append"),
    ("replace the table", "replace"),
]


class FetchForm:
    """A widget that fetches events into a table, and says beforehand what that costs."""

    def __init__(
        self, workspace: Workspace, fetched: Callable[[str], None] = lambda _: None
    ) -> None:
        self.fetching = Fetching(workspace, fetched=fetched)
        self._table = fields.text("table", value="events")
        self._mode = fields.choice("into", _MODES)
        self._from = fields.day("from")
        self._to = fields.day("to")
        self._events = ipywidgets.TagsInput(allow_duplicates=False, placeholder="all")
        self._events.layout.width = "24em"
        self._typed = fields.suggested("event", placeholder="all events; or one after the other")
        self._where = fields.text("where", placeholder='optional, as properties["plan"] == "pro"')
        self._list = styles.button("List events", self.fetching.list_events)
        self._start = styles.button("Fetch", self.fetching.start, style="primary")
        self._stop = styles.button("Stop", self.fetching.stop)
        self._said = styles.line()
        self._bar = Bar()
        self._fields = (self._table, self._mode, self._from, self._to, self._where)
        for field in self._fields:
            field.observe(lambda _: self._change(), "value")
        self._events.observe(lambda _: self._change(), "value")
        self._typed.observe(lambda change: self._add(change["new"]), "value")
        self._chosen = fields.indented(self._events)
        form = ipywidgets.VBox(
            [
                *self._fields[:4],
                styles.row(self._typed, self._list),
                self._chosen,
                self._where,
                fields.indented(styles.row(self._start, self._stop)),
                self._bar.box,
                self._said,
            ]
        )
        self.box = styles.framed([ipywidgets.HTML(styles.title("Fetch events")), form])
        self.fetching.changed = self.draw
        self.draw()

    def draw(self) -> None:
        """Draw what the state knows."""
        state = self.fetching
        for field in (*self._fields, self._typed, self._events, self._list):
            field.disabled = state.is_running
        if tuple(self._typed.options) != state.known:
            self._typed.options = state.known
        self._start.disabled = not state.can_start
        fields.show(self._stop, state.is_running)
        fields.show(self._chosen, bool(self._events.value))
        if state.is_running:
            self._bar.set(state.status.text, state.fraction)
        else:
            self._bar.clear()
        self._said.value = "" if state.is_running else styles.status(state.status)

    def close(self) -> None:
        """Stop what runs, and take the form off the page."""
        self.fetching.close()
        styles.close(self.box)

    def _add(self, name: str) -> None:
        """An event that was typed or chosen is one of those wanted; the field is for the next."""
        if name and (not self.fetching.known or name in self.fetching.known):
            self._events.value = list(dict.fromkeys([*self._events.value, name]))
            self._typed.value = ""

    def _change(self) -> None:
        self.fetching.change(
            Wanted(
                table=self._table.value.strip(),
                from_date=self._from.value,
                to_date=self._to.value,
                events=tuple(self._events.value),
                where=self._where.value.strip(),
                mode=self._mode.value,
            )
        )
        fields.show(self._chosen, bool(self._events.value))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return styles.bundle(self.box, repr(self))

    def __repr__(self) -> str:
        return "the form is a widget; without a front end for it: %mp_fetch? has examples"
