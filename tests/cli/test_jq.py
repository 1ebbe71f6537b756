"""`--jq`: what it prints, its mistakes, and programs that would never end or take all memory."""

from __future__ import annotations

import json
import os
import signal
from contextlib import closing
from decimal import Decimal

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from mixpanel_data.cli.jq import Program
from mixpanel_data.exceptions import InvalidArgumentError
from tests.cli.test_processes import start
from tests.waiting import HANG, until, until_at_work

ENDLESS = "SELECT i, i % 3 AS m FROM range(1000000000000) AS t(i)"
FOR_EVER = "def f: f; f"
LIMITED = pytest.mark.skipif(os.name != "posix", reason="only POSIX limits a process")


@pytest.fixture
def look(mp, db):
    def call(*args):
        return mp("--db", db, *args)

    return call


def test_jq_filters_the_whole_list_in_json_and_each_row_in_jsonl(look):
    query = "SELECT i, 'r' || i AS name FROM range(5) AS t(i) ORDER BY i"
    assert look("sql", query, "--jq", "length").out == "5\n"
    assert look("sql", query, "--jq", "map(.i) | add").out == "10\n"
    assert look("sql", query, "-f", "jsonl", "--jq", "length").out == "2\n" * 5
    chosen = look("sql", query, "-f", "jsonl", "--jq", "select(.i > 2) | {n: .name}")
    assert chosen.out == '{"n":"r3"}\n{"n":"r4"}\n'
    assert look("sql", query, "--limit", "2", "--columns", "i", "--jq", ".").out == (
        '[{"i":0},{"i":1}]\n'
    )
    assert look("tables", "--jq", ".[].name").out == '"events"\n"profiles"\n'
    assert look("tables", "-f", "jsonl", "--jq", ".name").out == '"events"\n"profiles"\n'
    assert look("info", "--jq", ".source").out == '"mixpanel"\n'
    assert look("tables", "--jq", "empty").out == ""


@pytest.mark.parametrize("args", [["-f", "jsonl", "--jq", ".i"], ["-f", "jsonl", "--jq", "., .m"]])
def test_jq_on_endless_rows_ends_when_there_is_enough(look, args):
    done = look("sql", ENDLESS, *args, "--max-bytes", "1000")
    assert done.code == 0
    assert 900 < len(done.out) <= 1000
    lines = done.out.splitlines()
    assert [json.loads(line) for line in lines]
    assert done.err == (
        f"cut: after {len(lines)} results of --jq, {len(done.out)} bytes;"
        " take less with --jq, or allow more --max-bytes\n"
    )


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (".[", snapshot("error: --jq: syntax error, unexpected end of file at line 1, column 2\n")),
        ("nope", snapshot("error: --jq: nope/0 is not defined at line 1, column 1\n")),
        (".a.b", snapshot('error: --jq: Cannot index array with string ("a")\n')),
        ('error("one\\ntwo")', snapshot("error: --jq: one\n")),
    ],
)
def test_a_mistake_in_jq_is_one_line_and_3(look, program, message):
    done = look("tables", "--jq", program)
    assert (done.code, done.out, done.err) == (3, "", message)


def test_a_mistake_in_jq_is_found_before_anything_is_done(look):
    assert look("drop", "events", "--force", "--jq", ".[").code == 3
    assert look("drop", "events", "--force", "--jq", ".", "-f", "csv").code == 3
    assert [table["name"] for table in look("tables").data] == ["events", "profiles"]


NUMBERS = st.one_of(
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=20).map("{:f}".format),
)


@given(numbers=st.lists(NUMBERS, min_size=1))
def test_jq_keeps_the_digits_of_numbers_that_it_does_not_calculate_with(numbers):
    with closing(Program(".[] # all of them")) as program:
        found = list(program.results(f"[{','.join(numbers)}]".encode()))
    assert list(map(Decimal, found)) == list(map(Decimal, numbers))


def test_jq_ends_at_the_first_failure_with_what_it_gave_until_then():
    with closing(Program(".[] | 1 / .")) as program:
        found = program.results(b"[1, 2, 0, 4]")
        assert [next(found), next(found)] == ["1", "0.5"]
        with pytest.raises(InvalidArgumentError, match=r"--jq: number .* divided"):
            next(found)


@LIMITED
@pytest.mark.parametrize("output", ["json", "jsonl"])
def test_a_program_that_never_ends_is_ended_by_the_limit(look, monkeypatch, output):
    monkeypatch.setenv("MP_JQ_SECONDS", "1")
    done = look("tables", "--jq", FOR_EVER, "-f", output)
    assert (done.code, done.out) == (3, "")
    assert "--jq: no end after 1 seconds of computing" in done.err
    assert "MP_JQ_SECONDS allows more" in done.err


@LIMITED
def test_a_program_that_takes_all_memory_is_ended_by_the_limit(look):
    done = look("tables", "--jq", ".[500000000] = 1")
    assert (done.code, done.out, done.err) == (
        3, "",
        "error: --jq: it needs more than 4 GB of memory\nhint: --format jsonl gives it row by row\n",
    )  # fmt: skip
    by_row = look("sql", "SELECT 1", "-f", "jsonl", "--jq", "[] | .[500000000] = 1")
    assert json.loads(by_row.err)["hint"] is None


@pytest.fixture
def computing(db):
    """`mp` whose jq program computes for ever, and the process of that program."""
    with start("--db", db, "tables", "--jq", FOR_EVER) as process:
        (child,) = until(psutil.Process(process.pid).children, process)
        until_at_work(child.pid)
        yield process, child


@LIMITED
def test_ctrl_c_ends_a_program_that_never_ends(computing):
    process, child = computing
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=HANG)
    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")
    until(lambda: not child.is_running())


@LIMITED
@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV"])
def test_a_program_that_crashes_is_one_line(computing, name):
    process, child = computing
    child.send_signal(signal.Signals[name])
    out, err = process.communicate(timeout=HANG)
    assert (process.returncode, out) == (3, b"")
    assert err == f"error: --jq: jq crashed on it (exit code {-signal.Signals[name]})\n".encode()


def test_a_reader_that_leaves_early_ends_endless_results_quietly(db):
    with start("--db", db, "tables", "--jq", "repeat(1)") as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"1\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "1e3", "much", "9" * 5000, " "])
def test_a_limit_that_is_no_number_names_the_variable(look, monkeypatch, value):
    monkeypatch.setenv("MP_JQ_SECONDS", value)
    done = look("drop", "events", "--force", "--jq", ".")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(f"error: MP_JQ_SECONDS: {value!r} is not a whole number of seconds")
    assert look("tables").code == 0
