"""An option that is given twice: all of its values count, or it is a usage error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mixpanel_data.cli.main import SECTIONS, WORKFLOW
from mixpanel_data.cli.repeats import is_condition
from mixpanel_data.cli.root import Root


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name in getattr(command, "commands", ()):
        yield from commands(command.commands[name], (*path, name))


ROOT = Root.build(SECTIONS, workflow=WORKFLOW)
COMMANDS = dict(commands(ROOT))
OFFERED = {"account", "project", "db", "quiet", "verbose", "format", "limit", "offset", "columns",
           "max_bytes", "jq"}  # fmt: skip
GLOBAL = [it for it in ROOT.params if it.name in OFFERED]
LISTS = {
    "--allow-gap", "--columns", "--events", "--exclude", "--exclude-between", "--fault", "--hide", "--param",
    "--properties", "--step-where", "--steps", "--table", "--user", "--value",
}  # fmt: skip


def options(path: tuple[str, ...]) -> list[Any]:
    """The command's own options, and the global ones."""
    own = [it for it in COMMANDS[path].params if path and it.param_type_name == "option"]
    taken = {name for it in own for name in it.opts}
    return [*own, *(it for it in GLOBAL if taken.isdisjoint(it.opts))]


def twice(option: Any, first: str, second: str) -> list[str]:
    """In its first and in its last spelling."""
    if option.is_flag:
        return [option.opts[0], (option.secondary_opts or option.opts)[-1]]
    return [option.opts[0], first, option.opts[-1], second]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_two_values_are_refused_where_one_is_taken(mp, path) -> None:
    for option in options(path):
        if option.multiple or is_condition(option):
            continue
        if option.is_flag and not option.secondary_opts:
            continue
        done = mp(*path, *twice(option, "3", "4"), "--help")
        assert (done.code, done.out) == (3, ""), option.opts
        assert option.opts[0] in done.err
        assert "given more than once, with different values" in done.err
        assert "3" not in done.err  # which may be a secret


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_same_value_again_is_no_mistake(mp, path) -> None:
    typed = []
    for option in options(path):
        value = "csv" if option.name == "format" else "3"
        once = [option.opts[0]] if option.is_flag else [option.opts[0], value]
        typed += [*once, *once]
    done = mp(*path, *typed, "--help")
    assert (done.code, done.err) == (0, "")


def test_lists_are_those_that_are_meant() -> None:
    lists = {it.opts[0] for path in COMMANDS for it in options(path) if it.multiple}
    assert lists == LISTS
    conditions = {it.opts[0] for path in COMMANDS for it in options(path) if is_condition(it)}
    assert conditions == {"--where", "--born-where", "--step-where"}


def count(mp, db, *more: str) -> int:
    done = mp("--db", db, "segmentation", "--local", "--event", "Purchase",
              "--from", "2026-01-01", "--to", "2026-01-31", "-q", *more)  # fmt: skip
    return sum(row["value"] for row in map(json.loads, mp_rows(done)))


def mp_rows(done) -> list[str]:
    assert done.code == 0, done.err
    return done.out.splitlines()


IOS = 'properties["platform"] == "iOS"'
NO_IOS = 'not properties["platform"] == "iOS"'
EITHER = 'properties["platform"] == "iOS" or properties["platform"] == "Web"'


def test_all_conditions_hold_and_keep_their_own_or(mp, db) -> None:
    def of(*conditions: str) -> int:
        typed = [word for it in conditions for word in ("--where", it)]
        return count(mp, db, *typed, "-f", "jsonl")

    assert of(EITHER, NO_IOS) == of('properties["platform"] == "Web"') > 0
    assert of(NO_IOS, EITHER) == of(EITHER, NO_IOS)
    assert of(IOS, NO_IOS) == 0


def test_a_condition_can_not_reach_into_another(mp, db) -> None:
    done = mp("--db", db, "segmentation", "--local", "--event", "Purchase", "--from", "2026-01-01",
              "--to", "2026-01-31", "--where", f"{IOS}) or ({NO_IOS}", "--where", IOS)  # fmt: skip
    assert done.code == 3
    assert done.err.startswith("error: ")


def test_a_fetch_stores_what_meets_all_conditions(mp, online) -> None:
    fetch = ["fetch", "events", "--from", "2026-01-01", "--to", "2026-01-31", "-q"]
    mp(*fetch, "--where", EITHER, "--where", NO_IOS, "--events", "Purchase", "--events", "Search")
    found = mp("sql", "SELECT DISTINCT event_name, properties->>'platform' FROM events ORDER BY 1",
               "-f", "csv").out.splitlines()[1:]  # fmt: skip
    assert found == ["Purchase,Web", "Search,Web"]


def test_steps_and_tables_are_appended(mp, db) -> None:
    funnel = ["--db", db, "funnel", "--from", "2026-01-01", "--to", "2026-01-31", "-f", "csv", "-q"]
    assert mp(*funnel, "--steps", "Sign Up", "--steps", "Purchase") == mp(
        *funnel, "--steps", "Sign Up,Purchase"
    )
    twice = mp(*funnel, "--steps", "Sign Up", "--table", "events", "--table", "events")
    assert "a table is named twice" in twice.err


@pytest.mark.parametrize(
    ("before", "after", "output"),
    [
        (["--format", "csv"], ["--format", "csv"], "csv"),
        (["-f", "csv"], ["--format=csv"], "csv"),
        (["--format", "csv"], ["-fjson"], None),
        (["--limit", "1"], ["--limit", "2"], None),
        (["--quiet"], ["-q"], "json"),
    ],
)
def test_a_global_option_is_the_same_before_and_after_the_command(mp, db, before, after, output):
    done = mp(*before, "--db", db, "schema", "profiles", *after)
    if output is None:
        assert (done.code, done.out) == (3, "")
        assert before[0] in done.err
    else:
        assert done.code == 0
        assert done.out.startswith("name,type" if output == "csv" else "{")


def test_columns_before_and_after_the_command_are_one_list(mp, db) -> None:
    done = mp("--db", db, "--columns", "name", "tables", "--columns", "type", "-f", "csv")
    assert done.out.splitlines()[0] == "name,type"
