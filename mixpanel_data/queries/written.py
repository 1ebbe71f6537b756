"""Expressions in questions: people give text or a builder, the question keeps the text."""

from __future__ import annotations

from mixpanel_data.exceptions import InvalidArgumentError


class Written:
    """What `str()` turns into the text of an expression: the builders of `expressions`."""

    __slots__ = ()


Expression = str | Written
"""The name of a property, the text of an expression, or a builder."""


def expression(value: Expression | None, name: str) -> str | None:
    """The text of an expression, or None where there is none."""
    return None if value is None else required_expression(value, name)


def required_expression(value: Expression, name: str) -> str:
    """The text of an expression."""
    if isinstance(value, str):
        return value
    if isinstance(value, Written):
        return str(value)
    raise InvalidArgumentError(
        f"{name} is no expression: {value!r}",
        hint="""give text, or a builder: properties["country"] == "US\"""",
    )
