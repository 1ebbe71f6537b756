"""Every operator and function with operands of every type: SQL against the evaluator."""

from __future__ import annotations

import os

import pytest

from mixpanel_data._internal.expressions import evaluate, parse
from mixpanel_data._internal.expressions.compiler import (
    compile_condition,
    compile_labels,
    compile_number,
)
from mixpanel_data._internal.expressions.functions import labels
from mixpanel_data._internal.expressions.values import kind
from tests.library.expressions import rows

BIG = 2**53 + 1
ROWS = [
    {},
    {
        "text": "5",
        "whole": 5,
        "decimal": 5.0,
        "truth": True,
        "list": [1, "a", None],
        "object": {"k": 1},
        "nullable": None,
        "mixed": "5",
        "anything": None,
    },
    {
        "text": "a",
        "whole": -3,
        "decimal": -0.5,
        "truth": False,
        "list": ["a", 5, True],
        "object": {},
        "nullable": "a",
        "mixed": 5,
        "anything": [5.5, "a", [1], {"k": 1}],
    },
    {
        "text": "",
        "whole": 0,
        "decimal": 0.0,
        "list": [],
        "nullable": "true",
        "mixed": True,
        "anything": "a",
    },
    {"text": "2024-01-01T02:00:00+02:00", "whole": BIG, "decimal": 2.5, "anything": BIG},
    {"text": "2024-01-01", "whole": BIG - 1, "decimal": 1e308, "anything": 1e16},
    {"text": " 1e3 ", "whole": 1704067200, "decimal": 1e-7, "anything": {"k": 1}, "mixed": "a"},
    {"text": "true", "whole": 1704067200123, "decimal": -2.5, "anything": False},
    {"text": "null", "whole": 4294967296, "decimal": 1e21, "anything": -0.0, "list": [[1], {}]},
    {"text": "[1]", "whole": 2**63 - 1, "decimal": 3.25, "anything": "2024-01-01T00:00:01"},
]
PROPERTIES = [
    *(f'properties["{name}"]' for name in sorted({name for row in ROWS for name in row})),
    'properties["gone"]',
    'event["$time"]',
    'properties["$distinct_id"]',
    'user["$distinct_id"]',
]
CONSTANTS = [
    "5",
    "-0.5",
    str(BIG),
    '"5"',
    '"a"',
    "true",
    "false",
    "null",
    "undefined",
    '["a", "b"]',
    "[5, 2.5]",
    '[null, "5", true]',
    'datetime("2024-01-01")',
    'datetime(properties["text"])',
    '[datetime("2024-01-01"), "2024-01-01T00:00:01", 5]',
    'string(properties["list"], datetime(properties["anything"]))',
]
OPERANDS = [*PROPERTIES, *CONSTANTS]
SIGNS = ["==", "!=", "<", "<=", ">", ">=", "in", "not in", "+", "-", "*", "/", "%"]
CALLS = [
    "-{}",
    "not {}",
    "boolean({})",
    "ceil({})",
    "datetime({})",
    "string(datetime({}))",
    "defined({})",
    "floor({})",
    'has_prefix({}, "A")',
    "has_suffix({}, {})",
    "list({})",
    "number({})",
    "round({})",
    "string({})",
    'string({}, "none")',
    'string({}, properties["anything"])',
    'any(X, {}, X == "a")',
    'any(X, list({}), X == 5 or X == properties["text"])',
    'any(X, {}, any(Y, ["a", "b"], X == Y))',
    'not ({} == "a")',
    "not ({} > 1)",
    'not ({} in ["a", "b"])',
]


CONTEXTS = list(map(rows.context, ROWS))


@pytest.fixture(scope="module")
def asked():
    """Asks SQL of all rows: an answer per row for each of the expressions."""
    with rows.connect() as connection:
        known = rows.table(connection, ROWS)

        def ask(texts, columns):
            select = ", ".join(
                f"[{{'met': {compile_condition(f'({text}) == true', columns)}, "
                f"'labels': {compile_labels(text, columns)}, "
                f"'number': {compile_number(text, columns)}}}]"
                for text in texts
            )
            return zip(*rows.asked(connection, f"[{select}]"), strict=True)

        yield ask, list(rows.layouts(known))


def agrees(asked, texts):
    """SQL and the evaluator, in every layout."""
    ask, layouts = asked
    for columns in layouts:
        for text, answers in zip(texts, ask(texts, columns), strict=True):
            node = parse(text)
            for context, (answer,) in zip(CONTEXTS, answers, strict=True):
                value = evaluate(node, context)
                number = float(value) if kind(value) == "number" else None
                expected = {"met": value is True, "labels": sorted(labels(value)), "number": number}
                told = {"met": answer["met"] is True, "labels": sorted(answer["labels"])}
                assert {**answer, **told} == expected, (text, context)


@pytest.mark.parametrize("sign", SIGNS)
def test_an_operator_of_values_of_all_types(asked, sign):
    pairs = [f"{left} {sign} {right}" for left in OPERANDS for right in OPERANDS]
    every = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 4
    agrees(asked, pairs[SIGNS.index(sign) % every :: every])


@pytest.mark.parametrize("form", CALLS)
def test_a_function_of_values_of_all_types(asked, form):
    agrees(asked, [form.replace("{}", operand) for operand in OPERANDS])
