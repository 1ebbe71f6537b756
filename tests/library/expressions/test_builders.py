from __future__ import annotations

import datetime as dt
from enum import Enum, IntEnum

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixpanel_data import properties, user
from mixpanel_data._internal.expressions import Context, evaluate, nodes, parse
from mixpanel_data._internal.expressions.functions import OF_EVENTS
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.expressions import Expr, event, now, undefined
from mixpanel_data.queries import Export, Profiles, Step
from tests.library.expressions.strategies import expressions, texts

x, y = properties["x"], properties["y"]
scalars = st.one_of(
    texts,
    st.booleans(),
    st.none(),
    st.integers(-(10**25), 10**25),
    st.floats(allow_nan=False, allow_infinity=False),
)


@pytest.mark.parametrize(
    ("built", "text"),
    [
        (x == "DE", 'properties["x"] == "DE"'),
        (x != None, 'properties["x"] != null'),  # noqa: E711 - builds
        (1 < x, 'properties["x"] > 1'),  # noqa: SIM300
        ((x >= -1.5) & (x <= 2) & ~(user["y"] == True), None),  # noqa: E712
        ((x == 1) | (x == 2) & (y == 3), None),
        (
            (10 - x) * 2 / (y % 3) + -x,
            '(10 - properties["x"]) * 2 / (properties["y"] % 3) + -properties["x"]',
        ),
        (x.is_in(["a", 1]), 'properties["x"] in ["a", 1]'),
        (x.not_in(user["tags"]), 'properties["x"] not in user["tags"]'),
        (x.contains("new"), '"new" in properties["x"]'),
        (x.string("none").has_prefix("N"), 'has_prefix(string(properties["x"], "none"), "N")'),
        (x.is_defined(), 'defined(properties["x"])'),
        (x == undefined, 'properties["x"] == undefined'),
        (
            event["$time"] >= dt.datetime(2024, 7, 1, 18, 0, 0, 5),
            'event["$time"] >= datetime("2024-07-01T18:00:00")',
        ),
        (x.datetime() < dt.date(2024, 7, 1), 'datetime(properties["x"]) < datetime("2024-07-01")'),
        (x < dt.datetime(2024, 1, 1, tzinfo=dt.UTC), 'properties["x"] < datetime(1704067200)'),
        (
            x.any(lambda a: y.any(lambda b: a == b)),
            'any(X, properties["x"], any(X2, properties["y"], X == X2))',
        ),
        (x.number().floor() + x.ceil() + x.round(), None),
        (x.boolean() | (x.list() == []) | x.has_suffix("z"), None),
    ],
)
def test_what_is_built_is_the_text_that_means_it(built, text):
    assert parse(str(built)) == built.node
    if text is not None:
        assert str(built) == text


def test_profiles_know_now():
    built = x.datetime() >= (now - 604800).datetime()
    assert parse(str(built), "profile") == built.node


@settings(max_examples=100, deadline=None)
@given(texts, scalars)
def test_case_82_builders_escape_names_and_values_whatever_they_hold(name, value):
    built = properties[name] == value
    assert parse(str(built)) == built.node
    if name not in OF_EVENTS:
        context = Context(event="e", properties={name: value})
        assert evaluate(built.node, context) is True


@settings(max_examples=50, deadline=None)
@given(expressions(depth=2), expressions(depth=2), scalars)
def test_any_composition_parses_to_the_tree_that_was_built(one, other, value):
    left, right = Expr(one), Expr(other)
    for built in (
        left & right,
        left | right,
        ~left,
        -left,
        left + right,
        left < right,
        left.is_in([right, value]),
        left.contains(value),
        left & right & left,
    ):
        assert parse(str(built)) == built.node


def test_an_expression_is_neither_true_nor_false_and_no_key():
    for misuse in (
        lambda: x == 1 and y == 2,
        lambda: 1 < x < 5,
        lambda: x in [y, 1],
        lambda: "a" in x,
        lambda: {x},
        lambda: list(x),
        lambda: list(properties),
        lambda: properties[1],
        lambda: x == 1 & y,
        lambda: (x == 1) | True,
    ):
        with pytest.raises(TypeError):
            misuse()
    with pytest.raises(TypeError, match="combine with &"):
        bool(x)
    with pytest.raises(TypeError, match="put parentheses around comparisons"):
        _ = x == 1 & y


class Level(IntEnum):
    HIGH = 3


class Plan(str, Enum):  # noqa: UP042 - which str() would name PRO
    PRO = "pro"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int64(5), "5"),
        (np.float64(-1.5), "-1.5"),
        (np.float32(0.5), "0.5"),
        (Level.HIGH, "3"),
        (Plan.PRO, '"pro"'),
        (pd.Timestamp("2024-01-01T12:00:00.000000007"), 'datetime("2024-01-01T12:00:00")'),
        (pd.Timestamp("2024-01-01", tz="UTC"), "datetime(1704067200)"),
    ],
)
def test_a_value_of_another_library_is_written_as_the_value_that_it_is(value, text):
    assert str(x == value) == f'properties["x"] == {text}'


def test_several_values_come_from_anything_that_has_them():
    for values in (pd.Series([1, 2]), np.array([1, 2]), (1, 2), range(1, 3), {2, 1}):
        assert str(x.is_in(values)) == 'properties["x"] in [1, 2]'
    assert str(x.not_in({"b", "a", "c"})) == 'properties["x"] not in ["a", "b", "c"]'


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        10**300,
        object(),
        b"a",
        {"a": 1},
        pd.NaT,
        dt.date(999, 1, 1),
        {1},
    ],
)
def test_a_value_that_the_language_cannot_say_is_refused(value):
    with pytest.raises(InvalidArgumentError):
        _ = x == value


def test_refusals_say_what_to_write():
    with pytest.raises(InvalidArgumentError, match="list of values") as error:
        x.is_in("US")
    assert error.value.hint == "is_in(['US'])"
    with pytest.raises(InvalidArgumentError, match="before 1970"):
        _ = x < dt.datetime(1969, 1, 1, tzinfo=dt.UTC)
    assert str(x < dt.datetime(2200, 1, 1, tzinfo=dt.UTC)).endswith("datetime(7258118400000)")


def test_questions_keep_the_text():
    assert Export("2026-01-01", "2026-01-02", where=x == 1).where == 'properties["x"] == 1'
    assert Profiles(where=x == 1).where == 'properties["x"] == 1'
    assert Step("Purchase", x == 1) == Step("Purchase", 'properties["x"] == 1')
    assert hash(Step("Purchase", x == 1)) == hash(Step("Purchase", 'properties["x"] == 1'))
    with pytest.raises(InvalidArgumentError, match="where is no expression: True"):
        Step("Purchase", where=True)


def test_an_expression_shows_its_text():
    assert repr(x == 1) == '<Expr properties["x"] == 1>'
    assert isinstance((x == 1).node, nodes.Compare)
