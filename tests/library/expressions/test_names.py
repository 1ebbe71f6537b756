from __future__ import annotations

import pytest
from hypothesis import given

from mixpanel_data import InvalidArgumentError
from mixpanel_data._internal.expressions import (
    ExpressionSyntaxError,
    as_expression,
    is_bare,
    property_expression,
)
from tests.library.expressions.strategies import expressions


@pytest.mark.parametrize(
    "name", ["country", "$browser", "a b", 'say "hi"', "", "properties", "event[0]"]
)
def test_a_name_is_bare(name):
    assert is_bare(name)


@pytest.mark.parametrize(
    "text",
    [
        'properties["x"]',
        "properties['x']",
        'number(user["age"])',
        'event["$time"]',
        "properties [ 'x' ]",
        'behaviors["b1"] > 0',
        '(properties["a"])',
    ],
)
def test_an_expression_is_not_bare(text):
    assert not is_bare(text)


def test_a_wrapped_name_has_its_backslashes_and_quotes_escaped():
    assert property_expression('a"b\\c') == r'properties["a\"b\\c"]'
    assert property_expression("$email", "user") == 'user["$email"]'


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("properties.country", 'properties["country"]'),
        ("properties.$browser", 'properties["$browser"]'),
        ("user.plan.name", 'user["plan.name"]'),
        ("event.$time", 'event["$time"]'),
        ("my.country", 'properties["my.country"]'),
        ("properties.a b", 'properties["properties.a b"]'),
        ('defined(properties["a"])', 'defined(properties["a"])'),
    ],
)
def test_a_dot_reads_a_property_too(text, expression):
    assert as_expression(text) == expression


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('country == "US"', 'write properties["country"] == "US"'),
        ("$browser!='a.b'", "write properties[\"$browser\"]!='a.b'"),
        ("properties.amount<5", 'write properties["amount"]<5'),
        ('user.plan == "user.plan"', 'write user["plan"] == "user.plan"'),
        (
            'properties.a > 5 and user.$city in ["x"]',
            'write properties["a"] > 5 and user["$city"] in ["x"]',
        ),
        ("platform = iOS", 'write properties["platform"] == "iOS"'),
        (
            "Sign Up Day<>2024-01-01 AND user.plan=pro",
            'write properties["Sign Up Day"]!="2024-01-01" AND user["plan"]=="pro"',
        ),
        (
            "x not in [a, -3.5] && y = true",
            'write properties["x"] not in ["a", -3.5] and properties["y"] == true',
        ),
        (
            '"a" == b',
            'write a property as properties["country"], such as properties["country"] == "US"',
        ),
        ("defined(user.plan)", 'write defined(user["plan"])'),
        (
            "prop['a'] == 1",
            'write a property as properties["country"], such as properties["country"] == "US"',
        ),
    ],
)
def test_a_comparison_without_a_property_is_refused_with_what_was_meant(text, hint):
    with pytest.raises(InvalidArgumentError, match="reads no property") as caught:
        as_expression(text)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ('properties["x" == 1', "expected \"]\", found '=='", 15),
        ('properties["x"] ==', "expected a value, found the end", 18),
        ('properties["x"] and not ', "expected a value, found the end", 24),
        ('properties["x"] == "open', 'expected a closing "', 19),
        ('(properties["x"] == 1', 'expected ")", found the end', 21),
        ('properties["x"]) == 1', "expected the end, found ')'", 15),
        ("user[1", "expected a name in quotes, found '1'", 5),
        ("properties[country]", "expected a name in quotes, found 'country'", 11),
        ("event[", "expected a name in quotes, found the end", 6),
        ('properties["x"] and user.plan', "expected an operator, found '.' after user", 24),
    ],
)
def test_what_no_grammar_takes_is_refused_where_it_is_wrong(text, reason, position):
    with pytest.raises(ExpressionSyntaxError) as caught:
        as_expression(text)
    assert (caught.value.reason, caught.value.position) == (reason, position)


def test_an_access_without_quotes_is_refused_with_a_hint():
    with pytest.raises(ExpressionSyntaxError) as caught:
        as_expression("user[1")
    assert caught.value.hint == 'the name of a property stands in quotes, as in properties["1"]'


@pytest.mark.parametrize("text", ["amount[", "(a", "a)", "[1,2", "a]b[", "(a]", '"abc', "'US'"])
def test_an_open_bracket_or_a_quoted_text_is_no_name(text):
    with pytest.raises(InvalidArgumentError, match="neither an expression nor the name") as caught:
        as_expression(text)
    assert caught.value.hint == f"if a property is called that, write {property_expression(text)}"
    assert as_expression(property_expression(text)) == property_expression(text)


@pytest.mark.parametrize("name", ["Price (USD)", "a[0]", "it's", '6" nail', "Opt in", "Discount %"])
def test_names_may_have_signs_of_the_language(name):
    assert as_expression(name) == property_expression(name)


@given(expressions())
def test_what_parses_is_never_refused(node):
    text = str(node)
    if not is_bare(text):
        assert as_expression(text) == text


@pytest.mark.parametrize(
    "text", ['like(properties["x"], "%a")', 'properties["x"] ~ "a"', 'properties["x"] between 1']
)
def test_what_only_we_do_not_know_is_left_to_mixpanel(text):
    assert as_expression(text) == text
