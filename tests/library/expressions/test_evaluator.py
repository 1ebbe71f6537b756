from __future__ import annotations

from datetime import timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixpanel_data._internal.expressions import (
    UNDEFINED,
    Context,
    ExpressionTypeError,
    Instant,
    evaluate,
    matches,
    nodes,
    parse,
)
from mixpanel_data._internal.expressions.parser import MAX_DEPTH
from tests.library.expressions import reference
from tests.library.expressions.strategies import dates, expressions, numbers, scalars, values

some = settings(max_examples=100, deadline=None)
LEFT, RIGHT = nodes.Property("properties", "left"), nodes.Property("properties", "right")


def value(text, *, dialect="event", event="Purchase", **properties):
    return evaluate(parse(text, dialect), Context(event=event, properties=properties))


def between(node, left, right):
    sent = {"left": left, "right": right}
    present = {name: item for name, item in sent.items() if item is not UNDEFINED}
    return evaluate(node, Context(event="e", properties=present))


@some
@given(st.sampled_from("+-*/%"), scalars | numbers, scalars | numbers)
def test_arithmetic_follows_the_table(sign, left, right):
    result = between(nodes.Arithmetic(sign, LEFT, RIGHT), left, right)
    expected = reference.arithmetic(sign, left, right)
    if isinstance(expected, Fraction):
        expected = expected if isinstance(result, int) else float(expected)
    assert result == expected


@some
@given(values | dates, values | dates)
def test_equality_follows_the_table_and_inequality_is_its_exact_negation(left, right):
    expected = reference.equality(left, right)
    assert between(nodes.Compare("==", LEFT, RIGHT), left, right) is expected
    assert between(nodes.Compare("!=", LEFT, RIGHT), left, right) is (not expected)


@some
@given(st.sampled_from(["<", "<=", ">", ">="]), values | numbers | dates, values | numbers | dates)
def test_ordering_follows_the_table(sign, left, right):
    expected = reference.order(sign, left, right)
    assert between(nodes.Compare(sign, LEFT, RIGHT), left, right) is expected


@some
@given(values, values)
def test_membership_follows_the_table_and_not_in_counts_undefined_as_false(left, right):
    expected = reference.contained(left, right)
    assert between(nodes.Compare("in", LEFT, RIGHT), left, right) is expected
    negated = between(nodes.Compare("not in", LEFT, RIGHT), left, right)
    assert negated is (expected is not True)


@some
@given(st.sampled_from([nodes.And, nodes.Or]), values, values)
def test_logic_follows_the_table(form, left, right):
    expected = (reference.conjunction if form is nodes.And else reference.disjunction)(left, right)
    node = form((LEFT, RIGHT))
    if expected is None:
        with pytest.raises(ExpressionTypeError):
            between(node, left, right)
    else:
        assert between(node, left, right) is expected


@some
@given(expressions(), st.dictionaries(st.sampled_from(["a", "b"]), values.filter(bool)))
def test_any_expression_of_any_row_gives_a_value_or_a_type_error(node, properties):
    result = None
    try:
        result = evaluate(node, Context(event="e", properties=properties, user=properties))
    except ExpressionTypeError as error:
        result = str(error)
    assert isinstance(result, (str, bool, int, float, list, Instant, type(UNDEFINED), type(None)))


def test_a_missing_property_is_undefined_and_one_sent_as_null_is_null():
    assert value('properties["gone"]', other=1) is UNDEFINED
    assert value('properties["x"]', x=None) is None
    assert value('properties["x"] == null', x=None) is True
    assert value('properties["gone"] == null') is False
    assert value('properties["gone"] == undefined') is True
    assert value('properties["x"] == undefined', x=None) is False


def test_property_names_are_case_sensitive():
    assert value('properties["Plan"]', plan="pro") is UNDEFINED


