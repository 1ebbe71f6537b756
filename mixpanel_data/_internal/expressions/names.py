"""Names and strings as expression text, and the names that are reserved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mixpanel_data._internal.expressions.nodes import Source

SystemField = Literal["time", "event_name", "distinct_id"]

OF_EVENTS: Mapping[str, SystemField] = {
    "time": "time",
    "$time": "time",
    "$event_name": "event_name",
    "distinct_id": "distinct_id",
    "$distinct_id": "distinct_id",
}
"""Names that mean a part of the event itself, whatever was sent under them."""

OF_PROFILES: Mapping[str, SystemField] = {"$distinct_id": "distinct_id"}
"""The same for profiles."""


def system_field(source: Source, name: str, *, of_event: bool) -> SystemField | None:
    """What an accessor means in a row that is an event or a profile; None for a property.

    >>> system_field("properties", "$distinct_id", of_event=True), system_field("user", "time", of_event=True)
    ('distinct_id', None)
    """
    if source == "behaviors":
        return None
    return (OF_EVENTS if of_event and source != "user" else OF_PROFILES).get(name)


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
