"""The SQL that expressions become, reviewed as text."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest
from inline_snapshot import snapshot

from mixpanel_data._internal.expressions import property_expression
from mixpanel_data._internal.expressions.compiler import (
    Columns,
    Fields,
    compile_condition,
    compile_filter,
    compile_labels,
    compile_number,
    compile_value,
)
from mixpanel_data._internal.storage.errors import statement_failed
from mixpanel_data.exceptions import InvalidArgumentError
from tests.library.expressions import rows


@pytest.fixture(scope="module")
def typed():
    """A row of a flat table, of which nothing but typed columns may be read."""
    known = rows.described(
        [
            {"plan": "pro", "amount": 1.5, "count": 1, "vip": True, "tags": ["a"], "id": "x"},
            {"id": 5, "coupon": None},
            {"coupon": "X"},
        ]
    )
    named = {name: replace(info, column=name) for name, info in known.items()}
    return Columns(
        properties=Fields(json="e.properties", flat="e", known=named),
        user=Fields(json="u.properties", flat="u", known=named),
        event_name="e.event_name",
        event_time="e.event_time",
    )


def test_conditions_on_typed_columns_are_plain(typed):
    compiled = [
        f"{text}\n    {compile_condition(text, typed)}\n"
        for text in [
            'properties["plan"] == "pro"',
            'properties["plan"] != "pro"',
            'properties["plan"] == user["plan"]',
            'not properties["plan"] in ["pro", "team"]',
            '"ell" in properties["plan"]',
            'has_prefix(properties["plan"], "Pr")',
            'properties["vip"] and (properties["amount"] > 10 or properties["count"] == 3)',
            'properties["count"] * 2 + 1 >= -5',
            'properties["amount"] / 100 < 0.5',
            'properties["amount"] * 1.2 < properties["count"]',
            'round(properties["amount"]) == 2',
            'defined(properties["plan"]) and not defined(properties["coupon"])',
            'properties["id"] == "abc"',
            '"new" in properties["tags"]',
            'any(X, properties["tags"], X == "new")',
            'event["$time"] >= datetime("2024-07-01") and event["$time"] < datetime("2024-08-01")',
            'properties["typo"] == "a" or event["$event_name"] == "Purchase"',
        ]
    ]
    assert "".join(compiled) == snapshot("""\
properties["plan"] == "pro"
    "e"."plan" = 'pro'
properties["plan"] != "pro"
    "e"."plan" IS DISTINCT FROM 'pro'
properties["plan"] == user["plan"]
    "e"."plan" IS NOT DISTINCT FROM "u"."plan"
not properties["plan"] in ["pro", "team"]
    ("e"."plan" IN ('pro', 'team')) IS NOT TRUE
"ell" in properties["plan"]
    contains("e"."plan", 'ell')
has_prefix(properties["plan"], "Pr")
    starts_with(lower("e"."plan"), 'pr')
properties["vip"] and (properties["amount"] > 10 or properties["count"] == 3)
    "e"."vip" AND ("e"."amount" > 10 OR "e"."count" = 3)
properties["count"] * 2 + 1 >= -5
    CAST("e"."count" AS DOUBLE) * 2 + 1 >= -5
properties["amount"] / 100 < 0.5
    "e"."amount" / 100 < 0.5
properties["amount"] * 1.2 < properties["count"]
    CASE WHEN isfinite("e"."amount" * 1.2) THEN "e"."amount" * 1.2 END < "e"."count"
round(properties["amount"]) == 2
    round("e"."amount") = 2
defined(properties["plan"]) and not defined(properties["coupon"])
    "e"."plan" IS NOT NULL AND "e"."coupon" IS NULL
properties["id"] == "abc"
    "e"."id" = 'abc'
"new" in properties["tags"]
    list_contains(json_extract_string("e"."tags", '$[*]'), 'new')
any(X, properties["tags"], X == "new")
    len(list_filter(json_extract("e"."tags", '$[*]'), lambda x1: json_extract_string(x1, '$') = 'new')) > 0
event["$time"] >= datetime("2024-07-01") and event["$time"] < datetime("2024-08-01")
    e.event_time >= TIMESTAMP '2024-07-01 00:00:00' AND e.event_time < TIMESTAMP '2024-08-01 00:00:00'
properties["typo"] == "a" or event["$event_name"] == "Purchase"
    e.event_name = 'Purchase'
