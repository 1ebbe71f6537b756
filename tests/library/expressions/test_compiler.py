from __future__ import annotations

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

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
from mixpanel_data._internal.expressions.compiler import (
    Columns,
    Fields,
    compile_condition,
    compile_filter,
    compile_labels,
    compile_number,
    compile_value,
)
from mixpanel_data._internal.expressions.errors import raised_by_sql
from mixpanel_data._internal.expressions.functions import OF_EVENTS, label, labels
from mixpanel_data._internal.expressions.values import kind
from mixpanel_data._internal.storage.errors import statement_failed
from mixpanel_data.exceptions import QueryError
from tests.library.expressions import rows
from tests.library.expressions.strategies import expressions, texts

ERROR = "error"

words = ["", "a", "ab", "b", "pro", "ABC", "5", "-1.5e2", " 7 ", "1e999", "true", "false", "null"]
dates = ["2024-01-01", "2024-01-01T00:00:01", "2024-01-01T02:00:00+02:00", "2023-12-31T23:59:59Z"]
strings = st.sampled_from([*words, *dates, "2024-13-01", "9999-12-31", "[1]", "it's", '"'])
integers = st.integers(-5, 5) | st.sampled_from(
    [2**53 + 1, 2**53, -(2**53) - 1, 2**63 - 1, 1704067200, 1704067200123, 2**32 - 1, 2**32]
)
floats = st.floats(-1e6, 1e6, allow_nan=False) | st.sampled_from(
    [0.5, -0.5, 1.5, 2.5, -2.5, 1e21, 1e-7, -1.25e-9, 1e308, 123456789.125, 1e16, 0.0001]
)
numbers = integers | floats
scalars = st.one_of(numbers, strings, st.booleans(), st.none())
lists = st.lists(scalars, max_size=3)
objects = st.sampled_from([{}, {"k": 1}, {"k": "a"}])
a_row = st.fixed_dictionaries(
    {},
    optional={
        "text": strings,
        "whole": integers,
        "decimal": floats,
        "truth": st.booleans(),
        "list": lists,
        "object": objects,
        "nullable": strings | st.none(),
        "mixed": strings | integers | st.booleans(),
        "any/thing~": scalars | lists | objects,
    },
)
names = ["text", "whole", "decimal", "truth", "list", "object", "nullable", "mixed", "any/thing~"]


def literal(value):
    if value is UNDEFINED:
        return nodes.Undefined()
    if value is None:
        return nodes.Null()
    if isinstance(value, bool):
        return nodes.Boolean(value)
    if isinstance(value, str):
        return nodes.String(value)
    negative = value < 0 or str(value) == "-0.0"
    return nodes.Negate(nodes.Number(-value)) if negative else nodes.Number(value)


properties = st.builds(
    nodes.Property, st.sampled_from(["properties", "user"]), st.sampled_from([*names, "gone"])
)
system = st.sampled_from([*OF_EVENTS]).map(lambda name: nodes.Property("event", name))
constants = (scalars | st.just(UNDEFINED)).map(literal)
trees = expressions(depth=3, leaves=properties | properties | constants | system)


@pytest.fixture(scope="module")
def database():
    with rows.connect() as connection:
        yield connection


def outcome(ask, node, context):
    try:
        return ask(node, context)
    except ExpressionTypeError:
        return ERROR


def has_lists_in_lists(value):
    return isinstance(value, list) and any(isinstance(item, list) for item in value)


def answers(connection, select, count):
    """What SQL says of each row, asked of all at once and, where that fails, one by one."""
    try:
        return rows.asked(connection, select)
    except duckdb.InvalidInputException:
        return [answer(connection, select, number) for number in range(count)]


def answer(connection, select, number):
    try:
        return rows.asked(connection, select, f"id = {number}")[0]
    except duckdb.InvalidInputException as error:
        return ERROR if raised_by_sql(str(error)) else str(error)


@settings(suppress_health_check=list(HealthCheck))
@given(trees, st.lists(a_row, min_size=1, max_size=4))
def test_sql_says_of_each_row_what_the_evaluator_says(database, node, given_rows):
    known = rows.table(database, given_rows)
    contexts = list(map(rows.context, given_rows))
    passing = [outcome(matches, node, context) for context in contexts]
    values = [outcome(evaluate, node, context) for context in contexts]
    for columns in rows.layouts(known):
        passed = answers(database, compile_filter(node, columns), len(given_rows))
        condition = compile_condition(node, columns)
        met = answers(database, f"({condition}) IS TRUE", len(given_rows))
        counted = answers(database, compile_number(node, columns), len(given_rows))
        labelled = answers(database, compile_labels(node, columns), len(given_rows))
        called = answers(database, compile_value(node, columns), len(given_rows))
        for number, (passes, value) in enumerate(zip(passing, values, strict=True)):
            if passes is not ERROR:
                assert passed[number] is passes
                assert met[number] is passes
            if value is not ERROR:
                is_number = kind(value) == "number"
                assert counted[number] == (float(value) if is_number else None)
            if value is not ERROR and not has_lists_in_lists(value):
                assert sorted(labelled[number]) == sorted(labels(value))
                assert called[number] == label(value)


