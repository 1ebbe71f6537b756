"""What an expression says of one event or profile: the three-valued rules of contract 13.2."""

from __future__ import annotations

import json
import math
import operator
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from mixpanel_data._internal.expressions import nodes
from mixpanel_data._internal.expressions.errors import filter_type_error, operand_type_error
from mixpanel_data._internal.expressions.functions import FUNCTIONS, system_field
from mixpanel_data._internal.expressions.nodes import Node
from mixpanel_data._internal.expressions.values import (
    UNDEFINED,
    Instant,
    UndefinedType,
    equal,
    instant,
    kind,
)

Scope = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Context:
    """The row that an expression is asked about: JSON values by name.

    `event` is the event's name, None for a profile; `user` holds the profile of the event's user.
    Profiles have their id in them, as `$distinct_id`.
    `zone` is that of dates written in `datetime("…")`, and `now` the Unix time that NOW stands for.
    """

    event: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    user: Mapping[str, Any] = field(default_factory=dict)
    behaviors: Mapping[str, Any] = field(default_factory=dict)
    zone: tzinfo = UTC
    now: float = field(default_factory=time.time)

    @classmethod
    def of_profile(cls, properties: Mapping[str, Any], **others: Any) -> Context:
        """A profile: `properties["x"]` and `user["x"]` mean the same."""
        return cls(properties=properties, user=properties, **others)

    def look_up(self, source: nodes.Source, name: str) -> object:
        """What an accessor gives; UNDEFINED where nothing was sent under that name."""
        if source == "user":
            return self.user.get(name, UNDEFINED)
        if source == "behaviors":
            return self.behaviors.get(name, UNDEFINED)
        if self.event is not None:
            return self._of_event(self.event, name)
        return UNDEFINED if source == "event" else self.properties.get(name, UNDEFINED)

    def _of_event(self, event: str, name: str) -> object:
        match system_field("event", name, of_event=True):
            case "time":
                return self._time()
            case "event_name":
                return event
            case "distinct_id":
                return self._distinct_id()
        return self.properties.get(name, UNDEFINED)

    def _distinct_id(self) -> object:
        """The user, always as text."""
        sent = self.properties.get("distinct_id", self.properties.get("$distinct_id"))
        if sent is None:
            return UNDEFINED
        return sent if isinstance(sent, str) else json.dumps(sent)

    def _time(self) -> object:
        """The event's time as a number of whole seconds, whichever unit it was exported in."""
        sent = self.properties.get("time", self.properties.get("$time", UNDEFINED))
        moment = instant(sent)
        return moment.seconds if isinstance(moment, Instant) else sent


def matches(node: Node, context: Context) -> bool:
    """Whether a row passes the filter: only `true` does; undefined, false and null do not."""
    value = evaluate(node, context)
    if value is True or value is False:
        return value
    if value is UNDEFINED or value is None:
        return False
    raise filter_type_error(node)(kind(value))


def evaluate(node: Node, context: Context) -> object:
    """The value: a JSON value, an `Instant`, or `UNDEFINED`."""
    return _value(node, context, {})


def _value(node: Node, context: Context, scope: Scope) -> object:
    return _RULES[type(node)](node, context, scope)


def _truths(
    operands: tuple[Node, ...], word: str, context: Context, scope: Scope
) -> Iterator[bool]:
    """Each operand's truth, left to right and only as far as asked; undefined counts as false."""
    for operand in operands:
        value = _value(operand, context, scope)
        if value is UNDEFINED:
            yield False
        elif isinstance(value, bool):
            yield value
        else:
            raise operand_type_error(word, operand)(kind(value))


def _and(node: nodes.And, context: Context, scope: Scope) -> object:
    return all(_truths(node.operands, "and", context, scope))


def _or(node: nodes.Or, context: Context, scope: Scope) -> object:
    return any(_truths(node.operands, "or", context, scope))


def _not(node: nodes.Not, context: Context, scope: Scope) -> object:
    return negation(_value(node.operand, context, scope))


def negation(value: object) -> bool | UndefinedType:
    """`not`: undefined becomes true; what is no boolean becomes undefined."""
    if value is UNDEFINED:
        return True
    return not value if isinstance(value, bool) else UNDEFINED


