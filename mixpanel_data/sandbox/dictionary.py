"""The Lexicon's contents: what somebody said of events and profiles (contract, section 17)."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mixpanel_data.sandbox.refusals import RefusalError, bad_request

MIXPANEL = "com.mixpanel"
ENTITY_TYPES = ("event", "profile")
PROPERTY_TYPES = frozenset(["array", "boolean", "integer", "null", "number", "object", "string"])
MAX_CHANGES = 4000
"""Events and properties that may change within a minute, but for one."""

MAX_DELETIONS = 3000
"""Entities that one request may delete, but for one."""

_ENTRY = {"entityType", "name", "schemaJson"}

Key = tuple[str, str]
"""Type and name of an entity."""

Schema = dict[str, Any]


class Dictionary:
    """Schemas by type and name, in the order in which they came. Any thread may change them."""

    def __init__(self, entries: Iterable[Mapping[str, Any]], timer: Callable[[], float]) -> None:
        self._lock = threading.RLock()
        self._timer = timer
        self._changes: deque[tuple[float, int]] = deque()
        self._schemas: dict[Key, Schema] = {_key(each): each["schemaJson"] for each in entries}

    def entries(self, entity_type: str | None = None, name: str | None = None) -> list[Schema]:
        """Those of a type, or of a name, or all."""
        with self._lock:
            return [
                {"entityType": kind, "name": known, "schemaJson": schema}
                for (kind, known), schema in self._schemas.items()
                if entity_type in (None, kind) and name in (None, known)
            ]

    def find(self, key: Key) -> Schema:
        """The schema of one entity."""
        with self._lock:
            if key not in self._schemas:
                raise RefusalError(404, f"no schema for {key[0]} {key[1]!r}")
            return self._schemas[key]

    def save(self, schemas: Mapping[Key, Schema], *, truncate: bool = False) -> int:
        """Store schemas, all or none; `truncate` forgets the others. How many were forgotten."""
        with self._lock:
            forgotten = len(self._schemas) if truncate else 0
            _check_deletions(forgotten)
            self._count(sum(1 + len(schema.get("properties", {})) for schema in schemas.values()))
            before = {} if truncate else self._schemas
            merged = {key: with_metadata(before.get(key, {}), new) for key, new in schemas.items()}
            self._schemas = {**before, **merged}
            return forgotten

    def patch(self, key: Key, changes: Schema) -> None:
        """Change parts of a schema; null removes a part."""
        with self._lock:
            after = merge(self.find(key), changes)
            self._count(1 + len(changes.get("properties", {})))
            self._schemas = {**self._schemas, key: after}

    def delete(self, entity_type: str | None, name: str | None) -> int:
        """Forget those of a type, or of a name, or all. How many there were."""
        found = [(each["entityType"], each["name"]) for each in self.entries(entity_type, name)]
        _check_deletions(len(found))
        with self._lock:
            return sum(self._schemas.pop(key, None) is not None for key in found)

    def dropped(self) -> dict[str, frozenset[str] | None]:
        """By event, the properties that are not to be stored; None is all of the event."""
        rules: dict[str, frozenset[str] | None] = {}
        for each in self.entries("event"):
            schema = each["schemaJson"]
            if _is_dropped(schema):
                rules[each["name"]] = None
                continue
            properties = schema.get("properties", {})
            if names := frozenset(name for name, said in properties.items() if _is_dropped(said)):
                rules[each["name"]] = names
        return rules

    def _count(self, changes: int) -> None:
        now = self._timer()
        while self._changes and self._changes[0][0] <= now - 60:
            self._changes.popleft()
        if sum(count for _, count in self._changes) + changes >= MAX_CHANGES:
            raise RefusalError(429, "Too many changes, slow down", {"Retry-After": "60"})
        self._changes.append((now, changes))


def _check_deletions(count: int) -> None:
    if count >= MAX_DELETIONS:
        raise bad_request(f"can not delete more than {MAX_DELETIONS - 1} schemas at once")


def _is_dropped(said: Schema) -> bool:
    return said.get("metadata", {}).get(MIXPANEL, {}).get("dropped") is True


def with_metadata(before: Schema, new: Schema) -> Schema:
    """The new schema; of its metadata, what it does not name stays.

    >>> with_metadata({"metadata": {"a": 1, "b": 2}}, {"metadata": {"b": None}})
    {'metadata': {'a': 1}}
    """
    metadata = merge(before.get("metadata", {}), new.get("metadata", {}))
    return {**new, "metadata": metadata} if metadata else new


def merge(before: Schema, changes: Schema) -> Schema:
    """Objects within objects are merged; null removes.

    >>> merge({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": 3}})
    {'a': {'c': 2, 'd': 3}}
    """
    after = dict(before)
    for name, value in changes.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict):
            inner = after.get(name)
            after[name] = merge(inner if isinstance(inner, dict) else {}, value)
        else:
            after[name] = value
    return after


def entry_of(value: Any) -> tuple[Key, Schema]:
    """An entry as it is uploaded; raises what is wrong with it."""
    if not isinstance(value, dict) or set(value) != _ENTRY:
        raise bad_request(f"an entry must have {', '.join(sorted(_ENTRY))} and nothing else")
    check_type(value["entityType"])
    if not isinstance(value["name"], str) or not value["name"]:
        raise bad_request("the name of an entry must be a string")
    return _key(value), schema_of(value["schemaJson"])


def check_type(entity_type: Any) -> None:
    """Raise unless there are entities of this type."""
    if entity_type not in ENTITY_TYPES:
        raise bad_request(f"entityType must be one of {', '.join(ENTITY_TYPES)}")


def schema_of(value: Any) -> Schema:
    """A schema as it is uploaded; raises what is wrong with it."""
    if not isinstance(value, dict):
        raise bad_request("a schema must be an object")
    properties, metadata = value.get("properties", {}), value.get("metadata", {})
    if not isinstance(properties, dict) or not isinstance(metadata, dict):
        raise bad_request("properties and metadata must be objects")
    for name, said in properties.items():
        kinds = said.get("type") if isinstance(said, dict) else None
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if not kinds or not PROPERTY_TYPES.issuperset(map(str, kinds)):
            raise bad_request(
                f"the type of property {name!r} must be one of {', '.join(sorted(PROPERTY_TYPES))}"
            )
    return value


def _key(entry: Mapping[str, Any]) -> Key:
    return entry["entityType"], entry["name"]
