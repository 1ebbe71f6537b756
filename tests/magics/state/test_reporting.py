"""The report form, without a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mixpanel_data import Workspace, queries
from mixpanel_data._internal.reports.registry import LOCAL_REPORTS
from mixpanel_data.queries import parameters
from mixpanel_data.workspace.local import LocalReports
from mixpanel_magics.state.form import LIVE, Draft, forms_of
from mixpanel_magics.state.reporting import MAX_ROWS, Reporting
from mixpanel_magics.state.status import quietly
from tests.waiting import HANG

FORMS = forms_of(Workspace, LocalReports)
DAYS = {"from_date": date(2026, 1, 1), "to_date": date(2026, 1, 5)}
QUESTION = Draft(FORMS["segmentation"], LIVE, {"event": "Purchase", **DAYS})


def but(draft: Draft, table: str | None = None, **typed: Any) -> Draft:
    """The same form, where this is typed as well."""
    where = draft.table if table is None else table
    return replace(draft, table=where, typed={**draft.typed, **typed})


def local(report: str, **typed: Any) -> Draft:
    """A form that counts the five days on the table."""
    return Draft(FORMS[report], "events", {**DAYS, **typed})


@pytest.fixture
def form(filled: Path) -> Iterator[Reporting]:
    with Workspace("sandbox", path=filled) as workspace:
        form = Reporting(workspace)
        yield form
        form.close()


def asked(form: Reporting, draft: Draft) -> Reporting:
    form.ask(draft)
    assert form.work.wait(HANG)
    return form


def test_what_is_missing_is_said(form):
    empty = replace(QUESTION, typed={})
    assert asked(form, empty).status.text == "choose an event"
    no_days = but(empty, event="Purchase")
    assert asked(form, no_days).status.text == "choose the first and the last day"
    assert asked(form, local("segmentation_sum", event="Purchase")).status.text == (
        "choose a property"
    )
    assert asked(form, local("funnel")).status.text == "choose steps"
    nowhere = replace(local("funnel"), table=LIVE)
    assert asked(form, nowhere).status.text == "choose a table of events: %mp_fetch makes one"
    assert form.result is None


def test_mixpanel_and_the_table_count_the_same(form):
    by = but(QUESTION, on="platform")
    live = asked(form, by).rows()
    assert form.status.tone == "good"
    assert form.status.text.startswith("Purchase, counted by Mixpanel: ")
    assert form.chart is not None
    local = asked(form, but(by, table="events")).rows()
    assert form.status.text.startswith("Purchase, counted on events: ")
    assert sorted(local) == sorted(live)
    assert len(live) == 15


def test_units_and_ways_of_counting(form):
    weeks = asked(form, but(QUESTION, unit="week", type="unique", table="events"))
    assert [row[0] for row in weeks.rows()] == ["2025-12-29", "2026-01-05"]
    hours = asked(form, but(QUESTION, unit="hour", on="platform", table="events"))
    assert len(hours.rows()) == MAX_ROWS
    assert hours.status.hint == f"the first {MAX_ROWS} of 360 numbers are shown"


def test_names_are_looked_for_on_request(form):
    form.list_tables()
    assert form.work.wait(HANG)
    assert form.tables == ("events",)
    for table in ("", "events"):
        form.list_names(but(QUESTION, event="", table=table))
        assert form.work.wait(HANG)
        assert "Purchase" in form.events
        assert form.properties == ()
        form.list_names(but(QUESTION, table=table))
        assert form.work.wait(HANG)
        assert "platform" in form.properties


def test_an_error_is_said_and_what_was_shown_stays(form):
    asked(form, QUESTION)
    shown = form.result
    assert not form.is_old
    asked(form, but(QUESTION, table="nothing"))
    assert form.status.tone == "bad"
    assert form.result is shown
    assert form.is_old
    asked(form, but(QUESTION, limit=0))
    assert form.status.tone == "bad"
    assert form.status.text == "limit 0 is not within 1..10000"
    assert not asked(form, QUESTION).is_old


def test_a_zero_is_no_success(form):
    quiet = but(QUESTION, event="Purchse")
    assert asked(form, quiet).status.tone == "bad"
    assert "did you mean 'Purchase'?" in form.status.hint
    by = but(QUESTION, on="amunt", table="events")
    assert asked(form, by).status.tone == "plain"
    assert "'amunt'" in form.status.hint


def test_forms_ask_the_local_reports_and_nothing_else():
    assert {form.kind for form in FORMS.values()} == set(LOCAL_REPORTS)
    assert FORMS["retention"].live is queries.Retention
    assert FORMS["funnel"].live is None  # Mixpanel counts saved ones
    assert FORMS["flows"].live is None


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("table", [LIVE, "events"])
def test_a_form_has_all_options_of_its_question(name, table):
    fields = FORMS[name].fields(table)
    options = {it.name: it for it in parameters(FORMS[name].question_kind(table))}
    assert {it.name for it in fields} == options.keys() - {"table"}
    assert len({it.label for it in fields}) == len(fields)
    for it in fields:
        option = options[it.name]
        assert it.help
        assert "`" not in it.help
        if it.control == "choice" and option.choices:
            assert [value for _, value in it.choices] == list(option.choices)
        if option.default not in (MISSING, ()):
            assert it.default == option.default


def test_what_a_field_is():
    fields = {it.name: it for it in FORMS["funnel"].fields("events")}
    controls = {name: it.control for name, it in fields.items()}
    assert controls["from_date"] == "day"
    assert controls["unit"] == controls["dedupe"] == "choice"
    assert controls["length"] == controls["grace_seconds"] == "number"
    assert controls["reuse_events"] == "switch"
    assert controls["on"] == "property"
    assert controls["interval"] == controls["steps"] == controls["where"] == "text"
    assert fields["from_date"].label == "from"
    assert fields["length"].help == "The time to convert, in length unit."
    assert fields["dedupe"].choices == (("default", None), ("yes", True), ("no", False))
    assert [it.name for it in fields.values() if it.is_basic] == [
        "steps", "from_date", "to_date", "unit", "on", "where", "length", "length_unit", "count",
    ]  # fmt: skip
    assert {it.name: it.control for it in FORMS["segmentation"].fields(LIVE)}["event"] == "event"


@pytest.mark.parametrize(
    "draft",
    [
        but(QUESTION, unit="week", type="unique"),
        local("segmentation", event="Purchase", on=' properties["platform"] ', interval=""),
        local("segmentation_numeric", event="Purchase", on="amount"),
        local(
            "segmentation_sum",
            event="Purchase",
            on="amount",
            where='properties["platform"] == "iOS"',
        ),
        local("segmentation_average", event="Purchase", on="amount", non_numbers="left_out"),
        local("funnel", steps="Sign Up, Purchase", interval="2", dedupe=True, on="platform"),
        local("retention", born_event="Sign Up", return_event="", unbounded=True),
        local("frequency", event="Purchase", slots="elapsed"),
        local("flows", event="Purchase", hide='"Sign Up"', collapse_repeats=False),
    ],
    ids=lambda it: it.form.name,
)
def test_the_code_gives_what_is_shown(form, filled, draft):
    shown = asked(form, draft)
    assert shown.status.tone in {"good", "plain"}
    assert shown.chart is not None
    with quietly(), Workspace("sandbox", path=filled) as ws:
        assert eval(shown.call, {"ws": ws}) == shown.result


def test_the_code_has_no_option_that_is_the_default(form):
    typed = {it.name: it.default for it in FORMS["funnel"].fields("events")}
    draft = local("funnel", **{**typed, **DAYS, "steps": "Sign Up,Purchase"})
    assert draft.call("ws") == (
        'ws.local.funnel(["Sign Up", "Purchase"], "2026-01-01", "2026-01-05")'
    )
    assert but(draft, table="web", length=3).call("shop") == (
        'shop.local.funnel(["Sign Up", "Purchase"], "2026-01-01", "2026-01-05", length=3,'
        ' table="web")'
    )


def test_what_is_not_typed_right_is_an_error(form):
    asked(form, local("funnel", steps="Sign Up", interval="two"))
    assert form.status.text == "interval 'two' is not a number"
    asked(form, local("funnel", steps='"Sign Up'))
    assert form.status.tone == "bad"
    asked(form, local("funnel", steps="Sign Up,Purchse"))
    assert form.status.hint == "did you mean 'Purchase'?"
    assert form.result is None


def test_properties_are_those_of_all_events_of_the_form(form):
    form.list_names(local("funnel", steps="Sign Up,Purchase"))
    assert form.work.wait(HANG)
    with_both = set(form.properties)
    form.list_names(local("funnel", steps="Sign Up"))
    assert form.work.wait(HANG)
    assert set(form.properties) < with_both
