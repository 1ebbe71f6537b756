"""The report form: `mixpanel_magics.state.reporting`, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from mixpanel_magics.state.form import LIVE, Draft, Field
from mixpanel_magics.state.reporting import Reporting
from mixpanel_magics.widgets import fields, styles
from mixpanel_magics.widgets.drawing import Drawing

if TYPE_CHECKING:
    from mixpanel_data import Workspace

_FIRST = "segmentation"
"""The report that a form begins with."""


class ReportForm:
    """A widget that asks for a report, and shows it as a picture, in numbers and as code."""

    def __init__(self, workspace: Workspace, *, variable: str = "ws") -> None:
        self.reporting = Reporting(workspace, variable=variable)
        self._drawing = Drawing()
        forms = self.reporting.forms
        self._report = fields.choice(
            "report", [(it.title, name) for name, it in forms.items()], value=_FIRST
        )
        self._table = fields.choice("counted", [("by Mixpanel", LIVE)])
        self._inputs: dict[str, ipywidgets.Widget] = {}
        self._shown: tuple[Field, ...] = ()
        self._list = styles.button("List names", self._list_names)
        self._first, self._basic, self._others = styles.row(), ipywidgets.VBox(), ipywidgets.VBox()
        self._more = ipywidgets.Accordion([self._others], titles=("More options",))
        self._ask = styles.button("Count", self._count, style="primary")
        self._stop = styles.button("Stop", self.reporting.stop)
        self._said = styles.line()
        self._no_chart = ipywidgets.HTML()
        self._picture = ipywidgets.Output()
        self._code = ipywidgets.HTML()
        self._numbers = ipywidgets.HTML()
        self._answer = ipywidgets.VBox([self._code, self._picture, self._no_chart, self._numbers])
        self._drawn: object = None
        form = ipywidgets.VBox(
            [
                self._report,
                self._table,
                self._basic,
                self._more,
                fields.indented(styles.row(self._ask, self._stop)),
                self._said,
                self._answer,
            ]
        )
        self.box = styles.framed([ipywidgets.HTML(styles.title("Report")), form])
        for box in (self._report, self._table):
            self._drawing.by_user(box, lambda _: self.draw())
        self.reporting.changed = self.draw
        self.reporting.list_tables()
        self.draw()

    def draw(self) -> None:
        """Draw what the state knows."""
        state = self.reporting
        with self._drawing.in_progress():
            self._draw_places()
            self._draw_fields()
            self._ask.disabled = self._list.disabled = state.is_asking
            fields.show(self._stop, state.is_asking)
            self._said.value = styles.status(state.status)
            if state.result is not self._drawn:
                self._draw_result()
            styles.fade(self._answer, state.is_old)

    def close(self) -> None:
        """Stop what runs, and take the form off the page."""
        self.reporting.close()
        styles.close(self.box)

    def _draw_places(self) -> None:
        """The tables, and Mixpanel where it answers the report."""
        tables = self.reporting.tables
        live = () if self._form.live is None else (("by Mixpanel", LIVE),)
        places = (*live, *((f"on {name}", name) for name in tables))
        places = places or (("on a table, which is still to be fetched", LIVE),)
        if tuple(self._table.options) != places:
            chosen, known = self._table.value, [value for _, value in places]
            self._table.options = places
            self._table.value = chosen if chosen in known else known[0]

    def _draw_fields(self) -> None:
        """The fields of the question; those that the one before had, too, stay as they are."""
        shown = self._form.fields(self._table.value or LIVE)
        if shown != self._shown:
            before, old = self._inputs, {it.name: it for it in self._shown}
            kept = {it.name for it in shown if it.name in old and it.is_like(old[it.name])}
            self._inputs = {
                it.name: before[it.name] if it.name in kept else self._input(it) for it in shown
            }
            self._shown = shown
            self._place(shown)
            for name in before.keys() - kept:
                styles.close(before[name])
        names = {"event": self.reporting.events, "property": self.reporting.properties}
        for it in shown:
            box = self._inputs[it.name]
            if it.control in names and tuple(box.options) != names[it.control]:
                box.options = names[it.control]

    def _place(self, shown: tuple[Field, ...]) -> None:
        basic = [self._inputs[it.name] for it in shown if it.is_basic]
        self._first.children = [basic[0], self._list]
        self._basic.children = [self._first, *basic[1:]]
        self._others.children = [self._inputs[it.name] for it in shown if not it.is_basic]

    def _input(self, it: Field) -> ipywidgets.Widget:
        about: dict[str, Any] = {"tooltip": it.help}
        if it.default is not None:
            about["value"] = it.default
        match it.control:
            case "choice":
                return fields.choice(it.label, it.choices, **about)
            case "switch":
                return fields.switch(it.label, **about)
            case "number":
                bounds = it.option.option
                return fields.number(it.label, bounds.least, bounds.most, **about)
            case "day":
                return fields.day(it.label, **about)
            case "event" | "property":
                return fields.suggested(it.label, placeholder=it.placeholder, **about)
        return fields.text(it.label, placeholder=it.placeholder, **about)

    def _draw_result(self) -> None:
        state = self.reporting
        self._drawn = state.result
        self._no_chart.value = styles.status(state.no_chart)
        self._picture.outputs = () if state.chart is None else styles.picture(state.chart)
        if state.result is not None:
            cell = state.call if state.chart is None else f"{state.call}.plot()"
            self._code.value = styles.copyable(state.call, cell)
            self._numbers.value = styles.table(tuple(state.result.columns), state.rows())

    @property
    def _form(self) -> Any:
        return self.reporting.forms[self._report.value]

    def _draft(self) -> Draft:
        typed = {name: box.value for name, box in self._inputs.items()}
        return Draft(self._form, self._table.value or LIVE, typed)

    def _list_names(self) -> None:
        self.reporting.list_names(self._draft())

    def _count(self) -> None:
        self.reporting.ask(self._draft())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return styles.bundle(self.box, repr(self))

    def __repr__(self) -> str:
        return "the form is a widget; without a front end for it: ws.segmentation(…)"
