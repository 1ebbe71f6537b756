"""Mixpanel's expression language: parse a `where` or an `on`, print it, evaluate it.

>>> from mixpanel_data._internal.expressions import Context, matches, parse
>>> node = parse('properties["plan"] == "pro" and properties["age"] > 30')
>>> matches(node, Context(event="Signup", properties={"plan": "pro", "age": 31}))
True

Names are loaded when first used: who only wraps a property's name pays for nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mixpanel_data._internal.expressions.errors import (
        ExpressionSyntaxError,
        ExpressionTypeError,
        may_raise,
    )
    from mixpanel_data._internal.expressions.evaluator import Context, evaluate, matches
    from mixpanel_data._internal.expressions.functions import (
        property_expression,
        quoted,
        system_field,
    )
    from mixpanel_data._internal.expressions.nodes import Node
    from mixpanel_data._internal.expressions.parser import Dialect, parse
    from mixpanel_data._internal.expressions.values import UNDEFINED, Instant
    from mixpanel_data._internal.expressions.written import (
        as_expression,
        event_properties,
        event_property,
        is_bare,
    )

__all__ = [
    "UNDEFINED",
    "Context",
    "Dialect",
    "ExpressionSyntaxError",
    "ExpressionTypeError",
    "Instant",
    "Node",
    "as_expression",
    "evaluate",
    "event_properties",
    "event_property",
    "is_bare",
    "matches",
    "may_raise",
    "parse",
    "property_expression",
    "quoted",
    "system_field",
]

_HOMES = {
    "UNDEFINED": "values",
    "Context": "evaluator",
    "Dialect": "parser",
    "ExpressionSyntaxError": "errors",
    "ExpressionTypeError": "errors",
    "Instant": "values",
    "Node": "nodes",
    "evaluate": "evaluator",
    "as_expression": "written",
    "event_properties": "written",
    "event_property": "written",
    "is_bare": "written",
    "matches": "evaluator",
    "may_raise": "errors",
    "parse": "parser",
    "property_expression": "functions",
    "quoted": "functions",
    "system_field": "functions",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
