"""The report form, without a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mixpanel_data import Workspace
from mixpanel_magics.state.reporting import MAX_ROWS, Question, Reporting
from tests.waiting import HANG

QUESTION = Question("Purchase", date(2026, 1, 1), date(2026, 1, 5))


@pytest.fixture
def form(filled: Path) -> Iterator[Reporting]:
    with Workspace("sandbox", path=filled) as workspace:
        form = Reporting(workspace)
        yield form
        form.close()


def asked(form: Reporting, question: Question) -> Reporting:
    form.ask(question)
    assert form.work.wait(HANG)
    return form


def test_what_is_missing_is_said(form):
    assert asked(form, Question()).status.text == "choose an event"
    assert asked(form, Question("Purchase")).status.text == "choose the first and the last day"
    assert form.result is None


def test_mixpanel_and_the_table_count_the_same(form):
    by = replace(QUESTION, on="platform")
    live = asked(form, by).rows()
    assert form.status.tone == "good"
    assert form.status.text.startswith("Purchase, counted by Mixpanel: ")
    assert form.chart is not None
    local = asked(form, replace(by, table="events")).rows()
    assert form.status.text.startswith("Purchase, counted on events: ")
    assert sorted(local) == sorted(live)
    assert len(live) == 15


def test_units_and_ways_of_counting(form):
    weeks = asked(form, replace(QUESTION, unit="week", type="unique", table="events"))
    assert [row[0] for row in weeks.rows()] == ["2025-12-29", "2026-01-05"]
    hours = asked(form, replace(QUESTION, unit="hour", on="platform", table="events"))
    assert len(hours.rows()) == MAX_ROWS
    assert hours.status.hint == f"the first {MAX_ROWS} of 360 numbers are shown"


def test_names_are_looked_for_on_request(form):
    form.list_tables()
    assert form.work.wait(HANG)
    assert form.tables == ("events",)
    for table in ("", "events"):
        form.list_names(replace(QUESTION, event="", table=table))
        assert form.work.wait(HANG)
        assert "Purchase" in form.events
        assert form.properties == ()
        form.list_names(replace(QUESTION, table=table))
        assert form.work.wait(HANG)
        assert "platform" in form.properties


def test_an_error_is_said_and_what_was_shown_stays(form):
    asked(form, QUESTION)
    shown = form.result
    asked(form, replace(QUESTION, table="nothing"))
    assert form.status.tone == "bad"
    assert form.result is shown


def test_a_zero_is_no_success(form):
    quiet = replace(QUESTION, event="Purchse")
    assert asked(form, quiet).status.tone == "bad"
    assert "did you mean 'Purchase'?" in form.status.hint
    by = replace(QUESTION, on="amunt", table="events")
    assert asked(form, by).status.tone == "plain"
    assert "'amunt'" in form.status.hint
