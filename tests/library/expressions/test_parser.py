from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from mixpanel_data._internal.expressions import ExpressionSyntaxError, nodes, parse
from mixpanel_data._internal.expressions.nodes import (
    And,
    Arithmetic,
    Compare,
    ListOf,
    Negate,
    Not,
    Number,
    Or,
    Property,
    String,
)
from mixpanel_data._internal.expressions.parser import MAX_DEPTH
from mixpanel_data.exceptions import InvalidArgumentError

A, B, C = (Property("properties", name) for name in "abc")


def refused(text, dialect="event"):
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse(text, dialect)
    return caught.value


def test_or_binds_less_than_and_and_that_less_than_not():
    text = 'not properties["a"] and properties["b"] or properties["c"]'
    assert parse(text) == Or((And((Not(A), B)), C))


def test_not_covers_a_whole_comparison():
    assert parse('not properties["a"] == 1') == Not(Compare("==", A, Number(1)))


def test_products_bind_tighter_than_sums_and_chains_lean_left():
    assert parse("1 - 2 * -3 - 4") == Arithmetic(
        "-",
        Arithmetic("-", Number(1), Arithmetic("*", Number(2), Negate(Number(3)))),
        Number(4),
    )


@pytest.mark.parametrize("word", ["and", "AND"])
def test_logical_words_are_read_in_both_cases(word):
    assert parse(f'properties["a"]{word} properties["b"]') == And((A, B))


def test_words_that_begin_like_operators_are_names():
    assert parse("any(order, [1], order == 1)") == nodes.AnyItem(
        "order", ListOf((Number(1),)), Compare("==", nodes.Variable("order"), Number(1))
    )


@pytest.mark.parametrize("source", ["properties", "user", "event", "behaviors"])
@pytest.mark.parametrize("dialect", ["event", "profile"])
def test_every_accessor_is_read_in_both_dialects(source, dialect):
    assert parse(f'{source}["$x"]', dialect) == Property(source, "$x")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r'"a \"b\" c"', 'a "b" c'),
        (r"'a \'b\' c'", "a 'b' c"),
        ("'say \"hi\"'", 'say "hi"'),
        ('"it\'s"', "it's"),
        (r'"\\"', "\\"),
        (r'"\\n"', "\\n"),
        (r'"a\nb"', r"a\nb"),
        ('"line\nbreak"', "line\nbreak"),
        ('"日本 🎈"', "日本 🎈"),
        ("''", ""),
    ],
)
def test_strings_know_two_escapes_and_keep_any_other_backslash(written, value):
    assert parse(written) == String(value)


@pytest.mark.parametrize(
    ("written", "value"),
    [("5", 5), ("007", 7), ("1.50", 1.5), (".5", 0.5), ("2e3", 2000.0), ("9" * 30, 10**30 - 1)],
)
def test_numbers_keep_their_digits(written, value):
    node = parse(written)
    assert node == Number(value)
    assert type(node.value) is type(value)


def test_an_error_says_what_was_expected_and_points_at_the_place():
    error = refused('properties["plan"] == "pro" andd properties["age"] > 30')
    assert isinstance(error, InvalidArgumentError)
    assert error.position == 28
    assert error.message == snapshot("""\
expected an operator, found 'andd'
  properties["plan"] == "pro" andd properties["age"] > 30
                              ^\
""")


