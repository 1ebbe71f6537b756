"""Expressions in questions: people give text or a builder, the question keeps the text."""

from __future__ import annotations

from typing import Any, Self, overload

from mixpanel_data.exceptions import InvalidArgumentError


class Written:
    """What `str()` turns into the text of an expression: the builders of `expressions`."""

    __slots__ = ()


Expression = str | Written
"""The name of a property, the text of an expression, or a builder."""


class ExpressionField:
    """A field of a question that takes an `Expression`, and is text from there on."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self | None: ...
    @overload
    def __get__(self, instance: object, owner: type) -> str | None: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        """On the class, what a dataclass takes for the default."""
        return None if instance is None else instance.__dict__[self._name]

    # `value` is an `Expression`; said so, mypy would take that for the type of inherited fields.
    def __set__(self, instance: object, value: Any) -> None:
        instance.__dict__[self._name] = self._text(value)

    def _text(self, value: object) -> str | None:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, Written):
            return str(value)
        raise InvalidArgumentError(
            f"{self._name} is no expression: {value!r}",
            hint="""give text, or a builder: properties["country"] == "US\"""",
        )


class RequiredExpression(ExpressionField):
    """One that can't be left out."""

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> str: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        """A dataclass takes the AttributeError for: no default."""
        if instance is None:
            raise AttributeError(self._name)
        return instance.__dict__[self._name]
