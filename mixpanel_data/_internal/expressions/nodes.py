"""The tree of an expression: frozen values that print themselves as canonical text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal

from mixpanel_data._internal.expressions.functions import property_expression, quoted

Source = Literal["properties", "user", "event", "behaviors"]
Comparison = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
Operation = Literal["+", "-", "*", "/", "%"]

OR, AND, NOT, COMPARISON, SUM, PRODUCT, UNARY, PRIMARY = range(8)
"""How tightly a form binds, loosest first (contract 13.1)."""


@dataclass(frozen=True)
class Node:
    """Any expression; `str()` gives text that parses to an equal tree.

    `position` is where it begins in the text that it was parsed from, counted from 0.
    """

    binds: ClassVar[int] = PRIMARY
    position: int | None = field(default=None, compare=False, repr=False, kw_only=True)

    def __str__(self) -> str:
        raise NotImplementedError

    def inside(self, level: int) -> str:
        """The text where only forms that bind at least as tightly as `level` may stand."""
        return str(self) if self.binds >= level else f"({self})"


@dataclass(frozen=True)
class Number(Node):
    """A number as written, so never negative: `-5` is `Negate(Number(5))`."""

    value: int | float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and math.copysign(1, self.value) > 0):
            raise TypeError(f"a number literal is finite and not negative: {self.value}")

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True)
class String(Node):
    """A string literal, unescaped."""

    value: str

    def __str__(self) -> str:
        return quoted(self.value)


@dataclass(frozen=True)
class Boolean(Node):
    """`true` or `false`."""

    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True)
class Null(Node):
    """`null`: a value that was sent as null, which is not the same as none sent."""

    def __str__(self) -> str:
        return "null"


@dataclass(frozen=True)
class Undefined(Node):
    """`undefined`: what a missing property gives."""

    def __str__(self) -> str:
        return "undefined"


@dataclass(frozen=True)
class Now(Node):
    """`NOW`: the current Unix time in whole seconds, a number."""

    def __str__(self) -> str:
        return "NOW"


@dataclass(frozen=True)
class Property(Node):
    """`properties["x"]` and its siblings; names are case-sensitive."""

    source: Source
    name: str

    def __str__(self) -> str:
        return property_expression(self.name, self.source)


@dataclass(frozen=True)
class Variable(Node):
    """The item under test, inside the `any()` that names it."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class ListOf(Node):
    """`[a, b, …]`."""

    items: tuple[Node, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.items))}]"


@dataclass(frozen=True)
class Call(Node):
    """A function of `functions.FUNCTIONS` with as many arguments as it takes."""

    function: str
    arguments: tuple[Node, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True)
class AnyItem(Node):
    """`any(X, items, condition)`: is there an item for which the condition holds?"""

    variable: str
    items: Node
    condition: Node

    def __str__(self) -> str:
        return f"any({self.variable}, {self.items}, {self.condition})"


@dataclass(frozen=True)
class Negate(Node):
    """Unary minus."""

    operand: Node
    binds = UNARY

    def __str__(self) -> str:
        return f"-{self.operand.inside(UNARY)}"


@dataclass(frozen=True)
class Arithmetic(Node):
    """Two operands; a chain leans to the left."""

    operator: Operation
    left: Node
    right: Node

    @property
    def binds(self) -> int:  # type: ignore[override]  # one class, two levels
        """Sums bind less than products."""
        return SUM if self.operator in ("+", "-") else PRODUCT

    def __str__(self) -> str:
        level = self.binds
        return f"{self.left.inside(level)} {self.operator} {self.right.inside(level + 1)}"


@dataclass(frozen=True)
class Compare(Node):
    """A comparison or membership test; never chained."""

    operator: Comparison
    left: Node
    right: Node
    binds = COMPARISON

    def __str__(self) -> str:
        return f"{self.left.inside(SUM)} {self.operator} {self.right.inside(SUM)}"


@dataclass(frozen=True)
class Not(Node):
    """Logical negation."""

    operand: Node
    binds = NOT

    def __str__(self) -> str:
        return f"not {self.operand.inside(NOT)}"


@dataclass(frozen=True)
class And(Node):
    """Two operands or more, so that a long chain is no deep tree."""

    operands: tuple[Node, ...]
    binds = AND

    def __str__(self) -> str:
        return " and ".join(operand.inside(NOT) for operand in self.operands)


@dataclass(frozen=True)
class Or(Node):
    """Two operands or more, so that a long chain is no deep tree."""

    operands: tuple[Node, ...]
    binds = OR

    def __str__(self) -> str:
        return " or ".join(operand.inside(AND) for operand in self.operands)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text: what a filter reads, say."""
    yield node
    for part in fields(node):
        value = getattr(node, part.name)
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, Node):
                yield from walk(child)