def test_booleans_never_equal_numbers():
    assert value("true == 1") is False
    assert value('properties["n"] in [true, "1"]', n=1) is False
    assert value("true + 1") is UNDEFINED
    assert value("-true") is UNDEFINED
    assert value("true < 2") is UNDEFINED


def test_integers_compare_exactly_beyond_what_a_double_holds_but_are_calculated_in_doubles():
    assert value('properties["id"] == 9007199254740993', id=2**53 + 1) is True
    assert value('properties["id"] == 9007199254740992', id=2**53 + 1) is False
    assert value('properties["id"] + 0', id=2**53 + 1) == 2**53
    assert value('floor(properties["id"])', id=2**53 + 1) == 2**53 + 1


def test_what_overflows_is_undefined():
    assert value('properties["n"] * 10', n=1e308) is UNDEFINED
    assert value('properties["n"] + 0.5', n=10**400) is UNDEFINED
    assert value('properties["n"] * properties["n"]', n=10**300) is UNDEFINED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 / 2", 2.5),
        ("6 / 3", 2),
        ("0 / 0", UNDEFINED),
        ("5 % 0", UNDEFINED),
        ("5 % -3", 2),
        ("-5 % -3", -2),
        ("5.5 % 2", 1.5),
        ("-5.5 % 2", -1.5),
        ("1 - -1", 2),
        ("--5", 5),
        ('-"5"', UNDEFINED),
        ("-null", UNDEFINED),
        ('"a" - "a"', UNDEFINED),
        ("[1] + [2]", UNDEFINED),
        ("floor(-1.5)", -2),
        ("ceil(-1.5)", -1),
        ("round(0.5)", 1),
        ("round(-0.5)", -1),
        ("round(2.5)", 3),
        ("round(2.4)", 2),
        ("round(0.49999999999999994)", 0),
        ("floor(7)", 7),
        ('floor("1.5")', UNDEFINED),
        ("round(true)", UNDEFINED),
    ],
)
def test_numbers(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("string(5)", "5"),
        ("string(5.0)", "5"),
        ("string(-2.50)", "-2.5"),
        ("string(0.0000001)", "1e-07"),
        ("string(1e21)", "1e+21"),
        ("string(-0.0)", "0"),
        ("string(true)", "true"),
        ("string(null)", None),
        ("string(undefined)", UNDEFINED),
        ("string([1])", UNDEFINED),
        ('string(undefined, "none")', "none"),
        ('string(null, "none")', "none"),
        ('string([1], "none")', "none"),
        ('string("x", "none")', "x"),
        ('string(datetime("2024-01-02"))', "2024-01-02T00:00:00"),
        ('number("5")', 5),
        ('number(" -1.5e2 ")', -150.0),
        ('number(".5")', 0.5),
        ('number("1,5")', UNDEFINED),
        ('number("1_000")', UNDEFINED),
        ('number("inf")', UNDEFINED),
        ('number("1e999")', UNDEFINED),
        ('number("")', UNDEFINED),
        ("number(true)", 1.0),
        ("number(false)", 0.0),
        ("number(null)", UNDEFINED),
        ("number(undefined)", UNDEFINED),
        ("number([1])", UNDEFINED),
        ("number(datetime(1618716477))", 1618716477),
        ("boolean(null)", False),
        ("boolean(undefined)", False),
        ("boolean(0.0)", False),
        ('boolean("0")', True),
        ("boolean([])", True),
        ("boolean(-1)", True),
        ("boolean(true)", True),
        ("defined(0)", True),
        ('defined("")', True),
        ("defined(undefined)", False),
        ("defined(null)", False),
        ("list([1, 2])", [1, 2]),
        ('list("a")', ["a"]),
        ("list(undefined)", UNDEFINED),
        ("list(null)", UNDEFINED),
        ('has_prefix("Hello", "HE")', True),
        ('has_prefix("Hello", "lo")', False),
        ('has_suffix("Hello", "LO")', True),
        ("has_suffix(undefined, 'a')", UNDEFINED),
        ("has_prefix('a', 1)", UNDEFINED),
    ],
)
def test_functions(text, expected):
    result = value(text)
    assert result == expected
    assert type(result) is type(expected) or isinstance(expected, (int, float))


