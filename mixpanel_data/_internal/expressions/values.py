"""Values of an expression, and how they meet: JSON values, `UNDEFINED` and `Instant`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_SECONDS = 4_294_967_295
"""`datetime(n)` reads numbers up to this as seconds, and larger ones as milliseconds."""

FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999 in UTC, which is as far as calendars go here."""

_DECIMAL = re.compile(
    r"[ \t\n\f\r]*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t\n\f\r]*"
)
_ISO = re.compile(
    r"([1-9][0-9]{3}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


class UndefinedType(Enum):
    """The type of `UNDEFINED`: a property that was never sent, or a result without meaning."""

    UNDEFINED = "undefined"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED = UndefinedType.UNDEFINED


@dataclass(frozen=True, order=True)
class Instant:
    """What `datetime()` gives: Unix time in whole seconds."""

    seconds: int

    def __str__(self) -> str:
        """The ISO form in UTC."""
        return (EPOCH + timedelta(seconds=self.seconds)).replace(tzinfo=None).isoformat()


_KINDS: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
    UndefinedType: "undefined",
    Instant: "datetime",
    list: "list",
    tuple: "list",
}


def kind(value: object) -> str:
    """The runtime type; a boolean is never a number, and JSON objects are "object"."""
    return _KINDS.get(type(value), "object")


def equal(left: object, right: object) -> bool:
    """Whether type and value agree, inside lists and objects too.

    A datetime equals what `datetime()` reads as it.

    >>> equal(5, 5.0), equal(5, "5"), equal(1, True), equal(None, UNDEFINED)
    (True, False, False, False)
    >>> equal(Instant(1704067200), "2024-01-01"), equal(Instant(1), "x")
    (True, False)
    """
    if isinstance(left, Instant) or isinstance(right, Instant):
        return instant(left) == instant(right)
    if kind(left) != kind(right):
        return False
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return left == right


def number(value: object) -> int | float | UndefinedType:
    """`number()`: a string that is a decimal number, and 1 and 0 for the booleans.

    >>> number(" 5 "), number("1e2"), number("x"), number(True)
    (5.0, 100.0, UNDEFINED, 1.0)
    """
    match value:
        case bool():
            return float(value)
        case int() | float():
            return value
        case Instant(seconds):
            return seconds
        case str() if _DECIMAL.fullmatch(value):
            parsed = float(value)
            return parsed if math.isfinite(parsed) else UNDEFINED
    return UNDEFINED


def string(value: object) -> str | UndefinedType | None:
    """`string()`: whole numbers have no point, very large and small ones an exponent.

    >>> string(5.0), string(0.5), string(1e21), string(1e-7), string(True), string(None)
    ('5', '0.5', '1e+21', '1e-07', 'true', None)
    """
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | Instant():
            return str(value)
        case float() if math.isfinite(value):
            text = repr(value).removesuffix(".0")
            return "0" if text == "-0" else text
    return UNDEFINED


def boolean(value: object) -> bool:
    """`boolean()`: false for false, "false", 0, "", null and undefined, and for nothing else."""
    if kind(value) == "number":
        return value != 0
    return not (value is None or value is UNDEFINED or value is False or value in ("", "false"))


def instant(value: object, zone: tzinfo = UTC) -> Instant | UndefinedType:
    """`datetime()`: seconds, milliseconds, or an ISO string, which is in `zone` unless it says.

    >>> instant(1618716477) == instant(1618716477123) == instant("2021-04-18T03:27:57")
    True
    """
    match value:
        case Instant():
            return value
        case bool():
            return UNDEFINED
        case int() | float():
            return _from_number(value)
        case str():
            return _from_text(value, zone)
    return UNDEFINED


def _from_number(value: float) -> Instant | UndefinedType:
    if not 1 <= value < (LAST_SECOND + 1) * 1000:  # which NaN fails too
        return UNDEFINED
    whole = math.floor(value)
    return Instant(whole if whole <= MAX_SECONDS else whole // 1000)


def _from_text(text: str, zone: tzinfo) -> Instant | UndefinedType:
    match = _ISO.fullmatch(text)
    if match is None:
        return UNDEFINED
    day, clock, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}{offset or ''}")
    except ValueError:
        return UNDEFINED
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    seconds = (moment - EPOCH) // timedelta(seconds=1)
    return Instant(seconds) if FIRST_SECOND <= seconds <= LAST_SECOND else UNDEFINED
