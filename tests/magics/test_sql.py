"""`%mpsql` and `%%mpsql` in a real shell."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr

import pandas as pd
import pytest
from IPython.core.error import UsageError

from mixpanel_data import InvalidArgumentError, QueryError
from mixpanel_magics.progress import querying
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


def test_n_shows_the_first_rows_and_how_many_there_are(shell, cell):
    before = pd.get_option("display.max_rows"), pd.get_option("display.min_rows")
    shown = cell("%%mpsql got -n 3\nSELECT i FROM range(12345) t(i)")
    assert len(shown.value) == len(shell.user_ns["got"]) == 12345
    assert shown.out.split("\n", 1)[1].split() == [
        "i",
        "0",
        "0",
        "1",
        "1",
        "2",
        "2",
        "3",
        "of",
        "12,345",
        "rows",
    ]
    assert (pd.get_option("display.max_rows"), pd.get_option("display.min_rows")) == before
    assert "3 of" not in cell("got").out
    assert cell("%mpsql -n 9 SELECT i FROM range(9) t(i)").out.count(" of ") == 0
    for wrong in ["-n 0", "-n 1 --format arrow"]:
        assert isinstance(cell(f"%mpsql {wrong} SELECT 1").error, UsageError)


def test_without_n_as_many_rows_as_pandas_would_show_but_the_first_ones(cell):
    assert cell("%mpsql SELECT i FROM range(61) t(i)").out.endswith("9  9\n10 of 61 rows\n")
    assert cell("%mpsql SELECT i FROM range(60) t(i)").out.endswith("59  59\n")
    cell("import pandas as pd\npd.set_option('display.max_rows', 5)")
    assert cell("%mpsql SELECT i FROM range(61) t(i)").out.endswith("4  4\n5 of 61 rows\n")
    cell("pd.set_option('display.max_rows', None)")
    assert "of 61" not in cell("%mpsql SELECT i FROM range(61) t(i)").out
    cell("pd.reset_option('display.max_rows')")


def test_what_is_shown_is_escaped(shell, cell):
    cell("""def as_html(line, cell):
        frame = get_ipython().run_cell_magic("mpsql", line, cell)
        return get_ipython().display_formatter.format(frame)[0]["text/html"]""")
    html = cell("as_html('-n 1', \"SELECT '<img src=x>' AS \\\"<b>\\\" FROM range(2)\")").value
    assert "<td>&lt;img src=x&gt;</td>" in html
    assert "<th>&lt;b&gt;</th>" in html
    assert html.endswith("<p>1 of 2 rows</p>")
    assert cell("%mpsql SELECT chr(27) || '[31m' AS x").out.endswith("\\x1b[31m\n")


def test_other_formats(cell):
    query = "SELECT i, i * 0.5::DOUBLE AS half, '<b>' AS text FROM range(3) t(i)"
    polars = cell(f"%mpsql --format polars {query}").value
    assert polars.rows() == [(0, 0.0, "<b>"), (1, 0.5, "<b>"), (2, 1.0, "<b>")]
    arrow = cell(f"%%mpsql got --format arrow\n{query}\n").value
    assert arrow is None
    assert cell("got.column('half').to_pylist()").value == [0.0, 0.5, 1.0]
    assert cell("import polars\npolars.DataFrame(got)").value.equals(polars)


def test_frames_of_the_notebook_are_tables(cell):
    cell("import pandas as pd\nplans = pd.DataFrame({'plan': ['free', 'pro'], 'price': [0, 20]})")
    query = "SELECT p.price, count(*) AS n FROM events_flat JOIN Plans p USING (plan) GROUP BY ALL"
    assert sorted(cell(f"%mpsql {query}").value.price) == [0, 20]
    assert "PANDAS" in cell(f"%mpsql --dry-run {query}").out
    cell(
        "def f(inner):\n    return get_ipython().run_line_magic('mpsql', 'SELECT sum(a) s FROM inner_')"
    )
    cell("inner_ = pd.DataFrame({'a': [1, 2]})")
    assert cell("f(0)").value.s[0] == 3
    cell("events = plans")
    assert "event_name" in cell("%mpsql FROM events LIMIT 1").value.columns
    cell("empty = pd.DataFrame()")
    shown = cell("%mpsql FROM empty")
    assert shown.out == (
        "InvalidArgumentError: empty can't be used as a table: Need a DataFrame with at least one column\n"
    )


def test_templates(cell):
    cell("columns, plan = ['a', 'b'], 'pro'")
    query = "SELECT {% for c in columns %}'{{ c }}' AS {{ c }}, {% endfor %}$plan AS plan"
    assert cell(f"%%mpsql --jinja\n{query}").value.iloc[0].tolist() == ["a", "b", "pro"]
    assert cell("%mpsql SELECT '{{ columns }}' AS x").value.x[0] == "{{ columns }}"
    for wrong, status in {"{{ nobody }}": "'nobody' is undefined", "{{ a": "line 1: "}.items():
        shown = cell(f"%mpsql --jinja SELECT {wrong}")
        assert isinstance(shown.error, InvalidArgumentError)
        assert f"InvalidArgumentError: --jinja: {status}" in shown.out
        assert len(shown.out.splitlines()) == 1


def test_saved_queries(cell):
    cell("%%mpsql --save pro --no-execute\nSELECT * FROM events_flat WHERE plan = $plan; -- paid")
    cell("%%mpsql --save buyers --with pro --no-execute\nSELECT distinct_id FROM pro")
    cell("plan = 'pro'")
    direct = cell("%mpsql SELECT count(DISTINCT distinct_id) n FROM events_flat WHERE plan = 'pro'")
    found = cell(
        "%mpsql --with buyers SELECT count(DISTINCT b.distinct_id) n FROM buyers b, (FROM pro LIMIT 1)"
    )
    assert found.value.n[0] == direct.value.n[0] > 0
    own = "WITH one AS (SELECT 1 AS x) SELECT count(*) > 1 AS y FROM one, pro"
    assert cell(f"%%mpsql --with pro\n{own}").value.y[0]
    recursive = own.replace("WITH", "with recursive")
    assert cell(f"%%mpsql --with pro --save last\n{recursive}").value.y[0]
    assert "flat" in cell("%mpsql --dry-run --with pro SELECT count(*) FROM pro").out


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("--with nobody SELECT 1", "no query is saved as 'nobody'\nhint: %%mpsql --save nobody"),
        ("--no-execute SELECT 1", "--no-execute goes with --save NAME"),
        ("--save twice SELECT 1; SELECT 2", "--save keeps one statement"),
        ("--save pro --with pro SELECT 1", "--save pro: it would use itself"),
        ("--with prp SELECT 1", "hint: did you mean 'pro'?"),
        ("--format csv SELECT 1", "invalid choice: 'csv'"),
    ],
)
def test_what_cannot_be_saved_or_used_says_why(cell, code, status):
    cell("%mpsql --save pro --no-execute SELECT 1 AS x")
    shown = cell(f"%mpsql {code}")
    assert shown.error is not None
    assert status in shown.out + shown.err
    assert "Traceback" not in shown.out


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
    ("code", "kind", "status"),
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
def test_errors_are_few_lines(cell, code, kind, status):
    shown = cell(code)
    assert isinstance(shown.error, kind)
    assert status in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err
    assert len((shown.out + shown.err).splitlines()) < 8


def test_what_a_message_quotes_can_t_move_the_terminal(cell):
    shown = cell("%mpsql SELECT CAST('\x1b[31mred\x07' AS INT)")
    assert "\\x1b[31mred\\x07" in shown.out
    assert "\x1b" not in shown.out


def test_progress_is_a_line_that_goes_away(shell, cell):
    told = ""

    class Stop(io.StringIO):
        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            nonlocal told
            told += text
            if text.strip().endswith(" s"):
                raise KeyboardInterrupt
            return len(text)

    with redirect_stderr(Stop()), pytest.raises(KeyboardInterrupt), querying(shell) as progress:
        shell.user_ns["ws"].sql(
            "SELECT count(*) FROM range(100000000000000) t(i) WHERE hash(i) % 7 = 3",
            progress=progress,
        )
    assert re.fullmatch(r"\r(\d+%, )?\d+ s *\r *\r", told)


def test_a_statement_without_rows_shows_nothing(cell):
    assert cell("%mpsql CREATE TEMP TABLE empty (x INT)").value is None
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
