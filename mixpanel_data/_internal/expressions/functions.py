"""Functions, names and labels of Mixpanel's expression language."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mixpanel_data._internal.expressions.values import (
    UNDEFINED,
    UndefinedType,
    boolean,
    instant,
    kind,
    number,
    string,
)

if TYPE_CHECKING:
    from mixpanel_data._internal.expressions.nodes import Source


# -- The functions of the language: what each takes, and what it gives ----------------------------

NULL_IS_DEFINED = False
"""Whether `defined()` is true of a null. The contract infers that it is not (13.2)."""


@dataclass(frozen=True)
class Function:
    """`least` to `most` arguments; `profiles` says whether /engage knows it (contract 13.3)."""

    least: int
    most: int
    profiles: bool
    apply: Callable[..., object]


def round_half_away(value: float) -> int:
    """The nearest whole number, a half away from zero.

    >>> round_half_away(2.5), round_half_away(-2.5), round_half_away(0.49999999999999994)
    (3, -3, 0)
    """
    size = abs(value)
    whole = math.floor(size)
    whole += size - whole >= 0.5
    return whole if value > 0 else -whole


def _whole(rounding: Callable[[float], int]) -> Callable[[object], float | UndefinedType]:
    def apply(value: object) -> float | UndefinedType:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return UNDEFINED
        if isinstance(value, int):  # of any size, where a float may not be
            return value
        return float(rounding(value)) if math.isfinite(value) else UNDEFINED

    return apply


def _string(value: object, default: object = UNDEFINED) -> object:
    text = string(value)
    return default if default is not UNDEFINED and not isinstance(text, str) else text


def _defined(value: object) -> bool:
    return value is not UNDEFINED and (value is not None or NULL_IS_DEFINED)


def _list(value: object) -> object:
    if value is None or value is UNDEFINED:
        return UNDEFINED
    return value if kind(value) == "list" else [value]


def _has_prefix(text: object, prefix: object) -> object:
    if isinstance(text, str) and isinstance(prefix, str):
        return text.lower().startswith(prefix.lower())
    return UNDEFINED


def _has_suffix(text: object, suffix: object) -> object:
    if isinstance(text, str) and isinstance(suffix, str):
        return text.lower().endswith(suffix.lower())
    return UNDEFINED


FUNCTIONS: dict[str, Function] = {
    "boolean": Function(1, 1, False, boolean),
    "ceil": Function(1, 1, False, _whole(math.ceil)),
    "datetime": Function(1, 1, True, instant),
    "defined": Function(1, 1, True, _defined),
    "floor": Function(1, 1, False, _whole(math.floor)),
    "has_prefix": Function(2, 2, False, _has_prefix),
    "has_suffix": Function(2, 2, False, _has_suffix),
    "list": Function(1, 1, True, _list),
    "number": Function(1, 1, True, number),
    "round": Function(1, 1, False, _whole(round_half_away)),
    "string": Function(1, 2, True, _string),
}
"""All but `any`, which names a variable and so has a form of its own (`nodes.AnyItem`)."""


# -- Names and strings as expression text, and the names that are reserved ------------------------

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


# -- Segment labels: what a value is called in a report (contract 13.4) ---------------------------

UNDEFINED_LABEL, NULL_LABEL = "undefined", "null"
BETWEEN_ITEMS = ", "


def labels(value: object) -> list[str]:
    """One label per distinct item of a list, else one; a list without items is undefined.

    >>> labels(["a", 2.0, None]), labels([]), labels(True), labels(UNDEFINED)
    (['a', '2', 'null'], ['undefined'], ['true'], ['undefined'])
    >>> labels([1, "1", 1.0])
    ['1']
    """
    return list(dict.fromkeys(_every(value)))


def label(value: object) -> str:
    """One label for all of a value: that of a list names its items.

    >>> label(["a", 2.0])
    'a, 2'
    """
    return BETWEEN_ITEMS.join(_every(value))


def _every(value: object) -> list[str]:
    """The labels of all items, repeated ones included."""
    if isinstance(value, (list, tuple)):
        return list(map(_label, value)) or [UNDEFINED_LABEL]
    return [_label(value)]


def _label(value: object) -> str:
    text = string(value)
    if isinstance(text, str):
        return text
    if value is UNDEFINED:
        return UNDEFINED_LABEL
    # What has no text, an object or a list within a list, is called by its JSON.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=string)
