"""Ask tables what an oracle was asked: with typed columns, with JSON alone, in two pieces."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mixpanel_data._internal.services.local_query import LocalQueryService
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.queries.local import LocalOptions
from mixpanel_data.types import TableMetadata
from tests.histories import NAMES, Past
from tests.oracles.history import History

AS_OF = datetime(2025, 1, 1)
EVENTS = TableMetadata("events", AS_OF, "2024-01-01", "2024-12-31", filter_events=list(NAMES))
PROFILES = TableMetadata("profiles", AS_OF)


def store(
    storage: StorageEngine,
    table: str,
    events: list[dict[str, Any]],
    *,
    flat: bool,
    facts: TableMetadata = EVENTS,
) -> None:
    """Put events into a table, in the place of the one that is there."""
    lines = "".join(json.dumps(event) + "\n" for event in events)
    _store(storage, table, facts, lines, flat=flat)


def store_users(storage: StorageEngine, users: dict[str, dict[str, Any]], *, flat: bool) -> None:
    """The same for profiles."""
    page = [{"$distinct_id": name, "$properties": it} for name, it in users.items()]
    _store(storage, "profiles", PROFILES, json.dumps({"results": page}), flat=flat)


def _store(
    storage: StorageEngine, name: str, facts: TableMetadata, text: str, *, flat: bool
) -> None:
    with (
        storage.temporary() as folder,
        storage.new_table(name, facts, mode="replace", flat=flat) as table,
    ):
        body = Path(folder, "body")
        body.write_text(text)
        table.add(body)


class Project:
    """A database that holds one past after the other."""

    def __init__(self) -> None:
        self.storage = StorageEngine()
        self.storage.execute_rows("SET threads = 1")  # to share small work costs more than it gains
        self.local = LocalQueryService(self.storage)

    def close(self) -> None:
        self.storage.close()

    def ask(self, question: Any, options: LocalOptions) -> Any:
        return self.local.answer(replace(question, **options))

    def hold(self, past: Past, *, flat: bool, pieces: int = 1) -> LocalOptions:
        """Store a past, and say how to read it; events of two pieces come in turn."""
        names = tuple(f"events_{number}" for number in range(pieces))
        for number, name in enumerate(names):
            # Two tables that both have a day would share it: of the second, no day is known.
            facts = replace(EVENTS, from_date=None, to_date=None) if number else EVENTS
            store(self.storage, name, past.events[number::pieces], flat=flat, facts=facts)
        store_users(self.storage, past.users, flat=flat)
        return {"table": names, "timezone": past.zone, "dedupe": False}


def history(past: Past, pieces: int = 1) -> History:
    """The same past as the oracles take it, in the order in which it is stored."""
    stored = [event for number in range(pieces) for event in past.events[number::pieces]]
    return History.of(stored, past.zone, past.users)


def asked_of(query: Any, options: LocalOptions, past: Past) -> Any:
    """The question for the days that its options make of its own."""
    return history(past).whole(query) if options.get("edge_buckets") == "whole" else query
