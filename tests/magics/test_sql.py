"""`%mpsql` and `%%mpsql` in a real shell."""

from __future__ import annotations

import pandas as pd
import pytest
from IPython.core.error import UsageError

from mixpanel_data import InvalidArgumentError, QueryError
from tests.magics.conftest import Cell


@pytest.fixture(autouse=True)
def opened(cell: Cell, filled) -> None:
    cell(f"%mp_use {filled}")


def test_the_answer_is_a_frame_and_nothing_is_said(cell):
    shown = cell("x = %mpsql SELECT count(*) AS n FROM events")
    assert (shown.out, shown.err) == ("", "")
    shown = cell("%%mpsql\nSELECT event_name, count(*) AS n\nFROM events GROUP BY ALL")
    assert type(shown.value) is pd.DataFrame
    assert shown.value.n.sum() == cell("x.n[0]").value
    assert shown.err == ""


@pytest.mark.parametrize(
    "code",
    [
        "%%mpsql got\nSELECT 1 AS x",
        "%%mpsql got <<\nSELECT 1 AS x",
        "%%mpsql got<<\nSELECT 1 AS x",
        "%mpsql got << SELECT 1 AS x",
        "%mpsql got << --params {'y': 1} SELECT $y AS x",
        "got = %mpsql SELECT 1 AS x",
    ],
)
def test_an_answer_is_put_in_a_variable_and_not_shown(shell, cell, code):
    shown = cell(code)
    assert (shown.value, shown.out, shown.err, shown.error) == (None, "", "", None)
    assert shell.user_ns["got"].x.tolist() == [1]


def test_n_limits_what_is_shown_alone(shell, cell):
    most = pd.get_option("display.max_rows"), pd.get_option("display.min_rows")
    shown = cell("%%mpsql got -n 4\nSELECT i FROM range(1000) t(i)")
    assert len(shown.value) == len(shell.user_ns["got"]) == 1000
    assert len([line for line in shown.out.splitlines() if line.split()[:1] != ["Out[0]:"]]) < 10
    assert "[1000 rows x 1 columns]" in shown.out
    assert (pd.get_option("display.max_rows"), pd.get_option("display.min_rows")) == most
    assert cell("%mpsql -n 1 SELECT i FROM range(9) t(i)").value.i.sum() == 36
    assert isinstance(cell("%mpsql -n 0 SELECT 1").error, UsageError)


def test_parameters_are_variables_of_the_notebook_or_those_given(cell):
    cell("low, HIGH, unused = 3, 5.5, object()")
    query = "SELECT i FROM range(10) t(i) WHERE i >= $low AND i < $high -- $nothing '$here'"
    cell("high = HIGH")
    assert cell(f"%%mpsql\n{query}").value.i.tolist() == [3, 4, 5]
    assert cell(f"%%mpsql --params {{'low': 8, 'high': 99, 'x': 1}}\n{query}").value.i.tolist() == [
        8,
        9,
    ]
    cell("given = dict(low=9, high=99)")
    assert cell(f"%mpsql --params given {query}").value.i.tolist() == [9]
    assert cell("%mpsql --params [4,5] SELECT ? + ? AS x").value.x.tolist() == [9]
    assert cell("%mpsql --params='[4, 5]' SELECT ? + ? AS x").value.x.tolist() == [9]


def test_parameters_are_variables_of_a_function(cell):
    cell("def f(wanted):\n    return get_ipython().run_line_magic('mpsql', 'SELECT $wanted AS x')")
    cell("def g(wanted):\n    x = %mpsql SELECT $wanted AS x\n    return x.x[0]")
    assert cell("g(12)").value == 12


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (
            "%mpsql SELECT $nobody",
            InvalidArgumentError,
            "no variable of this name\nhint: nobody = ",
        ),
        ("%mpsql --params {'a': 1} SELECT $b", QueryError, "Values were not provided"),
        ("%mpsql --params 5 SELECT $b", InvalidArgumentError, "--params is a int, not a dict"),
        ("%mpsql --params nobody SELECT $b", UsageError, "name 'nobody' is not defined"),
        ("%mpsql SELEC 1", QueryError, "LINE 1: SELEC 1\n        ^^^^^"),
        ("%mpsql", UsageError, "there is no SQL"),
        ("%mpsql --dry-run", UsageError, "there is no SQL"),
        ("%%mpsql SELECT 1\nFROM t", UsageError, "unrecognized arguments: 1"),
        ("%%mpsql a b\nFROM t", UsageError, "unrecognized arguments: b"),
        ("%%mpsql a << b\nFROM t", UsageError, "SQL begins on the line below"),
        ("%%mpsql 1a\nFROM t", UsageError, "no name of a variable"),
    ],
)
def test_errors_are_few_lines(cell, code, kind, said):
    shown = cell(code)
    assert isinstance(shown.error, kind)
    assert said in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err
    assert len((shown.out + shown.err).splitlines()) < 8


def test_what_a_message_quotes_can_t_move_the_terminal(cell):
    shown = cell("%mpsql SELECT CAST('\x1b[31mred\x07' AS INT)")
    assert "\\x1b[31mred\\x07" in shown.out
    assert "\x1b" not in shown.out


def test_a_statement_without_rows_shows_nothing(cell):
    cell("%mpsql CREATE TEMP TABLE mine AS SELECT 1 AS x")
    assert cell("%mpsql SELECT x FROM mine").value.x[0] == 1
    assert cell("%mpsql DROP TABLE mine").value is None


def test_a_dry_run_explains_and_runs_nothing(cell):
    cell("plan = 'pro'")
    query = "SELECT count(*) FROM events WHERE properties->>'plan' = $plan"
    shown = cell(f"%mpsql --dry-run {query}")
    assert "-- events: plan from events_flat" in shown.out
    assert "Table: " in shown.out
    assert "events_flat" in shown.value.plan
    assert shown.value._repr_html_().count("<") == 2
    before = cell("%mpsql SELECT count(*) AS n FROM events").value.n[0]
    cell("%mpsql --dry-run DELETE FROM events")
    for wrong in ["SELECT 1; DELETE FROM events", "ANALYZE DELETE FROM events"]:
        assert isinstance(cell(f"%mpsql --dry-run {wrong}").error, InvalidArgumentError)
    assert cell("%mpsql SELECT count(*) AS n FROM events").value.n[0] == before
    assert isinstance(cell("%mpsql --dry-run FROM nowhere").error, QueryError)


def test_help_has_examples(cell):
    assert (
        "%%mpsql revenue --params"
        in cell("print(get_ipython().find_line_magic('mpsql').__doc__)").out
    )
    assert (
        "%mp_fetch events --append"
        in cell("print(get_ipython().find_line_magic('mp_fetch').__doc__)").out
    )
