"""Outcomes of a statement whose owner process ended, and what is raised then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from mixpanel_data.exceptions import ConflictError, SessionLostError

T = TypeVar("T")

MAX_CONFLICTS = 20
"""Each means that someone else got something done."""

What = Literal["rows", "statement", "transaction", "session"]

_TOLD: dict[What, tuple[str, str]] = {
    "rows": ("before all rows of a query had come", "run it again"),
    "statement": (
        "while a statement ran: it may have changed data, or not",
        "look at the data before you run it again",
    ),
    "transaction": (
        "during a transaction, which was rolled back",
        "run it again from its BEGIN; ROLLBACK ends the old one",
    ),
    "session": (
        "and with it the temporary tables, settings and variables of this session",
        "make them again",
    ),
}


class StatementNotStarted(Exception):  # noqa: N818 - the next owner is asked
    """The owner is gone and did not start the statement."""


class OwnerLost(Exception):  # noqa: N818 - an answer, not an error
    """The owner is gone and may have run the statement."""


class OwnerUnresponsive(Exception):  # noqa: N818 - an answer, not an error
    """The owner is alive, but does not answer."""


def session_lost(what: What) -> SessionLostError:
    """The error for work that can't simply be run again."""
    told, hint = _TOLD[what]
    return SessionLostError(
        f"the process that had the database open ended {told}",
        hint=hint,
        undone=what != "statement",
    )


def retry_on_conflict(work: Callable[[], T]) -> T:
    """Do `work` that only reads, or is one transaction: again, when it was undone by others."""
    conflicts = 0
    while True:
        try:
            return work()
        except SessionLostError as lost:
            if not lost.undone:
                raise
        except ConflictError:
            conflicts += 1
            if conflicts > MAX_CONFLICTS:
                raise
