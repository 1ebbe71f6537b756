from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