""")


def test_labels_and_numbers_of_typed_columns_are_plain(typed):
    names = ["plan", "amount", "count", "vip", "id", "coupon", "gone"]
    accessors = {name: property_expression(name) for name in names}
    labelled = {name: compile_labels(text, typed) for name, text in accessors.items()}
    assert labelled == snapshot(
        {
            "plan": '[coalesce("e"."plan", \'undefined\')]',
            "amount": "[coalesce(regexp_replace(CAST(\"e\".\"amount\" AS VARCHAR), '^-(0)\\.0$|\\.0$', '\\1'), 'undefined')]",
            "count": '[coalesce(CAST("e"."count" AS VARCHAR), \'undefined\')]',
            "vip": '[coalesce(CAST("e"."vip" AS VARCHAR), \'undefined\')]',
            "id": '[coalesce("e"."id", \'undefined\')]',
            "coupon": "[CASE WHEN json_type(e.properties, '/coupon') = 'NULL' THEN 'null' ELSE coalesce(\"e\".\"coupon\", 'undefined') END]",
            "gone": "['undefined']",
        }
    )
    assert compile_value(accessors["plan"], typed) == snapshot(
        'coalesce("e"."plan", \'undefined\')'
    )
    numbers = {name: compile_number(accessors[name], typed) for name in ("amount", "count", "plan")}
    assert numbers == snapshot(
        {
            "amount": '"e"."amount"',
            "count": 'CAST("e"."count" AS DOUBLE)',
            "plan": "CAST(NULL AS DOUBLE)",
        }
    )


def test_without_typed_columns_all_comes_from_the_json():
    columns = Columns(properties=Fields(json="e.properties"), event_name="e.event_name")
    assert compile_filter('properties["plan"] == "pro"', columns) == snapshot(
        "json_extract_string(e.properties, '/plan') IS NOT DISTINCT FROM 'pro'"
    )
    assert compile_filter('properties["a/b~c"] > 10', columns) == snapshot(
        "(TRY_CAST(CAST(json_extract(e.properties, '/a~1b~0c') AS VARCHAR) AS DOUBLE) > 10) IS TRUE"
    )
    assert compile_labels('properties["plan"]', columns) == snapshot(
        "CASE WHEN json_array_length(e.properties, '/plan') > 0 THEN list_distinct(list_transform(json_extract(json_extract(e.properties, '/plan'), '$[*]'), lambda x1: CASE WHEN json_type(x1) = 'NULL' THEN 'null' WHEN json_type(x1) = 'DOUBLE' THEN regexp_replace(CAST(CAST(json_extract_string(x1, '$') AS DOUBLE) AS VARCHAR), '^-(0)\\.0$|\\.0$', '\\1') ELSE json_extract_string(x1, '$') END)) WHEN json_type(e.properties, '/plan') = 'ARRAY' THEN ['undefined'] ELSE [CASE WHEN json_type(e.properties, '/plan') = 'NULL' THEN 'null' WHEN json_type(e.properties, '/plan') = 'DOUBLE' THEN regexp_replace(CAST(CAST(json_extract_string(e.properties, '/plan') AS DOUBLE) AS VARCHAR), '^-(0)\\.0$|\\.0$', '\\1') ELSE coalesce(json_extract_string(e.properties, '/plan'), 'undefined') END] END"
    )


def test_what_an_expression_can_not_read_is_said_where_it_stands():
    columns = Columns(properties=Fields(json="properties"), event_name="event_name")
    for text, message in {
        'true or user["plan"] == "pro"': snapshot("""\
the profiles of the events' users are not given: user["plan"]
  true or user["plan"] == "pro"
          ^
fetch profiles, and name their table\
"""),
        'behaviors["b1"] > 0': snapshot("""\
behaviors are only known to Mixpanel's profile queries: behaviors["b1"]
ask the events themselves\
"""),
    }.items():
        with pytest.raises(InvalidArgumentError) as caught:
            compile_filter(text, columns)
        assert f"{caught.value.message}\n{caught.value.hint}" == message
    select = compile_filter('properties["a"] == 1 or properties["n"]', columns)
    with pytest.raises(duckdb.InvalidInputException) as failed:
        duckdb.execute(f'SELECT {select} FROM (SELECT \'{{"n": "x"}}\'::JSON AS properties)')
    error = statement_failed(failed.value)
    assert f"{error.message}\n{error.hint}" == snapshot("""\
'or' takes true or false, not a string: properties["n"]
  properties["a"] == 1 or properties["n"]
                          ^
compare it, or write boolean(properties["n"])\
""")
