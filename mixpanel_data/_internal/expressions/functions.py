"""The functions of the language: what each takes, and what it gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from mixpanel_data._internal.expressions.values import (
    UNDEFINED,
    UndefinedType,
    boolean,
    instant,
    kind,
    number,
    string,
)

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