def test_an_error_in_a_long_text_of_many_lines_shows_the_line_around_the_place():
    error = refused("true and\n" + "1 + " * 30 + "? +" + " 1 +" * 30 + "\n 2")
    assert error.message == snapshot("""\
expected an expression, found '?'
  …+ 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + ? + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 …
                                                     ^\
""")


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("", "expected a value, found the end", 0),
        ("  ", "expected a value, found the end", 2),
        ('properties["a', 'expected a closing "', 11),
        ("'a", "expected a closing '", 0),
        ("(1 == 2", 'expected ")", found the end', 7),
        ("1 == 2)", "expected the end, found ')'", 6),
        ("[1,", "expected a value, found the end", 3),
        ("[", 'expected a value or "]", found the end', 1),
        ("1 2", "expected an operator, found '2'", 2),
        ("1 <", "expected a value, found the end", 3),
        ("1x", "expected a number", 0),
        ("1e999", "expected a number below 1e308", 0),
        ("9" * 5000, "expected a number below 1e308", 0),
        ("properties[1]", "expected a name in quotes, found '1'", 11),
        ("'a' not 'b'", 'expected "in", found "\'b\'"', 8),
        ("floor", 'expected "(" after floor', 5),
        ("floor()", "expected 1 argument for floor(), found 0", 0),
        ("string(1, 2, 3)", "expected 1 or 2 arguments for string(), found 3", 0),
        ("any(1, 2)", "expected any(NAME, LIST, CONDITION)", 0),
        ("any(in, [1], true)", "expected a value, found 'in'", 4),
        ("any(true, [1], true)", "expected any(NAME, LIST, CONDITION)", 0),
        ("X == 1 and any(X, [1], X == 1)", "expected a value, found the bare name 'X'", 0),
        ("NOW", "expected a value; NOW is only known in profile queries", 0),
        ("1 == \ud800", "expected an expression, found '\\ud800'", 5),
    ],
)
def test_bad_text_is_refused_where_it_is_bad(text, reason, position):
    error = refused(text)
    assert (error.reason, error.position) == (reason, position)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("country == 'US'", 'a property is written properties["country"], a text "country"'),
        ("defind(1)", "did you mean defined?"),
        ("propertys['a']", "did you mean properties?"),
        ("1 && 2", "write and"),
        ("true || false", "write or"),
        ("!true", "write not"),
        ("1 < 2 < 3", "comparisons can't be chained: write a < b and b < c"),
        ("any(1)", 'any(X, properties["tags"], X == "new")'),
    ],
)
def test_a_usual_mistake_gets_a_hint(text, hint):
    assert refused(text).hint == hint


@pytest.mark.parametrize(
    "text",
    ["2 * 3", "2 / 3", "2 % 3", "boolean(1)", "floor(1)", "has_suffix('a', 'b')", "any(X, [1], X)"],
)
def test_profiles_know_a_smaller_language(text):
    parse(text)
    error = refused(text, "profile")
    assert "expected an expression that profile queries know" in error.message
    assert "datetime() NOW" in error.hint


@pytest.mark.parametrize(
    "text",
    [
        'datetime(properties["$last_seen"]) >= datetime(NOW - 604800)',
        '("Albany" in properties["$city"]) and (defined (properties["$city"]))',
        '(behaviors["b1"] > 0)',
        'number(properties["a"]) + 1 > -5 or "x" in list(properties["tags"])',
        'not string(user["plan"]) in ["a", "b"]',
    ],
)
def test_the_documented_profile_filters_are_read_and_printed_back(text):
    node = parse(text, "profile")
    assert parse(str(node), "profile") == node


@pytest.mark.parametrize(
    "text",
    [
        "not " * 5_000 + "true",
        "-" * 5_000 + "1",
        "[" * 5_000 + "]" * 5_000,
        "floor(" * 5_000 + "1" + ")" * 5_000,
        "1" + "+1" * 5_000,
    ],
)
def test_deep_nesting_is_an_error_of_its_own(text):
    assert refused(text).reason == f"nested more than {MAX_DEPTH} levels deep"


def test_parentheses_are_no_nesting_and_unclosed_ones_are_reported():
    assert parse("(" * 5_000 + "1" + ")" * 5_000) == Number(1)
    assert refused("(" * 5_000).position == 5_000


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "(",
                ")",
                "[",
                "]",
                ",",
                "not ",
                " and ",
                " in ",
                "1",
                '"a"',
                "X",
                "-",
                "==",
                "any",
                "'",
            ]
        )
        | st.text(max_size=2)
    ).map("".join),
    st.sampled_from(["event", "profile"]),
)
def test_any_text_is_either_read_or_refused_with_a_position_inside_it(text, dialect):
    problem = None
    try:
        parse(text, dialect)
    except ExpressionSyntaxError as error:
        problem = error
    assert problem is None or 0 <= problem.position <= len(text)
    assert problem is None or problem.message.splitlines()[-1].endswith("^")


def test_importing_the_language_does_not_import_the_parser_library():
    code = "import sys, mixpanel_data._internal.expressions; print('lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