def test_a_string_of_digits_is_a_double():
    assert value("number(properties['n'])", n="12345678901234567890") == 12345678901234567168
    assert value("number(properties['n'])", n="1" * 5000) is UNDEFINED
    assert value("number(properties['n'])", n="0" * 5000 + "7") == 7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"" in "abc"', True),
        ('"ABC" in "abc"', False),
        ('1 in "123"', UNDEFINED),
        ('"1" in 123', UNDEFINED),
        ('"a" in undefined', UNDEFINED),
        ("undefined in [1]", UNDEFINED),
        ("null in [1, null]", True),
        ("[1] in [[1]]", UNDEFINED),
        ("1 in []", False),
        ("1 in [1.0]", True),
        ("not 3 in [1, 2]", True),
        ("3 not in [1, 2]", True),
        ('undefined not in ["a"]', True),
    ],
)
def test_membership(text, expected):
    assert value(text) is expected


def test_a_text_is_found_in_a_list_property():
    assert value('"new" in properties["tags"]', tags=["new", "sale"]) is True
    assert value('"ne" in properties["tags"]', tags=["new", "sale"]) is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('any(X, properties["tags"], X == "b")', True),
        ('any(X, properties["tags"], X = "c")', False),
        ('any(X, properties["tags"], X > 1)', False),
        ('any(X, properties["plan"], X == "pro")', UNDEFINED),
        ('any(X, properties["gone"], X == 1)', UNDEFINED),
        ('any(X, list(properties["plan"]), X == "pro")', True),
        ("any(X, [], true)", False),
        ("any(X, [1, 2], any(Y, [2, 3], X == Y))", True),
        ("any(X, [1], any(X, [2], X == 2) and X == 1)", True),
    ],
)
def test_any_asks_each_item(text, expected):
    assert value(text, tags=["a", "b"], plan="pro") is expected


def test_the_condition_of_any_must_be_a_truth():
    with pytest.raises(ExpressionTypeError, match="'any' takes true or false, not a number: X"):
        value("any(X, [1], X)")


def test_a_number_for_a_date_is_seconds_up_to_the_limit_and_milliseconds_above():
    assert value("datetime(1)") == Instant(1)
    assert value("datetime(4294967295)") == Instant(4294967295)
    assert value("datetime(4294967296)") == Instant(4294967)
    assert value("datetime(1618716477.9)") == Instant(1618716477)
    assert value("datetime(1618716477123)") == Instant(1618716477)


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-1",
        "0.5",
        "1e300",
        "true",
        "null",
        "undefined",
        "[1]",
        '"soon"',
        '"2024-02-30"',
        '"2024-01-01T25:00:00"',
        '"1618716477"',
    ],
)
def test_what_is_no_date_is_undefined(text):
    assert value(f"datetime({text})") is UNDEFINED


def test_a_date_in_the_expression_is_in_the_zone_and_a_date_in_the_data_is_utc():
    berlin = Context(
        event="e", properties={"at": "2024-07-01T00:00:00"}, zone=ZoneInfo("Europe/Berlin")
    )
    utc = 1719792000
    assert evaluate(parse('datetime("2024-07-01")'), berlin) == Instant(utc - 7200)
    assert evaluate(parse('datetime("2024-01-15")'), berlin) == Instant(1705276800 - 3600)
    assert evaluate(parse('datetime("2024-07-01T02:00:00")'), berlin) == Instant(utc)
    assert evaluate(parse('datetime("2024-07-01T00:00:00Z")'), berlin) == Instant(utc)
    assert evaluate(parse('datetime("2024-07-01T01:00:00+01:00")'), berlin) == Instant(utc)
    assert evaluate(parse('datetime(properties["at"])'), berlin) == Instant(utc)
    assert evaluate(parse('datetime("2024-07-01")'), Context()) == Instant(utc)


