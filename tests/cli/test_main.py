"""Global options, how `mp` ends, and what it costs to start."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings

import pytest
import typer
from inline_snapshot import snapshot

from mixpanel_data import exceptions as e
from mixpanel_data.cli import errors
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.main import SECTIONS, main

CODE = "from mixpanel_data.cli.main import run; run()"
COMMANDS = (
    "auth", "auth list", "auth add", "auth remove", "auth switch", "auth show", "auth test",
    "fetch", "fetch events", "fetch profiles", "sql", "export", "events", "properties", "values", "info",
    "tables", "schema", "flatten", "drop", "demo", "sandbox", "lexicon", "funnels", "cohorts",
    "segmentation", "segmentation-numeric", "segmentation-sum", "segmentation-average", "funnel",
    "retention", "frequency", "flows", "counts", "top", "insights", "activity", "jql",
    "summarize", "breakdown", "stats", "sample", "help", "skill", "mcp",
)  # fmt: skip


@pytest.mark.parametrize("where", ["before", "after", "both"])
def test_global_options_stand_before_or_after_the_command(mp, db, where):
    before = ["--db", db, "--format", "csv"] if where == "before" else []
    after = ["--db", db, "-f", "csv"] if where == "after" else []
    if where == "both":
        before, after = ["--format", "csv", "-q"], ["--db", db, "--format", "csv"]
    done = mp(*before, "schema", "profiles", *after)
    assert done.out.splitlines()[0] == "name,type,description"


def test_an_option_typed_before_beats_the_environment(mp, db, monkeypatch):
    monkeypatch.setenv("MP_FORMAT", "table")
    assert mp("--db", db, "--format", "jsonl", "schema", "events").out.startswith('{"name"')
    assert mp("--db", db, "schema", "events").out.startswith("name ")
    monkeypatch.setenv("MP_FORMAT", "")
    assert mp("--db", db, "schema", "events").out.startswith("{")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_shows_the_global_options_and_fits_80_columns(mp, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    done = mp(*command.split(), "--help")
    assert done.code == 0
    for option in (
        "--account", "--project", "--db", "--format", "--quiet", "--verbose", "--help",
        "--limit", "--offset", "--columns", "--max-bytes", "--jq",
    ):  # fmt: skip
        assert done.out.count(f"{option} ") >= 1
    assert max(map(len, done.out.splitlines())) <= 80
    usage, _, summary = done.out.partition("Options:")[0].partition("\n")
    assert "..." not in summary
    assert re.sub(r"\b[A-Z]+\]?\.\.\.", "", usage).count("...") == 0


def test_the_help_of_mp_is_enough_to_fetch_and_query(mp):
    text = mp("--help").out
    for word in (
        "mp auth add",
        "mp fetch events --from",
        "mp sql",
        "mp demo",
        "->>'$.",
        "Exit codes",
    ):
        assert word in text
    listed = {line.split()[0] for line in text.splitlines() if line.startswith("  ")}
    assert {name.split()[0] for name in COMMANDS} <= listed
    assert mp().out == text


def test_the_version_is_that_of_the_package(mp):
    from importlib.metadata import version

    assert mp("--version").out == f"mixpanel-data {version('mixpanel-data')}\n"
    assert mp("-q", "--version") == mp("--version")


@pytest.mark.parametrize(
    ("args", "message", "hint"),
    [
        (["tabels"], "No such command 'tabels'. Did you mean 'tables'?", "mp --help"),
        (["auth", "shwo"], "No such command 'shwo'. Did you mean 'show'?", "mp auth --help"),
        (["tables", "--nope"], "No such option: --nope", "mp tables --help"),
        (["values", "A"], "Missing argument 'PROPERTY'.", "mp values --help"),
        (["values", "A", "b", "--limit", "0"], "Invalid value for '--limit'", "mp values --help"),
        (["fetch", "events"], "Missing option '--from'.", "mp fetch events --help"),
        (["--format", "xml", "tables"], "Invalid value for '--format' / '-f': 'xml'", "mp --help"),
        (["-q"], "Missing command.", "mp --help"),
    ],
)
def test_bad_usage_is_3_with_one_line_and_a_hint(mp, args, message, hint):
    done = mp(*args)
    assert done.code == 3
    first, second = done.err.splitlines()
    assert first.startswith(f"error: {message}")
    assert second == f"hint: {hint}"
    assert done.out == ""


@pytest.mark.parametrize(
    "args",
    [
        ["tables", "--nope", "--format", "json"],
        ["-f", "json", "tables", "x"],
        ["--format=json", "nope"],
        ["-fjson", "nope"],
    ],
)
def test_bad_usage_is_one_json_object_where_json_is_asked_for(mp, args):
    done = mp(*args)
    assert done.code == 3
    found = json.loads(done.err)
    assert found["type"] == "UsageError"
    assert found["exit_code"] == 3
    assert found["hint"].endswith("--help")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (e.MixpanelDataError("x"), 1),
        (e.QueryError("x"), 1),
        (e.TableExistsError("x"), 1),
        (e.AccountExistsError("x"), 1),
        (e.ConfigError("x"), 1),
        (e.PlanError("x"), 1),
        (e.AuthenticationError("x"), 2),
        (e.InvalidArgumentError("x"), 3),
        (e.ResourceNotFoundError("x"), 4),
        (e.TableNotFoundError("x"), 4),
        (e.AccountNotFoundError("x"), 4),
        (e.RateLimitError("x"), 5),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError(), 1),
    ],
)
def test_case_15_every_error_has_the_promised_exit_code(error, code):
    assert errors.exit_code(error) == code


def test_an_error_is_text_by_default_and_json_on_request(mp):
    done = mp("auth", "show", "nobody")
    assert done.code == 4
    assert done.err == snapshot("""\
