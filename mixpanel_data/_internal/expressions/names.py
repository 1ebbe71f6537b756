"""Bare property names, which people write where Mixpanel takes an expression."""

from __future__ import annotations

from mixpanel_data._internal.expressions.nodes import Property, Source

_MARKS = tuple(f"{source}[{quote}" for source in ("properties", "user", "event") for quote in "\"'")


def is_bare(text: str) -> bool:
    """Whether Mixpanel's own clients would take the text for a name: nothing in it is accessed.

    >>> is_bare("country"), is_bare('user["plan"] == "pro"')
    (True, False)
    """
    return not any(mark in text for mark in _MARKS)


def property_expression(name: str, source: Source = "properties") -> str:
    r"""The expression that reads the property of this name, whatever is in the name.

    >>> print(property_expression('6" nail'))
    properties["6\" nail"]
    """
    return str(Property(source, name))
