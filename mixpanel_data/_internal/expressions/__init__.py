"""Mixpanel's expression language: parse a `where` or an `on`, print it, evaluate it.

>>> node = parse('properties["plan"] == "pro" and properties["age"] > 30')
>>> matches(node, Context(event="Signup", properties={"plan": "pro", "age": 31}))
True
"""

from __future__ import annotations

from mixpanel_data._internal.expressions.errors import ExpressionSyntaxError, ExpressionTypeError
from mixpanel_data._internal.expressions.evaluator import Context, evaluate, matches
from mixpanel_data._internal.expressions.names import is_bare, property_expression
from mixpanel_data._internal.expressions.nodes import Node
from mixpanel_data._internal.expressions.parser import Dialect, parse
from mixpanel_data._internal.expressions.values import UNDEFINED, Instant

__all__ = [
    "UNDEFINED",
    "Context",
    "Dialect",
    "ExpressionSyntaxError",
    "ExpressionTypeError",
    "Instant",
    "Node",
    "evaluate",
    "is_bare",
    "matches",
    "parse",
    "property_expression",
]