def asked(database, text, row, compiled=compile_filter):
    """What SQL says of one row, the same in both layouts."""
    known = rows.table(database, [row])
    said = {str(rows.asked(database, compiled(text, columns))) for columns in rows.layouts(known)}
    assert len(said) == 1
    return said.pop().strip("[]")


def holds(database, text, **row):
    return asked(database, text, row) == "True"


def label_of(database, text, **row):
    return asked(database, text, row, compile_value).strip("'")


def test_case_75_types_are_kept_apart_and_cast_on_request(database):
    assert not holds(database, 'properties["n"] == "5"', n=5)
    assert holds(database, 'string(properties["n"]) == "5"', n=5)
    assert label_of(database, 'number("x")') == "undefined"
    assert label_of(database, 'number(properties["s"])', s="x") == "undefined"


def test_case_76_a_missing_property_matches_nothing_but_its_negations(database):
    assert not holds(database, 'properties["m"] == "a"', n=5)
    assert holds(database, 'properties["m"] != "a"', n=5)
    assert not holds(database, 'properties["m"] > 1', n=5)
    assert holds(database, 'not (properties["m"] > 1)', n=5)
    assert not holds(database, 'defined(properties["m"])', n=5)


def test_case_77_arithmetic_without_a_meaning_is_undefined(database):
    row = {"zero": 0, "five": -5, "a": "a"}
    assert label_of(database, '1/properties["zero"]', **row) == "undefined"
    assert label_of(database, 'properties["five"] % 3', **row) == "-2"
    assert label_of(database, 'properties["a"] + "b"', **row) == "ab"
    assert label_of(database, 'properties["a"] + 1', **row) == "undefined"


def test_case_78_in_is_substring_and_membership(database):
    assert holds(database, '"ell" in properties["s"]', s="hello")
    assert not holds(database, '"elk" in properties["s"]', s="hello")
    assert holds(database, 'properties["id"] in [1,2,3]', id=2)
    assert not holds(database, 'properties["id"] in [1,2,3]', id=4)


def test_case_79_a_number_where_a_truth_belongs_is_an_error_that_names_it(database):
    known = rows.table(database, [{"n": 1}])
    for columns in rows.layouts(known):
        select = compile_filter('properties["n"] and true', columns)
        with pytest.raises(duckdb.InvalidInputException) as caught:
            rows.asked(database, select)
        error = statement_failed(caught.value)
        assert isinstance(error, QueryError)
        assert error.message == "'and' takes true or false, not a number: properties[\"n\"]"
        assert error.hint == 'compare it, or write boolean(properties["n"])'


def test_case_80_boolean_is_false_for_the_word_and_the_empty_values_only(database):
    assert not holds(database, 'boolean(properties["x"])', x="false")
    assert not holds(database, 'boolean(properties["x"])', x=0)
    assert not holds(database, 'boolean(properties["x"])', x="")
    assert holds(database, 'boolean(properties["x"])', x="no")


TRUTHS = ["true", "false", "null", "undefined", "1", '"a"', "[true]", '{"k": 1}', "gone"]


@pytest.mark.parametrize(
    "form", ["{} and {}", "{} or {}", "{} and true and {}", "{} or {} or true"]
)
def test_logic_of_all_types_decides_or_fails_as_the_evaluator_does(database, form):
    values = dict(
        zip(TRUTHS, [True, False, None, UNDEFINED, 1, "a", [True], {"k": 1}], strict=False)
    )
    pairs = [(left, right) for left in values for right in values]
    given_rows = [
        {
            name: values[key]
            for name, key in zip("ab", pair, strict=True)
            if values[key] is not UNDEFINED
        }
        for pair in pairs
    ]
    text = form.format('properties["a"]', 'properties["b"]')
    known = rows.table(database, given_rows)
    contexts = [Context(event=rows.NAME, properties=row) for row in given_rows]
    expected = [outcome(matches, parse(text), context) for context in contexts]
    assert {True, ERROR} <= set(expected)
    for columns in rows.layouts(known):
        select = compile_filter(text, columns)
        assert [answer(database, select, number) for number in range(len(pairs))] == expected


