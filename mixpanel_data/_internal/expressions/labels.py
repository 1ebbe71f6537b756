"""Segment labels: what a value is called in a report (contract 13.4)."""

from __future__ import annotations

import json

from mixpanel_data._internal.expressions.values import UNDEFINED, string

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