error: no account named 'nobody'
hint: mp auth add nobody --username … --project … --region us
""")
    done = mp("auth", "show", "nobody", "--format", "json")
    assert done.code == 4
    assert json.loads(done.err) == {
        "type": "AccountNotFoundError",
        "message": "no account named 'nobody'",
        "hint": "mp auth add nobody --username … --project … --region us",
        "exit_code": 4,
    }


def raised(kind: type[e.MixpanelDataError]) -> e.MixpanelDataError:
    """An error of that kind, whatever it takes to make one."""
    error = kind.__new__(kind)
    e.MixpanelDataError.__init__(error, "what is wrong", hint="what to do")
    error.retry_after = 3.0  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    "kind",
    [k for k in vars(e).values() if isinstance(k, type) and issubclass(k, e.MixpanelDataError)],
)
def test_every_error_has_the_same_four_facts_in_json(kind, capsys):
    code = errors.report(raised(kind), Session(format="json"), [])
    found = json.loads(capsys.readouterr().err)
    assert list(found)[:3] == ["type", "message", "hint"]
    assert found["type"] == kind.__name__
    assert found["exit_code"] == code == errors.exit_code(raised(kind))


def test_an_output_that_cannot_be_written_and_ctrl_c_have_them_too(capsys):
    full = OSError(28, "No space left on device")
    assert errors.report(full, Session(format="json"), []) == 1
    assert json.loads(capsys.readouterr().err) == {
        "type": "OSError",
        "message": "can't write the output: No space left on device",
        "hint": None,
        "exit_code": 1,
    }
    assert errors.report_interrupt(Session(), ["demo", "-fjsonl"]) == 130
    assert json.loads(capsys.readouterr().err) == {
        "type": "Interrupted",
        "message": "interrupted",
        "hint": None,
        "exit_code": 130,
    }
    assert errors.report_interrupt(Session(), []) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_verbose_shows_the_traceback_of_an_error(mp):
    done = mp("auth", "show", "nobody", "--verbose")
    assert done.code == 4
    assert "Traceback (most recent call last)" in done.err
    assert done.err.endswith("--region us\n")


@pytest.fixture
def broken_command():
    """A command with a bug in it, for one test."""

    def crash(ctx: typer.Context) -> None:
        raise RuntimeError("the wheel \x1b[31m fell off")

    from mixpanel_data.cli.commands import query

    query.app.command("crash")(crash)
    SECTIONS["Fetch and ask"]["crash"] = "query"
    yield
    query.app.registered_commands.pop()
    del SECTIONS["Fetch and ask"]["crash"]


@pytest.mark.usefixtures("broken_command")
def test_a_bug_is_one_line_that_says_so(mp):
    done = mp("crash")
    assert done.code == 1
    assert done.err == (
        "error: this is a bug in mixpanel-data: RuntimeError: the wheel \\x1b[31m fell off\n"
        "hint: the same command with --verbose shows where; please report it\n"
    )
    assert "in crash" in mp("crash", "-v").err


def test_a_warning_of_the_library_is_one_line(mp, monkeypatch, capsys):
    mp("auth", "add", "a", "--username", "u", "--project", "1", "--secret-stdin", stdin="x")
    for key in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.setenv(key, "1")
    done = mp("--account", "a", "info")
    assert done.code == 0
    assert done.err == (
        "warning: MP_USERNAME and MP_SECRET are set and win over the account 'a':"
        " unset them to use it\n"
    )
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always")
        main(["--account", "a", "info"])
    assert left == []


def test_a_shell_completes_commands_and_options(monkeypatch):
    def complete(words: str) -> str:
        monkeypatch.setenv("_MP_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
        return subprocess.run(
            [sys.executable, "-c", f"import sys; sys.argv[0] = 'mp'; {CODE}"],
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip

    assert complete("mp ta").split() == ["tables"]
    assert "--account" in complete("mp tables --acc")
    assert "profiles" in complete("mp fetch p")


def test_every_command_is_listed_once():
    listed = [name for names in SECTIONS.values() for name in names]
    assert sorted(listed) == sorted({name.split()[0] for name in COMMANDS})
