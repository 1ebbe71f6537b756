"""The cases 75 to 82 of the API contract, at the level of parser and evaluator."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from mixpanel_data._internal.expressions import (
    UNDEFINED,
    Context,
    ExpressionSyntaxError,
    ExpressionTypeError,
    evaluate,
    matches,
    nodes,
    parse,
    property_expression,
    quoted,
)
from mixpanel_data._internal.expressions.functions import OF_EVENTS
from tests.library.expressions.strategies import texts


def value(text, **properties):
    return evaluate(parse(text), Context(event="e", properties=properties))


def test_case_75_types_are_kept_apart_and_cast_on_request():
    assert value('properties["n"] == "5"', n=5) is False
    assert value('string(properties["n"]) == "5"', n=5) is True
    assert value('number("x")') is UNDEFINED


def test_case_76_a_missing_property_matches_nothing_but_its_negations():
    row = Context(event="e")
    assert value('properties["m"] == "a"') is False
    assert value('properties["m"] != "a"') is True
    assert not matches(parse('properties["m"] > 1'), row)
    assert value('not (properties["m"] > 1)') is True
    assert value('defined(properties["m"])') is False


def test_case_77_arithmetic_without_a_meaning_is_undefined():
    assert value("1/0") is UNDEFINED
    assert value("-5 % 3") == -2
    assert value('"a"+"b"') == "ab"
    assert value('"a"+1') is UNDEFINED


def test_case_78_in_is_substring_and_membership():
    assert value('"ell" in properties["s"]', s="hello") is True
    assert value('"elk" in properties["s"]', s="hello") is False
    assert value('properties["id"] in [1,2,3]', id=2) is True
    assert value('properties["id"] in [1,2,3]', id=4) is False


def test_case_79_a_number_where_a_truth_belongs_is_an_error_and_so_is_an_open_quote():
    with pytest.raises(ExpressionTypeError, match="'and' takes true or false, not a number"):
        value('properties["n"] and true', n=1)
    for text in ('properties["n', '"open', "(1 == 1", "1 == 1)", 'properties["n"'):
        with pytest.raises(ExpressionSyntaxError, match="expected"):
            parse(text)


def test_case_80_boolean_is_false_for_the_word_and_the_empty_values_only():
    assert value('boolean("false")') is False
    assert value("boolean(0)") is False
    assert value('boolean("")') is False
    assert value('boolean("no")') is True


def test_case_81_profiles_know_now_with_blanks_and_no_prefixes():
    week = parse(
        'datetime(properties["$last_seen"]) >= datetime(NOW - 604800) '
        'and datetime(properties["$last_seen"]) < datetime(NOW)',
        "profile",
    )
    now = 1_704_067_200  # 2024-01-01
    inside, outside = (
        Context.of_profile({"$last_seen": day}, now=now)
        for day in ("2023-12-26T00:00:00", "2023-12-24T00:00:00")
    )
    assert matches(week, inside)
    assert not matches(week, outside)
    for text in ("NOW -604800", "NOW-604800", 'has_prefix(properties["a"], "b")'):
        with pytest.raises(ExpressionSyntaxError, match="expected"):
            parse(text, "profile")


@settings(max_examples=100, deadline=None)
@given(texts, texts)
def test_case_82_names_and_values_survive_escaping_whatever_they_hold(name, text):
    node = parse(f"{property_expression(name)} == {quoted(text)}")
    assert node == nodes.Compare("==", nodes.Property("properties", name), nodes.String(text))
    assert matches(node, Context(event="e", properties={name: text})) or name in OF_EVENTS
