r"""Builders of Mixpanel's expressions: names and values are escaped, whatever they hold.

>>> print((properties["plan"] == 'the "pro"') & ~user["$city"].is_defined())
properties["plan"] == "the \"pro\"" and not defined(user["$city"])

Put parentheses around comparisons: in Python, `&` and `|` bind tighter.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from numbers import Integral, Real
from typing import NoReturn, TypeAlias

from mixpanel_data._internal.expressions import as_expression, nodes
from mixpanel_data._internal.expressions.parser import MAX_DIGITS
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries import Expression, Written

__all__ = [
    "Accessor",
    "Expr",
    "Expression",
    "Value",
    "all_of",
    "behaviors",
    "event",
    "now",
    "properties",
    "undefined",
    "user",
]

Scalar = str | float | bool | dt.date | None
Value: TypeAlias = "Expr | Scalar | Iterable[Value]"
"""What may stand beside an operator; None is null, a date without a zone is in the project's."""

_FIRST_YEAR = 1000
_MAX_SECONDS = 4_294_967_295
"""`datetime()` takes larger numbers for milliseconds."""

_depth: ContextVar[int] = ContextVar("depth", default=0)


class Expr(Written):
    """An expression being built; `str()` is its text.

    `==` builds, so that an expression is neither true nor false and can't be hashed.
    """

    __slots__ = ("node",)

    def __init__(self, node: nodes.Node) -> None:
        self.node = node

    def __str__(self) -> str:
        return str(self.node)

    def __repr__(self) -> str:
        return f"<Expr {self}>"

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self} is an expression, neither true nor false: combine with & | ~ instead of "
            "and or not, and write (a < b) & (b < c) for a < b < c"
        )

    def __contains__(self, _item: object) -> NoReturn:
        raise TypeError('write properties["x"].contains(item) instead of: item in properties["x"]')

    __hash__ = None  # type: ignore[assignment]  # equality builds an expression
    __iter__ = None

    def __eq__(self, other: Value) -> Expr:  # type: ignore[override]
        return self._compared("==", other)

    def __ne__(self, other: Value) -> Expr:  # type: ignore[override]
        return self._compared("!=", other)

    def __lt__(self, other: Value) -> Expr:
        return self._compared("<", other)

    def __le__(self, other: Value) -> Expr:
        return self._compared("<=", other)

    def __gt__(self, other: Value) -> Expr:
        return self._compared(">", other)

    def __ge__(self, other: Value) -> Expr:
        return self._compared(">=", other)

    def __add__(self, other: Value) -> Expr:
        return _arithmetic("+", self, other)

    def __radd__(self, other: Value) -> Expr:
        return _arithmetic("+", other, self)

    def __sub__(self, other: Value) -> Expr:
        return _arithmetic("-", self, other)

    def __rsub__(self, other: Value) -> Expr:
        return _arithmetic("-", other, self)

    def __mul__(self, other: Value) -> Expr:
        return _arithmetic("*", self, other)

    def __rmul__(self, other: Value) -> Expr:
        return _arithmetic("*", other, self)

    def __truediv__(self, other: Value) -> Expr:
        return _arithmetic("/", self, other)

    def __rtruediv__(self, other: Value) -> Expr:
        return _arithmetic("/", other, self)

    def __mod__(self, other: Value) -> Expr:
        return _arithmetic("%", self, other)

    def __neg__(self) -> Expr:
        return Expr(nodes.Negate(self.node))

    def __invert__(self) -> Expr:
        return Expr(nodes.Not(self.node))

    def __and__(self, other: Expr) -> Expr:
        return Expr(nodes.And(_operands(nodes.And, self, other)))

    def __or__(self, other: Expr) -> Expr:
        return Expr(nodes.Or(_operands(nodes.Or, self, other)))

    def __rand__(self, other: object) -> NoReturn:
        _operands(nodes.And, other, self)
        raise AssertionError

    def __ror__(self, other: object) -> NoReturn:
        _operands(nodes.Or, other, self)
        raise AssertionError

    def is_in(self, values: Expr | Iterable[Value]) -> Expr:
        """Whether it is one of these values, or part of a text or list property."""
        return self._compared("in", _several(values))

    def not_in(self, values: Expr | Iterable[Value]) -> Expr:
        """The opposite of `is_in`: true of a missing property."""
        return self._compared("not in", _several(values))

    def contains(self, item: Value) -> Expr:
        """Whether a text has this part (case matters), or a list this item."""
        return Expr(nodes.Compare("in", _node(item), self.node))

    def has_prefix(self, text: Value) -> Expr:
        """Whether a text begins so, ignoring case."""
        return self._called("has_prefix", text)

    def has_suffix(self, text: Value) -> Expr:
        """Whether a text ends so, ignoring case."""
        return self._called("has_suffix", text)

    def is_defined(self) -> Expr:
        """Whether there is a value; a null is none."""
        return self._called("defined")

    def number(self) -> Expr:
        """The number in a text; 1 and 0 for true and false."""
        return self._called("number")

    def string(self, *default: Value) -> Expr:
        """The text of a number or boolean; the default where there is no text."""
        return self._called("string", *default)

    def boolean(self) -> Expr:
        """False for what is false, "false", 0, empty or missing, else true."""
        return self._called("boolean")

    def datetime(self) -> Expr:
        """The point in time of an ISO date or of seconds."""
        return self._called("datetime")

    def list(self) -> Expr:
        """A list as it is, another value as a list of one."""
        return self._called("list")

    def floor(self) -> Expr:
        """The whole number below."""
        return self._called("floor")

    def ceil(self) -> Expr:
        """The whole number above."""
        return self._called("ceil")

    def round(self) -> Expr:
        """The nearest whole number, halves away from zero."""
        return self._called("round")

    def any(self, condition: Callable[[Expr], Expr]) -> Expr:
        """Whether the condition holds for an item of the list.

        >>> print(properties["tags"].any(lambda tag: tag.has_prefix("new")))
        any(X, properties["tags"], has_prefix(X, "new"))
        """
        depth = _depth.get()
        variable = f"X{depth + 1}" if depth else "X"
        token = _depth.set(depth + 1)
        try:
            holds = condition(Expr(nodes.Variable(variable)))
        finally:
            _depth.reset(token)
        return Expr(nodes.AnyItem(variable, self.node, _node(holds)))

    def _compared(self, operator: nodes.Comparison, other: Value) -> Expr:
        return Expr(nodes.Compare(operator, self.node, _node(other)))

    def _called(self, function: str, *arguments: Value) -> Expr:
        return Expr(nodes.Call(function, (self.node, *map(_node, arguments))))


