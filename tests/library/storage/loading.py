"""Tables with given events, as a fetch would make them."""

from __future__ import annotations

import json
from datetime import datetime

from mixpanel_data import TableMetadata
from mixpanel_data._internal.storage import StorageEngine

DAY = datetime(2024, 1, 1)
EVENTS = TableMetadata(type="events", fetched_at=DAY, from_date="2024-01-01", to_date="2024-01-31")
PROFILES = TableMetadata(type="profiles", fetched_at=DAY)


def body(events: list[dict]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def load(
    engine: StorageEngine,
    events: list[dict],
    facts: TableMetadata = EVENTS,
    *,
    name: str = "t",
    **how: object,
) -> None:
    with engine.temporary() as folder, engine.new_table(name, facts, **how) as table:
        path = folder / "body"
        path.write_bytes(body(events))
        table.add(path)


def events_with(*values: object, name: str = "a") -> list[dict]:
    return [
        {"event": "p", "properties": {"time": 1_704_067_200_000 + n, name: value}}
        for n, value in enumerate(values)
    ]