def _any_item(node: nodes.AnyItem, context: Context, scope: Scope) -> object:
    items = _value(node.items, context, scope)
    if not isinstance(items, (list, tuple)):
        return UNDEFINED
    condition = (node.condition,)
    return any(
        truth
        for item in items
        for truth in _truths(condition, "any", context, {**scope, node.variable: item})
    )


def _call(node: nodes.Call, context: Context, scope: Scope) -> object:
    values = [_value(argument, context, scope) for argument in node.arguments]
    if node.function == "datetime" and isinstance(node.arguments[0], nodes.String):
        # A date in the expression is meant in the project's zone; dates sent as data are UTC.
        return instant(values[0], context.zone)
    return FUNCTIONS[node.function].apply(*values)


def _compare(node: nodes.Compare, context: Context, scope: Scope) -> object:
    left = _value(node.left, context, scope)
    right = _value(node.right, context, scope)
    match node.operator:
        case "==":
            return equal(left, right)
        case "!=":
            return not equal(left, right)
        case "in":
            return membership(left, right)
        case "not in":
            return negation(membership(left, right))
    return ordering(node.operator, left, right)


_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def ordering(sign: nodes.Comparison, left: object, right: object) -> bool | UndefinedType:
    """Numbers compare as such; datetimes with all that `datetime()` reads; ISO strings as dates."""
    kinds = (kind(left), kind(right))
    if kinds != ("number", "number"):
        if kinds != ("string", "string") and "datetime" not in kinds:
            return UNDEFINED
        left, right = instant(left), instant(right)
        if left is UNDEFINED or right is UNDEFINED:
            return UNDEFINED
    return _ORDERINGS[sign](left, right)


def membership(item: object, container: object) -> bool | UndefinedType:
    """A text within a text, or a scalar among the items of a list; all else is undefined."""
    if isinstance(container, str):
        return item in container if isinstance(item, str) else UNDEFINED
    if isinstance(container, (list, tuple)) and kind(item) not in ("undefined", "list", "object"):
        return any(equal(item, other) for other in container)
    return UNDEFINED


def _arithmetic(node: nodes.Arithmetic, context: Context, scope: Scope) -> object:
    left = _value(node.left, context, scope)
    right = _value(node.right, context, scope)
    if node.operator == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    if kind(left) != "number" or kind(right) != "number":
        return UNDEFINED
    return calculate(node.operator, left, right)


_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": math.fmod,  # the sign is that of the dividend
}


def calculate(sign: nodes.Operation, left: Any, right: Any) -> float | UndefinedType:
    """In doubles; a division by zero, or past what a double holds, is undefined."""
    try:
        result = _OPERATIONS[sign](float(left), float(right))
        return result if math.isfinite(result) else UNDEFINED
    except (ZeroDivisionError, OverflowError, ValueError):
        return UNDEFINED


def _negate(node: nodes.Negate, context: Context, scope: Scope) -> object:
    value = _value(node.operand, context, scope)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return UNDEFINED
    return -value


_RULES: dict[type[Node], Callable[[Any, Context, Scope], object]] = {
    nodes.Number: lambda node, _context, _scope: node.value,
    nodes.String: lambda node, _context, _scope: node.value,
    nodes.Boolean: lambda node, _context, _scope: node.value,
    nodes.Null: lambda _node, _context, _scope: None,
    nodes.Undefined: lambda _node, _context, _scope: UNDEFINED,
    nodes.Now: lambda _node, context, _scope: math.floor(context.now),
    nodes.Property: lambda node, context, _scope: context.look_up(node.source, node.name),
    nodes.Variable: lambda node, _context, scope: scope[node.name],
    nodes.ListOf: lambda node, context, scope: [
        _value(item, context, scope) for item in node.items
    ],
    nodes.Call: _call,
    nodes.AnyItem: _any_item,
    nodes.Negate: _negate,
    nodes.Arithmetic: _arithmetic,
    nodes.Compare: _compare,
    nodes.Not: _not,
    nodes.And: _and,
    nodes.Or: _or,
}
