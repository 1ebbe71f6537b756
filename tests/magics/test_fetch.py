"""`%mp_fetch` in a real shell."""

from __future__ import annotations

import io
import sys

import pytest
from IPython.core.error import UsageError

from mixpanel_data import FetchProgress, InvalidArgumentError, TableExistsError
from mixpanel_magics import progress
from tests.waiting import HANG


def test_events_and_profiles_land_in_tables(shell, cell):
    cell("from datetime import date, timedelta; start = date(2026, 1, 1)")
    fetch = '%mp_fetch events shop --from start --to start+timedelta(1) --events "Sign Up",Purchase'
    shown = cell(fetch)
    result = shown.value
    assert (result.table, result.date_range) == ("shop", ("2026-01-01", "2026-01-02"))
    assert "FetchResult\n  table             shop\n" in shown.out
    names = cell("%mpsql SELECT DISTINCT event_name FROM shop ORDER BY 1").value
    assert names.event_name.tolist() == ["Purchase", "Sign Up"]

    assert isinstance(cell(fetch).error, TableExistsError)
    more = cell("%mp_fetch events shop --append --to 2026-01-03 --events 'Sign Up,Purchase'").value
    assert more.date_range == ("2026-01-03", "2026-01-03")
    one = cell("%mp_fetch events shop --from 2026-01-01 --to 2026-01-01 --replace --limit 5").value
    assert one.rows == 5
    plan = cell("%mp_fetch events other --from 2026-01-01 --to 2026-01-31 --plan").value
    assert (plan.table, plan.to_date) == ("other", "2026-01-31")

    pros = cell(
        """%mp_fetch profiles pros --where 'properties["plan"] == "pro"' --properties plan"""
    )
    found = cell("%mpsql SELECT DISTINCT properties->>'plan' AS plan FROM pros").value
    assert found.plan.tolist() == ["pro"]
    assert pros.value.rows == cell("ws.sql_scalar('SELECT count(*) FROM pros')").value
    flats = {t.name: t.flat for t in shell.user_ns["ws"].tables()}
    assert flats == {"pros": "pros_flat", "shop": "shop_flat"}


@pytest.mark.parametrize(
    ("line", "kind", "status"),
    [
        ("%mp_fetch --append", UsageError, "what is to be fetched?"),
        ("%mp_fetch groups", UsageError, "invalid choice"),
        (
            "%mp_fetch events",
            InvalidArgumentError,
            "--from is missing\nhint: %mp_fetch events --from",
        ),
        ("%mp_fetch events --from 2026-01-01", InvalidArgumentError, "--to is missing"),
        ("%mp_fetch events --from nobody --to 2026-01-01", UsageError, "'nobody' is not defined"),
        ("%mp_fetch events --from 2026-13-01 --to 2026-01-01", InvalidArgumentError, "from_date"),
        (
            "%mp_fetch events --from 2026-03-01 --to 2026-03-02",
            InvalidArgumentError,
            "is in the future: in UTC it is 2026-03-01",
        ),
        ("%mp_fetch profiles --append", InvalidArgumentError, "--append does not go with profiles"),
        ("%mp_fetch events --cohort 3", InvalidArgumentError, "--cohort does not go with events"),
        ("%mp_fetch events --user a", InvalidArgumentError, "--user does not go with events"),
        ("%mp_fetch events --with-profile", InvalidArgumentError, "--all-members does not go"),
        ("%mp_fetch profiles --no-dedupe", InvalidArgumentError, "--dedupe does not go with"),
        ("%mp_fetch profiles --max-wait 3", InvalidArgumentError, "--max-wait does not go with"),
        ("%mp_fetch profiles --behaviors nobody", UsageError, "'nobody' is not defined"),
        ("%mp_fetch profiles --lookback 0", InvalidArgumentError, "--lookback does not go with"),
    ],
)
def test_mistakes_are_said_in_few_lines(cell, line, kind, status):
    shown = cell(line)
    assert isinstance(shown.error, kind)
    assert status in shown.out + shown.err
    assert len((shown.out + shown.err).splitlines()) < 4


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_of_a_terminal_and_leaves_nothing(shell, cell, monkeypatch):
    workspace = cell("%mp_use").value
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(progress, "PAUSE", 0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress.fetching(shell, workspace) as tell:
        tell(FetchProgress(12_000, size=3_000_000, windows_done=1, windows=4))
        workspace.api.on_wait(0.2, "soon")
        workspace.api.on_wait(75, "the \x1b[31mquota")
    status = sys.stderr.getvalue()
    assert "\n" not in status
    rows, wait, blank, end = status.split("\r")[1:]
    assert rows.startswith("12,000 rows, 3.0 MB")
    assert rows.endswith("1 of 4 requests")
    assert wait.rstrip() == "waiting 75 s (the \\x1b[31mquota)"
    assert (blank.strip(), end) == ("", "")
    assert len(wait) == len(blank) == len(rows)
    assert workspace.api.on_wait is None


def test_no_progress_is_written_to_a_file_or_a_pipe(shell, cell, monkeypatch):
    workspace = cell("%mp_use").value
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.fetching(shell, workspace) as tell:
        tell(FetchProgress(12_000, size=3_000_000, windows_done=1, windows=4))
    assert sys.stderr.getvalue() == ""


def test_every_option_reaches_the_fetch(shell, cell):
    days = "--from 2026-01-01 --to 2026-01-04"
    plan = cell(f"%mp_fetch events --dry-run --window 1 {days}").value
    assert (plan.windows, plan.table) == (4, "events")
    done = cell(
        f"%mp_fetch events {days} --window 2 --concurrency 1 --max-wait 5 --no-dedupe --no-flat"
    ).value
    assert done.duplicates == 0
    assert [(t.name, t.flat) for t in shell.user_ns["ws"].tables()] == [("events", None)]
    some = cell("%mpsql SELECT DISTINCT distinct_id FROM events LIMIT 2")
    users = ",".join(some.value.distinct_id)
    assert cell(f"%mp_fetch profiles two --user {users}").value.rows == 2
    cell('b = [{"window": "30d", "name": "b1", "event_selectors": [{"event": "Purchase"}]}]')
    line = (
        "%mp_fetch profiles buyers --where 'behaviors[\"b1\"] > 0' --behaviors b --as-of 1767571200"
    )
    assert cell(line).error is None


def test_without_arguments_it_is_a_form(cell):
    form = cell("%mp_fetch").value
    assert type(form).__name__ == "FetchForm"
    other = cell("%mp_fetch").value
    assert form.box.comm is None
    other.close()
    other.close()
    report = cell("%mp_report").value
    assert report.reporting.work.wait(HANG)
    cell("%mp_use sandbox")
    assert report.box.comm is None
