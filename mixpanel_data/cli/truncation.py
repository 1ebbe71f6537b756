"""Values cut so that a row stays readable, with a mark where something is missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from typing import Any

MARK = "…"

BESIDE = ("insert_id",)
"""Columns that say nothing to a reader."""

_TEXT = 60
_ITEMS = 5
_FIELDS = 40
_VALUES = {"value", "min", "max"}
_SAID = {"time", "distinct_id", "$insert_id", "mp_processing_time_ms"}


@dataclass
class Cut:
    """Cuts long text, lists and objects, and remembers whether it did.

    >>> Cut().value(["a" * 100, 1])
    ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa… +40', 1]
    """

    did: bool = False

    def value(self, value: Any) -> Any:
        """The value, or its beginning and how much more there is."""
        if isinstance(value, str):
            return value[:_TEXT] + self._more(value, _TEXT) if len(value) > _TEXT else value
        if isinstance(value, list):
            kept = [self.value(item) for item in value[:_ITEMS]]
            return [*kept, self._more(value, _ITEMS)] if len(value) > _ITEMS else kept
        if isinstance(value, dict):
            return self._object(value)
        return value

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row with its values cut."""
        return {name: self.value(value) for name, value in row.items()}

    def answer(self, facts: Any) -> Any:
        """What tells of values, with these cut: all else is there to be read as it is."""
        if isinstance(facts, list):
            return [self.answer(item) for item in facts]
        if not isinstance(facts, dict):
            return facts
        return {name: self._told(name, item) for name, item in facts.items()}

    def _told(self, name: str, item: Any) -> Any:
        if name in _VALUES:
            return self.value(item)
        if name == "top" and isinstance(item, dict):
            short = {self.value(text): rows for text, rows in item.items()}
            return short if len(short) == len(item) else item
        return self.answer(item)

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        kept = {key: self.value(item) for key, item in islice(value.items(), _FIELDS)}
        if len(value) > _FIELDS:
            kept[MARK] = self._more(value, _FIELDS).removeprefix(MARK).strip()
        return kept

    def _more(self, value: str | list[Any] | dict[str, Any], kept: int) -> str:
        self.did = True
        return f"{MARK} +{len(value) - kept}"


def event(row: dict[str, Any], also: Collection[str] = ()) -> dict[str, Any]:
    """A fetched row without what its properties repeat, Mixpanel's bookkeeping and other columns.

    >>> event({"event_name": "A", "insert_id": "x", "properties": {"time": 1, "b": 2}}, BESIDE)
    {'event_name': 'A', 'properties': {'b': 2}}
    """
    properties = row.get("properties")
    if not isinstance(properties, dict):
        return row
    said = _SAID if "event_name" in row else {"$last_seen"}
    own = {name: value for name, value in properties.items() if name not in said}
    kept = {name: value for name, value in row.items() if name not in also}
    return {**kept, "properties": own}


def for_eyes(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts within facts side by side, and rows without columns that are empty in all of them.

    >>> for_eyes({"a": {"b": 1}, "rows": [{"x": 1, "y": None}, {"x": None, "y": None}]})
    {'a.b': 1, 'rows': [{'x': 1}, {'x': None}]}
    """
    shown: dict[str, Any] = {}
    for name, item in facts.items():
        if isinstance(item, dict):
            shown |= {f"{name}.{inner}": value for inner, value in item.items()}
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            used = [key for key in item[0] if any(row[key] is not None for row in item)]
            shown[name] = [{key: row[key] for key in used} for row in item]
        else:
            shown[name] = item
    return shown