def test_datetimes_compare_in_whole_seconds():
    assert value('datetime("2024-01-01T00:00:00.9") == datetime("2024-01-01")') is True
    assert value('datetime("2024-01-01") < datetime("2024-01-02")') is True
    assert value("datetime(1) + 1") is UNDEFINED


EARLY = [1704067200, 1704067200123, "2024-01-01", "2024-01-01T01:00:00+01:00"]
NEVER = ["soon", "", True, None, 0, ["2024-01-01"], {"at": "2024-01-01"}, UNDEFINED]


@pytest.mark.parametrize("at", [*EARLY, *NEVER])
def test_a_datetime_equals_what_it_is_ordered_with(at):
    row = {} if at is UNDEFINED else {"at": at}
    is_it = at in EARLY
    date, other = 'datetime("2024-01-01")', 'properties["at"]'
    for left, right in ((date, other), (other, date)):
        assert value(f"{left} == {right}", **row) is is_it
        assert value(f"{left} != {right}", **row) is not is_it
        assert value(f"{left} <= {right}", **row) is (True if is_it else UNDEFINED)
        assert value(f"[{left}] == [{right}]", **row) is is_it
    assert value(f"{date} in [1, {other}]", **row) is is_it
    if not isinstance(at, (list, dict)) and at is not UNDEFINED:
        assert value(f"{other} in [1, {date}]", **row) is is_it
        assert value(f"{date} in properties['all']", all=[1, at]) is is_it


def test_a_datetime_is_ordered_with_whatever_datetime_reads():
    assert (
        value(
            'properties["$last_seen"] >= datetime("2024-01-01")',
            **{"$last_seen": "2024-02-01T10:00:00"},
        )
        is True
    )
    assert value('datetime("2024-01-01") <= 1704067200') is True
    assert value('datetime("2024-01-01") <= "soon"') is UNDEFINED
    assert value('datetime("2024-01-01") <= true') is UNDEFINED


def test_texts_are_ordered_only_when_both_look_like_dates():
    seen = {"$last_seen": "2021-01-01T00:00:00"}
    assert value('properties["$last_seen"] >= "2021-01-01T00:00:00"', **seen) is True
    assert value('properties["$last_seen"] < "2021-01-01 00:00:01"', **seen) is True
    assert value('properties["$last_seen"] < "b"', **seen) is UNDEFINED
    assert value('"a" < "b"') is UNDEFINED


@pytest.mark.parametrize(
    "accessor", ['properties["$time"]', 'properties["time"]', 'event["$time"]']
)
@pytest.mark.parametrize("sent", [1618716477, 1618716477123])
def test_the_event_time_is_seconds_under_all_its_names(accessor, sent):
    assert value(accessor, time=sent) == 1618716477
    assert value(f"{accessor} >= datetime(1618716477)", time=sent) is True
    assert value(f"{accessor} < datetime(1618716477)", time=sent) is False


def test_the_event_name_is_a_system_field():
    assert value('event["$event_name"]', event="Sign up") == "Sign up"
    assert value('event["$insert_id"]', **{"$insert_id": "i1"}) == "i1"


@pytest.mark.parametrize("name", ["distinct_id", "$distinct_id"])
@pytest.mark.parametrize("source", ["properties", "event"])
def test_the_user_is_a_system_field_and_always_a_text(source, name):
    accessor = f'{source}["{name}"]'
    assert value(accessor, distinct_id="u1") == "u1"
    assert value(accessor, distinct_id=17) == "17"
    assert value(accessor, distinct_id="u1", **{"$distinct_id": "u2"}) == "u1"
    assert value(accessor, **{"$distinct_id": "u2"}) == "u2"
    assert value(accessor, distinct_id="") == ""
    assert value(accessor, distinct_id=None) is UNDEFINED
    assert value(accessor) is UNDEFINED


