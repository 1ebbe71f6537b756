"""`mp help` and `mp skill`: no account, no database, nobody asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

import mixpanel_data


def test_a_word_finds_the_command_and_its_options_first_where_it_is_named_so(mp):
    assert mp("help", "week", "retention").out == snapshot("""\
mp retention  Show how many come back, by when they first came.
    --unit UNIT  Cohorts by day, week or month.  [default: day]
    --week-start DAY  Weeks begin on monday (default) or sunday.
    --edge-buckets DAYS  Of the first and last week or month: partial (as asked), whole.
""")


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
    assert first["command"] == command
    assert option in first["options"]


def test_all_words_count_and_plurals_do_not_matter(mp):
    many = {row["command"] for row in mp("help", "profiles", "-f", "json").data}
    fewer = {row["command"] for row in mp("help", "profiles", "fetch", "-f", "json").data}
    assert fewer < many
    assert many == {row["command"] for row in mp("help", "profile", "-f", "json").data}


def test_a_word_of_the_examples_shows_its_line(mp):
    assert "    … Exit codes: 0 done" in mp("help", "exit codes").out


def test_a_search_is_part_of_no_answer_of_its_own(mp):
    assert "mp help " not in mp("help", "parquet").out


def test_many_results_are_cut_and_the_rest_is_counted(mp):
    done = mp("help", "timezone")
    rows = mp("help", "timezone", "--format", "jsonl").out.splitlines()
    shown = [line for line in done.out.splitlines() if not line.startswith(" ")]
    assert [line.partition("  ")[0] for line in shown] == [
        json.loads(row)["command"] for row in rows[:8]
    ]
    assert done.err.startswith(f"{len(rows) - 8} more: ")


def test_output_options_choose_rows(mp):
    done = mp("help", "parquet", "--limit", "1", "--columns", "command")
    assert done.data == [{"command": "mp export"}]


def test_nothing_found_says_what_to_try(mp):
    done = mp("help", "retension")
    assert (done.code, done.out) == (3, "")
    assert done.err == ("error: no command's help has 'retension'\nhint: mp help retention\n")
    done = mp("help", "xyzzyq", "--format", "json")
    assert json.loads(done.err)["hint"] == "fewer words, or mp --help for all commands"
    assert mp("help", "([").code == mp("help", " ").code == 3


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
