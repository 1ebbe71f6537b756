from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.error import UsageError

from mixpanel_magics import arguments


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  a   b ", ["a", "b"]),
        ("--where 'properties[\"a b\"] == 1'", ["--where", 'properties["a b"] == 1']),
        ('--where properties["a b"]=="x y"', ["--where", 'properties["a b"]=="x y"']),
        ('--params {"a": [1, 2], "b": ")"} df', ["--params", '{"a": [1, 2], "b": ")"}', "df"]),
        ("--params dict(a=1, b=2)", ["--params", "dict(a=1, b=2)"]),
        ('--events "Sign Up",Login', ["--events", '"Sign Up",Login']),
        ("--params='[1, 2]' x='y z'", ["--params=[1, 2]", "x='y z'"]),
        ("it's open", ["it's", "open"]),
        ('""', [""]),
    ],
)
def test_words_of_a_line(line, words):
    assert arguments.words(line) == words


@given(st.text("ab '\"()[]{}\n"))
def test_no_character_of_a_line_is_lost(line):
    ends = [0, *(end for _, end in arguments.placed_words(line))]
    assert ends == sorted(ends)
    for word, end in zip(arguments.words(line), ends[1:], strict=True):
        assert line[:end].rstrip("'\"").endswith(word.rstrip("'\""))


EVENTS = "%mp_fetch events --from 2026-01-01 --to 2026-01-01"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (f"{EVENTS} --from 2026-01-02", "--from is given more than once, with different values"),
        (f"{EVENTS} --flat --no-flat", "--flat is given more than once, with different values"),
        ("%mpsql -n 1 -n 2 FROM events", "-n is given more than once"),
        ("%mpsql --format df --format arrow FROM events", "--format is given more than once"),
        ("%mp_use sandbox --db a --db b", "--db is given more than once"),
        (f"{EVENTS} --wheree a", "there is no option --wheree: did you mean '--where'?"),
        ("%mp_fetch events --fro 2026-01-01", "no option --fro: did you mean '--from'?"),
        ("%mpsql --dryrun FROM events", "no option --dryrun: did you mean '--dry-run'?"),
        ("%mp_report --x", "there is no option --x: options: none"),
        ("%mp_tables Sign Up", "arguments: Up (a value with blanks goes in quotes)"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(cell, line, status):
    shown = cell(line)
    assert isinstance(shown.error, UsageError)
    assert status in str(shown.error)


LISTS = {"--allow-gap", "--events", "--where", "--user", "--properties", "--with"}


def test_every_option_of_every_magic_takes_one_value_or_has_all(shell):
    lists = set()
    for name in ("mp_fetch", "mp_use", "mpsql"):
        parser = shell.find_line_magic(name).parser
        for action in parser._actions:
            if not action.option_strings or action.nargs == 0:
                continue
            option = action.option_strings[0]
            values = [str(it) for it in (action.choices or ("3", "4"))][:2]
            line = " ".join(f"{option} {value}" for value in values)
            magic = SimpleNamespace(parser=parser)
            if option in LISTS:
                parsed = arguments.parse(magic, line)
                assert vars(parsed)[action.dest] == values
                lists.add(option)
            else:
                with pytest.raises(UsageError, match=f"{option} is given more than once"):
                    arguments.parse(magic, line)
    assert lists == LISTS


def test_the_same_value_again_is_no_mistake_in_a_magic(cell):
    shown = cell("%mpsql --format df --format df -n 1 -n 1 SELECT 1 AS one")
    assert shown.value.one.tolist() == [1]


def test_conditions_and_lists_of_a_magic_add_up(cell):
    where = (
        """--where 'properties["amount"] > 30 or true' --where 'properties["platform"] == "iOS"'"""
    )
    cell(f"{EVENTS} {where} --events Purchase --events Search")
    found = cell(
        "%mpsql SELECT DISTINCT event_name, properties->>'platform' FROM events ORDER BY 1"
    )
    assert found.value.values.tolist() == [["Purchase", "iOS"], ["Search", "iOS"]]
