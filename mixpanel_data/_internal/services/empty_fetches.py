"""Fetches that stored nothing, or nothing of an event that was asked for: what may be wrong."""

from __future__ import annotations

from collections.abc import Sequence

from mixpanel_data._internal.services.discovery import DiscoveryService
from mixpanel_data._internal.sql import literal, quote
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.exceptions import warn
from mixpanel_data.queries import EventsFetch
from mixpanel_data.types import FetchResult


def check_events(
    result: FetchResult,
    fetch: EventsFetch,
    *,
    storage: StorageEngine,
    names: DiscoveryService,
) -> None:
    """Warn where nothing came, and of names that Mixpanel does not know.

    These cost a query, and only where an event that was asked for has no row.
    """
    if result.date_range is None:
        return
    events, where = fetch.events, fetch.where
    if not result.rows:
        first, last = result.date_range
        called = f" named {' or '.join(map(repr, events))}" if events else ""
        passing = "" if where is None else f" that passes {where}"
        warn(
            f"nothing was stored in table {result.table!r}: Mixpanel has no event{called}{passing}"
            f" from {first} to {last}"
        )
    for event in _absent(storage, result.table, events or ()):
        hint = names.doubt_event(event)
        if hint is not None:
            warn(f"Mixpanel has no event {event!r}; {hint}")


def check_profiles(result: FetchResult, where: object) -> None:
    """Warn where nothing came."""
    if not result.rows:
        passing = "that was asked for" if where is None else f"that passes {where}"
        warn(f"nothing was stored in table {result.table!r}: Mixpanel has no profile {passing}")


def _absent(storage: StorageEngine, table: str, events: Sequence[str]) -> list[str]:
    if not events:
        return []
    listed = ", ".join(map(literal, events))
    rows = storage.execute_rows(
        f"SELECT DISTINCT event_name FROM main.{quote(table)} WHERE event_name IN ({listed})"
    )
    return [event for event in dict.fromkeys(events) if (event,) not in rows]
