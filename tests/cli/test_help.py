"""`mp help` and `mp skill`: no account, no database, nobody asked."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from inline_snapshot import snapshot

import mixpanel_data


def test_a_word_finds_the_command_and_its_options_first_where_it_is_named_so(mp):
    assert mp("help", "week", "retention").out.splitlines()[:4] == snapshot(
        [
            "mp retention  Show how many users come back, by when they first came.",
            "    --unit UNIT  The days of a cohort: day, week or month.  [default: day]",
            "    --week-start DAY  The first day of a week: monday or sunday.  [default: monday]",
            "    --edge-buckets DAYS  The days of the first and last week or month: partial (those in the range) or whole.  [default: partial]",
        ]
    )


def test_commands_come_first_then_python_then_the_documentation(mp):
    lines = mp("help", "parquet").out.splitlines()
    found = [line.partition("  ")[0] for line in lines if not line.startswith(" ")]
    assert found[:3] == ["mp export", "mp", "ws.export()"]
    assert "how-to/exporting#formats" in found[3:]
    assert all("/" in where for where in found[3:])


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("atomic", "explanation/completeness"),
        ("idempotent", "how-to/incremental"),
        ("incremental", "how-to/incremental"),
        ("backfill", "how-to/incremental"),
        ("resume", "reference/magics"),
        ("dedupe", "explanation/data-model"),
        ("pagination", "explanation/completeness"),
        ("lock", "explanation/sharing"),
        ("owner", "explanation/sharing"),
        ("cohort", "how-to/sql-recipes"),
        ("stale", "explanation/data-model"),
        ("time zone", "how-to/time-zones"),
        ("timezone", "how-to/time-zones"),
        ("credentials", "how-to/accounts"),
        ("rotate", "how-to/accounts"),
        ("previous period", "how-to/reports"),
        ("median time to convert", "how-to/sql-recipes"),
        ("first touch attribution", "how-to/sql-recipes"),
        ("monthly active users any event", "how-to/sql-recipes"),
        ("retention interval calendar", "how-to/local-reports"),
    ],
)
def test_the_first_page_is_the_one_that_explains_the_term(mp, words, page):
    done = mp("help", words)
    found = [line.partition("  ")[0] for line in done.out.splitlines()]
    assert next(it for it in found if "/" in it).partition("#")[0] == page
    assert len(done.out.encode()) < 5_000


@pytest.mark.parametrize(
    ("words", "command", "option"),
    [
        ("--lookback", "mp fetch events", "--lookback DAYS"),
        ("max-bytes", "mp", "--max-bytes N"),
        ("secret stdin", "mp auth add", "--secret-stdin"),
        ("PARQUET", "mp export", "FILE"),
        ("scalar", "mp sql", "--scalar"),
    ],
)
def test_options_and_arguments_are_found_where_they_are(mp, words, command, option):
    first, *_ = mp("help", words, "--format", "json").data
    assert first["where"] == command
    assert option in first["options"]


def test_all_words_count_and_endings_do_not_matter(mp):
    first, *_ = mp("help", "fetch", "profiles", "-f", "json").data
    assert {"fetch", "profiles"} <= set(re.findall("[a-z]+", first["where"]))
    many = {row["where"] for row in mp("help", "profiles", "-f", "json").data}
    assert many == {row["where"] for row in mp("help", "profile", "-f", "json").data}


@pytest.mark.parametrize("words", ["timezone", "time zone", "time-zone", "Time Zones", "time_zone"])
def test_words_are_the_same_together_and_apart(mp, words):
    found = [row["where"] for row in mp("help", words, "--format", "json").data]
    assert {"auth.set_timezone()", "how-to/time-zones"} <= set(found)


def test_a_word_of_the_examples_shows_its_line(mp):
    assert "    … Exit codes: 0 done" in mp("help", "exit codes").out


def test_a_search_is_part_of_no_answer_of_its_own(mp):
    assert "mp help " not in mp("help", "parquet").out


def test_many_results_are_cut_and_the_rest_is_counted(mp):
    done = mp("help", "timezone")
    rows = [json.loads(row) for row in mp("help", "timezone", "-f", "jsonl").out.splitlines()]
    shown = [line for line in done.out.splitlines() if not line.startswith(" ")]
    assert len(shown) == 5 + 4 + 4
    assert [line.partition("  ")[0] for line in shown[:5]] == [row["where"] for row in rows[:5]]
    assert done.err.startswith(f"{len(rows) - len(shown)} more: ")
    assert len(done.out.encode()) < 2_500


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ("fetch events progress", "ws.fetch_events()"),
        ("exclusions steps", "ws.local.funnel()"),
        ("set default account", "auth.set_default()"),
        ("fault kinds after", "sandbox.Fault"),
        ("builders", "mixpanel_data.expressions"),
        ("has_prefix", "Expr.has_prefix()"),
        ("429 retries", "RateLimitError"),
        ("segmentation plot line", "SegmentationResult.plot()"),
        ("table at a glance", "TableInfo"),
    ],
)
def test_python_is_found_by_its_names_and_docstrings(mp, words, where):
    rows = mp("help", words, "--format", "json").data
    assert where in [row["where"] for row in rows]
    assert f"\n{where}  " in f"\n{mp('help', words).out}"


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ("late events", "how-to/incremental"),
        ("resume a fetch", "explanation/completeness"),
        ("no table named", "reference/errors#tablenotfounderror"),
        ("MP_DATA_DIR", "reference/configuration"),
        ("who owns the file", "explanation/architecture"),
    ],
)
def test_sections_of_the_documentation_are_found(mp, words, where):
    found = [row["where"] for row in mp("help", words, "--format", "json").data]
    assert where in {it.partition("#")[0] for it in found} | set(found)


def test_the_line_that_has_the_words_is_shown(mp):
    lines = mp("help", "gzipped spool").out.splitlines()
    best = next(line for line in lines if "/" in line.partition("  ")[0])
    assert "spool" in best.lower()
    assert max(map(len, lines)) < 250


def test_every_name_that_is_public_can_be_found(mp):
    import mixpanel_data
    from mixpanel_data import auth, sandbox
    from mixpanel_data.help_index import public_names
    from mixpanel_data.workspace.local import LocalReports

    found = {it.where.removesuffix("()").rpartition(".")[2] for it in public_names()}
    public = [*auth.__all__, *sandbox.__all__]
    public += [
        name
        for place in (mixpanel_data.Workspace, LocalReports)
        for name in dir(place)
        if not name.startswith("_")
    ]
    public += [name for name in mixpanel_data.__all__ if name[0].isupper()]
    assert [name for name in public if name not in found | {"Workspace"}] == []


@pytest.mark.parametrize(
    ("where", "begins"),
    [
        ("ws.fetch_profiles", "ws.fetch_profiles(name = 'profiles', where"),
        ("ws.row()", "ws.row(table: str, number: int, *, where: str | None = None, "),
        ("ws.clean", "ws.clean(*tables)\n"),
        ("Workspace.tables", "ws.tables()\n\nAll local tables, by name.\n"),
        ("ws.local.as_sql", "ws.local.as_sql\n\n"),
        ("auth.list_accounts", "auth.list_accounts()\n"),
        ("TableInfo", "TableInfo\n\nA table at a glance"),
        ("how-to/fetching", "# Fetching\n\nEverything here runs on the sandbox"),
        ("docs/how-to/fetching.md", "# Fetching\n"),
        ("how-to/fetching#interrupted", "## Interrupted?\n\n"),
        ("reference/tables", "# Tables\n"),
    ],
)
def test_what_was_found_can_be_read(mp, where, begins):
    done = mp("help", where)
    assert done.out.startswith(begins)
    assert "[[[cog" not in done.out


def test_a_section_ends_where_the_next_one_begins(mp):
    assert mp("help", "how-to/fetching#interrupted").out.count("\n## ") == 0
    whole = mp("help", "docs/how-to/fetching").out
    assert mp("help", "how-to/fetching#profiles").out.strip() in whole
    assert mp("help", "how-to/fetching#interrupted", "--limit", "1").code == 3


def test_the_package_finds_the_pages_that_it_ships(mp, tmp_path):
    package = Path(mixpanel_data.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, tmp_path / "mixpanel_data", ignore=ignored)
    command = [sys.executable, "-c", "from mixpanel_data.cli.main import run; run()", "help"]
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}

    def found(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *words], capture_output=True, text=True, check=False, env=env, cwd=tmp_path
        )

    (tmp_path / "docs").mkdir()  # of somebody else, beside the package
    (tmp_path / "docs" / "x.md").write_text("# Interrupted fetch")
    assert "x  Interrupted" not in found("interrupted", "fetch").stdout
    shutil.copytree(package.parent / "docs", tmp_path / "mixpanel_data" / "docs")
    assert found("interrupted", "fetch").stdout == mp("help", "interrupted", "fetch").out
    assert found("how-to/fetching").stdout == mp("help", "how-to/fetching").out


def test_output_options_choose_rows(mp):
    done = mp("help", "parquet", "--limit", "1", "--columns", "where")
    assert done.data == [{"where": "mp export"}]


def test_nothing_found_says_what_to_try(mp):
    done = mp("help", "retension")
    assert (done.code, done.out) == (3, "")
    assert done.err == ("error: nothing here has 'retension'\nhint: mp help retention\n")
    done = mp("help", "qqqqqq", "--format", "json")
    assert json.loads(done.err)["hint"] == "other words, or mp --help for all commands"
    assert mp("help", "((((").code == mp("help", " ").code == 3


def test_without_words_it_is_the_help_of_mp(mp):
    assert mp("help").out == mp("--help").out


def test_the_skill_is_the_file_of_the_package_and_needs_no_home(mp, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("MP_ACCOUNT", "nobody")
    done = mp("skill")
    assert done.out == Path(mixpanel_data.__file__).with_name("SKILL.md").read_text()
    assert done.err == ""
    assert not (tmp_path / "nowhere").exists()


def test_the_skill_is_whole_or_not_there(mp):
    done = mp("skill", "--max-bytes", "100")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("cut: all of ")
    assert mp("skill", "--limit", "1").code == 3
