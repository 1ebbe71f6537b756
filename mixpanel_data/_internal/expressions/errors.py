"""What is wrong with an expression: its text, or a value that its text can't take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mixpanel_data.exceptions import InvalidArgumentError, QueryError

if TYPE_CHECKING:
    from mixpanel_data._internal.expressions.nodes import Node

SHOWN = 100
"""Characters of the expression that a message shows, around the place at fault."""


class ExpressionSyntaxError(InvalidArgumentError):
    """The text is no expression; `position` counts characters from 0.

    The message is what was expected, then the line at fault, then a pointer to the place.
    """

    def __init__(self, reason: str, text: str, position: int, *, hint: str | None = None) -> None:
        super().__init__(f"{reason}\n{_pointer(text, position)}", hint=hint)
        self.reason = reason
        self.text = text
        self.position = position


class ExpressionTypeError(InvalidArgumentError):
    """A value has a type that its operator refuses, where others only give undefined."""


class ExpressionSourceError(InvalidArgumentError):
    """What an expression reads is not there, or not known; `node` is the accessor."""

    def __init__(self, reason: str, node: Node, text: str | None, *, hint: str) -> None:
        super().__init__(pointing(f"{reason}: {_shown(node)}", node, text), hint=hint)
        self.node = node


_RAISED = "Mixpanel expression: "
"""Begins the text of an error that compiled SQL raises: message, newline, hint."""


def text_to_raise(error: ExpressionTypeError) -> str:
    """What compiled SQL gives to DuckDB's `error()`."""
    return f"{_RAISED}{error.message}\n{error.hint}"


def may_raise(compiled: str) -> bool:
    """Whether compiled SQL has such an error in it: then it matters which rows are asked."""
    return _RAISED in compiled


def raised_by_sql(text: str) -> QueryError | None:
    """The error that compiled SQL meant, from what DuckDB says."""
    _, mark, raised = text.partition(_RAISED)
    if not mark:
        return None
    message, _, hint = raised.rpartition("\n")
    return QueryError(message, hint=hint)


def operand_type_error(
    word: str, operand: Node, text: str | None = None
) -> Callable[[str], ExpressionTypeError]:
    """The error of an operand of `and`, `or`, `any` that is neither boolean nor undefined.

    `text` is the expression that it stands in, where that is known.
    """
    shown = _shown(operand)
    return lambda kind: ExpressionTypeError(
        pointing(f"{word!r} takes true or false, not {_described(kind)}: {shown}", operand, text),
        hint=f"compare it, or write boolean({shown})",
    )


def filter_type_error(node: Node) -> Callable[[str], ExpressionTypeError]:
    """The error of a filter whose value says neither yes nor no."""
    shown = _shown(node)
    return lambda kind: ExpressionTypeError(
        f"a filter must give true or false, not {_described(kind)}: {shown}",
        hint=f"compare it, as in {shown} == …",
    )


def _described(kind: str) -> str:
    if kind == "null":
        return kind
    return f"an {kind}" if kind == "object" else f"a {kind}"


def _shown(node: Node) -> str:
    text = _printable(str(node))
    return text if len(text) <= 60 else text[:59] + "…"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def pointing(reason: str, node: Node, text: str | None) -> str:
    """The reason, and where in the text the node begins, unless it is all of it."""
    if text is None or not node.position:
        return reason
    return f"{reason}\n{_pointer(text, node.position)}"


def _pointer(text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    line = text[start:].split("\n", 1)[0]
    column = min(position - start, len(line))
    cut = max(0, column - SHOWN // 2)
    before = "…" if cut else ""
    after = "…" if len(line) > cut + SHOWN else ""
    shown = _printable(line[cut : cut + SHOWN])
    return f"  {before}{shown}{after}\n  {' ' * (len(before) + column - cut)}^"
