"""Names and strings as expression text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixpanel_data._internal.expressions.nodes import Source


def quoted(text: str) -> str:
    r"""Write a string literal: the backslash is escaped first, then the quote.

    >>> print(quoted('C:\\my "best"'))
    "C:\\my \"best\""
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def property_expression(name: str, source: Source = "properties") -> str:
    r"""The expression that reads the property of this name, whatever is in the name.

    >>> print(property_expression('6" nail'))
    properties["6\" nail"]
    """
    return f"{source}[{quoted(name)}]"
