from __future__ import annotations

import pytest

from mixpanel_data import InvalidArgumentError
from mixpanel_data._internal.expressions import as_expression, is_bare, property_expression


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


@pytest.mark.parametrize("text", ['country == "US"', "amount > 5", "properties.amount<5"])
def test_a_comparison_without_a_property_is_refused(text):
    with pytest.raises(InvalidArgumentError, match="reads no property") as caught:
        as_expression(text)
    assert 'properties["country"]' in caught.value.hint
