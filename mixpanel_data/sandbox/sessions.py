"""What queries of /engage found, for their further pages."""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from dataclasses import dataclass

from mixpanel_data.sandbox.refusals import bad_request

UNCACHED = "request for page in uncached query for params"

_SESSIONS_KEPT = 50


@dataclass(frozen=True)
class Session:
    """What a query found: ids of `profile_rows`, then people without a profile."""

    id: str
    filters: str
    rows: array[int]
    strangers: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many profiles there are in all pages."""
        return len(self.rows) + len(self.strangers)


class Sessions:
    """The latest queries; older ones have expired."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Session] = OrderedDict()

    def keep(self, session: Session) -> None:
        """Remember a query, at the cost of the oldest."""
        with self._lock:
            self._known[session.id] = session
            self._known.move_to_end(session.id)
            while len(self._known) > _SESSIONS_KEPT:
                self._known.popitem(last=False)

    def find(self, session_id: str, filters: str) -> Session:
        """The session, if it was for these very filters."""
        with self._lock:
            session = self._known.get(session_id)
        if session is None or session.filters != filters:
            raise bad_request(UNCACHED)
        return session
