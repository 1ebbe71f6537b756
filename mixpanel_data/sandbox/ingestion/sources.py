"""An event as it was sent → a row, by the rules of the endpoint that it came to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mixpanel_data.sandbox.ingestion import rules
from mixpanel_data.sandbox.ingestion.intake import Skipped
from mixpanel_data.sandbox.tables import Event

TRACK_DAYS = 5
"""/track ignores what is older."""

MAX_TEXT = 255
"""Texts are cut after so many bytes."""

_DAY_MS = 86_400_000
_NOT_STORED = frozenset(["time", "token", "ip", "$ignore"])


@dataclass(frozen=True)
class Source:
    """Where events come from. /import knows its project; a `token` must be in other events.

    `address` is the client's, if it stands for a missing distinct_id. `dropped` are the
    properties of events that the Lexicon does not let in; None is the whole event.
    """

    now_ms: int
    token: str | None
    address: str | None
    dropped: Mapping[str, frozenset[str] | None]

    def event(self, record: Any) -> Event | Skipped:
        """What is stored of an event that may be anything."""
        if not isinstance(record, dict):
            return Skipped.refused(("", "an event must be an object"))
        name, properties = record.get("event"), record.get("properties")
        if name in (None, "") or not isinstance(properties, dict):
            return Skipped.refused(("event", "an event must have a name and properties"))
        name = _text(name)
        if skipped := self._unwanted(name, properties):
            return skipped
        time_ms = self._time(properties)
        if time_ms is None:
            return Skipped.refused(("properties.time", "'properties.time' is not a time"))
        if self.token is not None and time_ms < self.now_ms - TRACK_DAYS * _DAY_MS:
            return Skipped(f"it is older than {TRACK_DAYS} days: send it to /import")
        left_out = _NOT_STORED | (self.dropped.get(name) or frozenset())
        kept = {key: _cut(value) for key, value in properties.items() if key not in left_out}
        distinct_id = self._distinct_id(properties, kept)
        size = len(json.dumps(record, ensure_ascii=False).encode(errors="replace"))
        rest = json.dumps({**kept, **self._added(size)}, ensure_ascii=False, separators=(",", ":"))
        return Event(name, time_ms, distinct_id, rest[1:])

    def _unwanted(self, name: str, properties: dict[str, Any]) -> Skipped | None:
        if self.token is not None:
            sent = properties.get("token")
            if not sent:
                return Skipped.refused(("properties.token", "token, missing or empty"))
            if sent != self.token:
                return Skipped(f"the token {sent!r} is not that of the project")
        if name in self.dropped and self.dropped[name] is None:
            return Skipped("the Lexicon says that the event is dropped")
        return Skipped("it says $ignore") if properties.get("$ignore") is True else None

    def _time(self, properties: dict[str, Any]) -> int | None:
        """When it happened; what has no time, or one to come, happens now."""
        sent = properties.get("time")
        if sent is None:
            return self.now_ms
        if isinstance(sent, str):
            try:
                sent = float(sent)
            except ValueError:
                return None
        time_ms = rules.milliseconds(sent)
        return None if time_ms is None else min(time_ms, self.now_ms)

    def _distinct_id(self, properties: dict[str, Any], kept: dict[str, Any]) -> str:
        sent = properties.get("distinct_id")
        if sent is not None:
            return _text(sent)
        address = properties.get("ip") or self.address
        if not address:
            return ""
        digest = hashlib.md5(str(address).encode(), usedforsecurity=False).hexdigest()
        kept["distinct_id"] = digest
        return digest

    def _added(self, size: int) -> dict[str, Any]:
        added = {
            "$mp_api_endpoint": "api.mixpanel.com",
            "$mp_api_timestamp_ms": self.now_ms,
            "mp_processing_time_ms": self.now_ms,
            "$mp_event_size": size,
        }
        return added if self.token is not None else {"$import": True, **added}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(value: Any) -> Any:
    if not isinstance(value, str) or len(value.encode()) <= MAX_TEXT:
        return value
    return value.encode()[:MAX_TEXT].decode(errors="ignore")
