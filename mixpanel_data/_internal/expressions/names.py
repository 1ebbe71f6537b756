"""Names and strings as expression text; bare names, which people write for expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from mixpanel_data.exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from mixpanel_data._internal.expressions.nodes import Source

_COMPARISON = re.compile(r"[=<>]")
_DOTTED = re.compile(r"(properties|user|event)\.([^\s\"'()=<>]+)")
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


def as_expression(text: str) -> str:
    """What people write, as the expression it stands for: names become accesses.

    A comparison without an access is refused: as the name of a property it would find nothing.

    >>> as_expression("country"), as_expression("user.plan")
    ('properties["country"]', 'user["plan"]')
    """
    if not is_bare(text):
        return text
    dotted = _DOTTED.fullmatch(text)
    if dotted is not None:
        return property_expression(dotted[2], cast("Source", dotted[1]))
    if _COMPARISON.search(text):
        raise InvalidArgumentError(
            f"the expression reads no property: {text}",
            hint="""write a property as properties["country"], such as properties["country"] == "US\"""",
        )
    return property_expression(text)


def event_property(text: str) -> str | None:
    """The name of the event property that the text alone stands for; None if it is more.

    >>> event_property("country"), event_property("properties.country"), event_property("user.a")
    ('country', 'country', None)
    """
    if not is_bare(text):
        return None
    dotted = _DOTTED.fullmatch(text)
    if dotted is None:
        return text
    return dotted[2] if dotted[1] == "properties" else None
