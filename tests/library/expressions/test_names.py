from __future__ import annotations

import pytest

from mixpanel_data._internal.expressions import is_bare, property_expression


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