def test_a_profile_has_no_event():
    profile = Context.of_profile({"time": 5_000_000_000, "plan": "pro"})
    assert evaluate(parse('properties["time"]', "profile"), profile) == 5_000_000_000
    assert evaluate(parse('event["plan"]', "profile"), profile) is UNDEFINED
    assert matches(parse('user["plan"] == properties["plan"]', "profile"), profile)


def test_users_and_behaviors_have_their_own_values():
    context = Context(
        event="e", properties={"plan": "free"}, user={"plan": "pro"}, behaviors={"b1": 3}
    )
    assert matches(parse('user["plan"] == "pro" and properties["plan"] == "free"'), context)
    assert matches(parse('(behaviors["b1"] > 0) and not behaviors["b2"] > 0'), context)


def test_now_is_the_time_of_the_context_in_whole_seconds():
    now = parse("NOW", "profile")
    assert evaluate(now, Context(now=1_700_000_000.9)) == 1_700_000_000
    assert evaluate(now, Context()) > 1_700_000_000


def test_logic_stops_at_the_first_operand_that_decides():
    assert value("false and 1") is False
    assert value("true or 1") is True
    assert value("undefined and 1") is False
    with pytest.raises(ExpressionTypeError):
        value("1 and false")


def test_undefined_counts_as_false_and_null_is_an_error():
    assert value("undefined or undefined") is False
    assert value("not undefined") is True
    assert value("not null") is UNDEFINED
    assert value("not 1") is UNDEFINED
    with pytest.raises(ExpressionTypeError, match="'or' takes true or false, not null"):
        value("null or true")


def test_only_true_passes_a_filter():
    row = Context(event="e", properties={"n": 1, "t": True, "f": False, "nil": None})
    assert matches(parse('properties["t"]'), row)
    for text in ('properties["f"]', 'properties["nil"]', 'properties["gone"]'):
        assert not matches(parse(text), row)
    with pytest.raises(ExpressionTypeError, match="a filter must give true or false, not a number"):
        matches(parse('properties["n"]'), row)


def test_objects_are_compared_by_what_they_hold():
    row = Context(
        event="e",
        properties={"a": {"x": [1, {"y": 2}]}, "b": {"x": [1.0, {"y": 2}]}, "c": {"x": [True]}},
    )
    assert matches(parse('properties["a"] == properties["b"]'), row)
    assert matches(parse('properties["a"] != properties["c"]'), row)
    assert matches(parse('not properties["a"] in [1]'), row)
    with pytest.raises(ExpressionTypeError, match="not an object"):
        matches(parse('properties["a"]'), row)


def test_an_instant_prints_in_utc_whatever_the_zone():
    zone = timezone(timedelta(hours=-5))
    context = Context(event="e", zone=zone)
    assert evaluate(parse('string(datetime("2024-01-01"))'), context) == "2024-01-01T05:00:00"
    assert evaluate(parse('string(datetime("1000-01-01"))'), Context()) == "1000-01-01T00:00:00"


def test_a_moment_outside_the_years_1_to_9999_is_undefined():
    assert value('datetime("0001-01-01T00:00:00+01:00")') is UNDEFINED
    assert value('datetime("9999-12-31T23:59:59-01:00")') is UNDEFINED
    assert value("string(datetime(253402300799999))") == "9999-12-31T23:59:59"
    assert value("datetime(253402300800000)") is UNDEFINED


def test_the_deepest_tree_that_parses_can_be_evaluated_printed_and_compared():
    deep = MAX_DEPTH - 2
    for text in (
        "not " * deep + "true",
        "true and (" * deep + "true" + ")" * deep,
        "any(X, [1], " * deep + "true" + ")" * deep,
        "string(" * deep + '"a"' + ")" * deep,
        "[" * deep + "1" + "]" * deep,
    ):
        node = parse(text)
        assert parse(str(node)) == node
        assert hash(node) == hash(parse(text))
        assert repr(node)
        evaluate(node, Context())