def all_of(conditions: Iterable[Expression]) -> str:
    """Join conditions, as text or built, with `and`.

    Raises InvalidArgumentError where one of them alone can't be meant, such as an open bracket.

    >>> all_of(["user.plan", 'properties["a"] == 1 or properties["b"] == 2'])
    '(user["plan"]) and (properties["a"] == 1 or properties["b"] == 2)'
    """
    return " and ".join(f"({as_expression(str(condition))})" for condition in conditions)


class Accessor:
    """Gives properties by their names, whatever is in them."""

    def __init__(self, source: nodes.Source) -> None:
        self._source = source

    def __getitem__(self, name: str) -> Expr:
        if not isinstance(name, str):
            raise TypeError(f"the name of a property is text, not {name!r}")
        return Expr(nodes.Property(self._source, name))

    def __repr__(self) -> str:
        return f"<{self._source} of an expression>"

    __iter__ = None


properties = Accessor("properties")
user = Accessor("user")
event = Accessor("event")
behaviors = Accessor("behaviors")
now = Expr(nodes.Now())
undefined = Expr(nodes.Undefined())


def _node(value: Value) -> nodes.Node:  # noqa: PLR0911 - one for each type
    """The tree of a value, or of a builder."""
    match value:
        case Expr():
            return value.node
        case None:
            return nodes.Null()
        case bool():
            return nodes.Boolean(value)
        case str():
            return nodes.String(value)
        case Integral():  # not only Python's own, and of those not only the plain ones
            return _number(int(value))
        case Real():
            return _number(float(value))
        case dt.date():
            return nodes.Call("datetime", (_moment(value),))
        case list() | tuple():
            return nodes.ListOf(tuple(map(_node, value)))
    raise InvalidArgumentError(
        f"no value for an expression: {value!r}",
        hint="expressions know text, numbers, true and false, None, dates and lists of these",
    )


def _number(value: float) -> nodes.Node:
    if not math.isfinite(value) or (isinstance(value, int) and abs(value) >= 10**MAX_DIGITS):
        raise InvalidArgumentError(f"expressions can't say the number {value:.6g}")
    positive = nodes.Number(abs(value))
    return nodes.Negate(positive) if math.copysign(1, value) < 0 else positive


def _moment(value: dt.date) -> nodes.Node:
    """What `datetime()` is given: text is in the zone of the project, a number says when."""
    if not value.year >= _FIRST_YEAR:  # which pandas' NaT fails, too
        raise InvalidArgumentError(f"expressions know no date before {_FIRST_YEAR}: {value}")
    if not isinstance(value, dt.datetime):
        return nodes.String(value.isoformat())
    if value.tzinfo is None:
        return nodes.String(value.isoformat(timespec="seconds"))
    seconds = math.floor(value.timestamp())
    if seconds <= 0:
        raise InvalidArgumentError(f"expressions know no time before 1970: {value}")
    return _number(seconds if seconds <= _MAX_SECONDS else seconds * 1000)


def _arithmetic(operator: nodes.Operation, left: Value, right: Value) -> Expr:
    return Expr(nodes.Arithmetic(operator, _node(left), _node(right)))


def _operands(
    word: type[nodes.And | nodes.Or], left: object, right: object
) -> tuple[nodes.Node, ...]:
    """A chain stays one flat node."""
    operands: tuple[nodes.Node, ...] = ()
    for side in (left, right):
        if not isinstance(side, Expr):
            raise TypeError(
                f"{side!r} is no condition: put parentheses around comparisons, "
                '(properties["a"] == 1) & (properties["b"] == 2)'
            )
        node = side.node
        operands += node.operands if isinstance(node, word) else (node,)
    return operands


def _several(values: Expr | Iterable[Value]) -> Value:
    if isinstance(values, str):
        raise InvalidArgumentError(
            "is_in takes a list of values, not one text", hint=f"is_in([{values!r}])"
        )
    if isinstance(values, set | frozenset):
        return sorted(values, key=repr)  # the same text each time
    return values if isinstance(values, Expr) else list(values)
