"""How a conversation with an owner ends before its time."""

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


class NotRun(Exception):  # noqa: N818 - the next owner is asked
    """The owner is gone, and has done nothing of what was asked."""


class Lost(Exception):  # noqa: N818 - an answer, not an error
    """The owner is gone, and may have done what was asked."""


class Silent(Exception):  # noqa: N818 - an answer, not an error
    """The owner is there, but does not answer."""


def lost(what: What) -> SessionLostError:
    """What became of something that can't simply be done again."""
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
