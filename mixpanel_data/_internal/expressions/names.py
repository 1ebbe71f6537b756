"""Names and strings as expression text; bare names, which people write for expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixpanel_data._internal.expressions.nodes import Source

_ACCESS = re.compile(r"""(?:properties|user|event|behaviors)\s*\[\s*["']""")


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


def is_bare(text: str) -> bool:
    """Whether Mixpanel's own clients would take the text for a name: nothing in it is accessed.

    >>> is_bare("country"), is_bare('user["plan"] == "pro"')
    (True, False)
    """
    return _ACCESS.search(text) is None
