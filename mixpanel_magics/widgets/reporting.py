"""The report form: `mixpanel_magics.state.reporting`, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from mixpanel_magics.state.reporting import COUNTED, LIVE, UNITS, Question, Reporting
from mixpanel_magics.widgets import fields, styles

if TYPE_CHECKING:
    from mixpanel_data import Workspace


class ReportForm:
    """A widget that counts an event over time, as a picture and in numbers."""

    def __init__(self, workspace: Workspace) -> None:
        self.reporting = Reporting(workspace)
        self._table = fields.choice("counted", [("by Mixpanel", LIVE)])
        self._event = fields.suggested("event", placeholder="its name; List names finds all")
        self._from = fields.day("from")
        self._to = fields.day("to")
        self._unit = fields.choice("per", UNITS, value="day")
        self._type = fields.choice("count", list(COUNTED.items()))
        self._on = fields.suggested("by", placeholder="optional: a property")
        self._list = styles.button("List names", self._list_names)
        self._ask = styles.button("Count", self._count, style="primary")
        self._stop = styles.button("Stop", self.reporting.stop)
        self._said = styles.line()
        self._no_chart = ipywidgets.HTML()
        self._picture = ipywidgets.Output()
        self._numbers = ipywidgets.HTML()
        self._drawn: object = None
        form = ipywidgets.VBox(
            [
                self._table,
                styles.row(self._event, self._list),
                self._from,
                self._to,
                self._unit,
                self._type,
                self._on,
                fields.indented(styles.row(self._ask, self._stop)),
                self._said,
                self._picture,
                self._no_chart,
                self._numbers,
            ]
        )
        self.box = styles.framed([ipywidgets.HTML(styles.title("Report")), form])
        self.reporting.changed = self.draw
        self.reporting.list_tables()
        self.draw()

    def draw(self) -> None:
        """Draw what the state knows."""
        state = self.reporting
        places = (("by Mixpanel", LIVE), *((f"on {name}", name) for name in state.tables))
        if tuple(self._table.options) != places:
            chosen = self._table.value
            self._table.options = places
            self._table.value = chosen if chosen in state.tables else LIVE
        for box, names in ((self._event, state.events), (self._on, state.properties)):
            if tuple(box.options) != names:
                box.options = names
        self._ask.disabled = self._list.disabled = state.is_asking
        fields.show(self._stop, state.is_asking)
        self._said.value = styles.status(state.status)
        if state.result is not self._drawn:
            self._draw_result()

    def _draw_result(self) -> None:
        state = self.reporting
        self._drawn = state.result
        self._no_chart.value = styles.status(state.no_chart)
        self._picture.outputs = () if state.chart is None else styles.picture(state.chart)
        if state.result is not None:
            self._numbers.value = styles.table(tuple(state.result.columns), state.rows())

    def close(self) -> None:
        """Stop what runs, and take the form off the page."""
        self.reporting.close()
        styles.close(self.box)

    def _question(self) -> Question:
        return Question(
            event=self._event.value.strip(),
            from_date=self._from.value,
            to_date=self._to.value,
            table=self._table.value,
            on=self._on.value.strip(),
            unit=self._unit.value,
            type=self._type.value,
        )

    def _list_names(self) -> None:
        self.reporting.list_names(self._question())

    def _count(self) -> None:
        self.reporting.ask(self._question())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return styles.bundle(self.box, repr(self))

    def __repr__(self) -> str:
        return "the form is a widget; without a front end for it: ws.segmentation(…)"
