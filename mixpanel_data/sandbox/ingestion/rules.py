"""What a strict /import refuses (contract, 15.1), as field and message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mixpanel_data.sandbox.ingestion.answers import Problem

NOBODY = frozenset(
    [
        "00000000-0000-0000-0000-000000000000",
        "anon",
        "anonymous",
        "nil",
        "none",
        "null",
        "n/a",
        "na",
        "undefined",
        "unknown",
        "<nil>",
        "0",
        "-1",
        "true",
        "false",
        "[]",
        "{}",
    ]
)
"""What broken code sends for an id; any case is meant."""

FIRST_SECOND = 31_536_000
"""1971-01-01: what is earlier is a number of something else."""

FUTURE_MS = 3_600_000
"""How far ahead a clock may be."""

MILLISECONDS_OVER = 1e11
"""Times past this number are milliseconds."""

_MAX_NAME = 1024 * 1024
_MAX_ITEMS = 254
_MAX_DEPTH = 3
_INSERT_ID = re.compile(r"[A-Za-z0-9-]{1,36}")


def problems(record: Any, now_ms: int) -> Iterator[Problem]:
    """Everything that is wrong with an event."""
    if not isinstance(record, dict):
        yield "", "an event must be an object"
        return
    name = record.get("event")
    if not isinstance(name, str) or not name:
        yield "event", "'event' is required: must be a string"
    elif len(name.encode(errors="replace")) > _MAX_NAME:
        yield "event", "'event' is invalid: must be less than 1MB"
    properties = record.get("properties")
    if not isinstance(properties, dict):
        yield "properties", "'properties' is required: must be an object"
        return
    yield from _time_problems(properties, now_ms)
    yield from _id_problems(properties)
    if len(properties) > _MAX_ITEMS:
        yield "properties", "'properties' is invalid: must have less than 255 properties"
    for key, value in properties.items():
        if message := _shape_problem(value, 1) or _text_problem(key):
            yield f"properties.{key}", f"'properties.{key}' is invalid: {message}"


def _time_problems(properties: Mapping[str, Any], now_ms: int) -> Iterator[Problem]:
    field = "properties.time"
    if "time" not in properties:
        yield field, f"'{field}' is required"
        return
    time_ms = milliseconds(properties["time"])
    if time_ms is None or time_ms < FIRST_SECOND * 1000:
        yield field, f"'{field}' is invalid: must be specified as seconds since epoch"
    elif time_ms > now_ms + FUTURE_MS:
        yield field, f"'{field}' is invalid: must not be more than an hour in the future"


def milliseconds(time: Any) -> int | None:
    """A number of seconds or milliseconds as the latter; None for anything else.

    >>> milliseconds(1700000000.25), milliseconds(1700000000250), milliseconds("soon")
    (1700000000250, 1700000000250, None)
    """
    if isinstance(time, bool) or not isinstance(time, (int, float)):
        return None
    if not abs(time) < 1e15:  # past the year 33000 in either unit, or not a number
        return None
    return round(time if abs(time) > MILLISECONDS_OVER else time * 1000)


def _id_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    for key in ("distinct_id", "$insert_id"):
        field, value = f"properties.{key}", properties.get(key)
        if value is None:
            yield field, f"'{field}' is required"
        elif not isinstance(value, str):
            yield field, f"'{field}' is invalid: must be a string"
        elif value.lower() in NOBODY:
            yield field, f"'{field}' is invalid: {value!r} stands for no value"
        elif key == "$insert_id" and not _INSERT_ID.fullmatch(value):
            yield (
                field,
                f"'{field}' is invalid: must be up to 36 letters, digits and hyphens",
            )


def _shape_problem(value: Any, depth: int) -> str | None:
    if isinstance(value, str):
        return _text_problem(value)
    if not isinstance(value, (list, dict)):
        return None
    what = "items" if isinstance(value, list) else "keys"
    if len(value) > _MAX_ITEMS:
        return f"must have less than 255 {what}"
    if depth > _MAX_DEPTH:
        return f"must not be nested deeper than {_MAX_DEPTH} levels"
    inner = value if isinstance(value, list) else [*value, *value.values()]
    return next(filter(None, (_shape_problem(item, depth + 1) for item in inner)), None)


def _text_problem(text: str) -> str | None:
    return None if text.isascii() or _is_unicode(text) else "must be valid UTF-8"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