@pytest.mark.parametrize(
    "text",
    [
        'properties["x"]',
        'any(X, properties["x"], X)',
        'any(X, [false, properties["x"], true], X)',
        'any(X, properties["x"], X and true)',
        'any(X, list(properties["x"]), not X or X)',
        'properties["x"] == 1 or properties["x"]',
        'not (properties["x"] and true)',
    ],
)
@pytest.mark.parametrize(
    "x", [True, False, None, 1, "a", {"k": 1}, [True, 1], [1, True], [False, True], [False], []]
)
def test_a_truth_is_asked_for_or_refused_as_the_evaluator_does(database, text, x):
    known = rows.table(database, [{"x": x}])
    expected = outcome(matches, parse(text), Context(event=rows.NAME, properties={"x": x}))
    for columns in rows.layouts(known):
        assert answer(database, compile_filter(text, columns), 0) == expected


def test_an_error_is_raised_for_no_row_that_an_earlier_operand_decides(database):
    given_rows = [{"kind": "text", "x": "a"}, {"kind": "truth", "x": True}] * 2000
    known = rows.table(database, given_rows)
    text = 'properties["kind"] == "truth" and properties["x"]'
    for columns in rows.layouts(known):
        assert rows.asked(database, compile_filter(text, columns)) == [False, True] * 2000


def test_a_date_in_the_expression_is_in_the_zone_of_the_project(database):
    rows.table(database, [{"at": "2024-07-01T00:00:00"}])
    fields = Fields(json="e.properties")
    berlin = Columns(
        properties=fields,
        event_name="e.event_name",
        event_time="TIMESTAMP '2024-06-30 22:00:00.5'",
        zone="Europe/Berlin",
    )
    for text, passes in {
        'event["$time"] >= datetime("2024-07-01")': True,
        'event["$time"] > datetime("2024-07-01")': False,
        'event["$time"] <= datetime("2024-07-01")': True,
        'event["$time"] < datetime("2024-07-01")': False,
        'datetime("2024-07-01") <= event["$time"]': True,
        'datetime(event["$time"]) == datetime("2024-07-01")': True,
        'properties["time"] >= 1719784800.5': False,
        'properties["time"] == 1719784800': True,
        'datetime(properties["at"]) == datetime("2024-07-01T02:00:00")': True,
    }.items():
        assert rows.asked(database, compile_filter(text, berlin)) == [passes]


def test_case_81_profiles_know_now_with_blanks_and_no_prefixes(database):
    rows.table(database, [{"$last_seen": "2024-01-02T00:00:00", "time": 5}])
    columns = Columns(properties=Fields(json="e.properties"), now=1_704_067_200 + 7 * 86_400)
    recent = 'datetime(properties["$last_seen"]) >= datetime(NOW - 604800)'
    assert rows.asked(database, compile_filter(recent, columns)) == [True]
    assert rows.asked(database, compile_filter('defined(event["$time"])', columns)) == [False]
    later = Columns(properties=Fields(json="e.properties"))
    assert rows.asked(database, compile_filter(recent, later)) == [False]
    assert rows.asked(database, compile_filter("NOW > 1704067200", later)) == [True]
    with pytest.raises(ExpressionSyntaxError, match="profile queries know"):
        compile_filter('has_prefix(properties["a"], "b")', columns)
    for text in ("NOW -604800", "NOW-604800"):
        with pytest.raises(ExpressionSyntaxError, match="expected"):
            compile_filter(text, columns)


def test_users_have_columns_of_their_own(database):
    known = rows.table(database, [{"plan": "pro"}])
    columns = Columns(
        properties=Fields(json='\'{"plan": "free"}\'::JSON'),
        user=Fields(json="e.properties", flat="f", known=known),
        event_name="e.event_name",
    )
    text = 'user["plan"] == "pro" and properties["plan"] == "free"'
    assert rows.asked(database, compile_filter(text, columns)) == [True]


@given(texts, texts)
def test_case_82_names_and_values_are_quoted_whatever_they_hold(database, name, value):
    assume(name not in OF_EVENTS)
    name, value = (text.encode(errors="replace").decode() for text in (name, value))
    known = rows.table(database, [{name: value}, {"other": value}])
    text = f"{property_expression(name)} == {quoted(value)}"
    for columns in rows.layouts(known):
        compiled = compile_filter(text, columns)
        assert rows.asked(database, compiled) == [True, False]
        assert "\n" not in compiled
        assert rows.asked(database, compile_value(property_expression(name), columns))[0] == value
