"""Server-side session state that is lost when the owner process changes."""

from __future__ import annotations

from typing import Literal

from mixpanel_data._internal.storage.sharing import errors
from mixpanel_data._internal.storage.sharing.errors import OwnerLost, StatementNotStarted
from mixpanel_data._internal.storage.sharing.statements import Statement

_OPEN_AFTER = {"begins": True, "commits": False, "rolls back": False}


class SessionState:
    """A transaction, temporary tables and settings, and frames that are shown for a while."""

    def __init__(self) -> None:
        self._transaction: Literal["none", "open", "lost", "ended"] = "none"
        self._leaves_state = False
        self.shows_frames = False

    @property
    def is_plain(self) -> bool:
        """No transaction is open, nor was one lost."""
        return self._transaction == "none"

    @property
    def is_open(self) -> bool:
        """Whether statements are in a transaction."""
        return self._transaction == "open"

    @property
    def is_bound(self) -> bool:
        """Whether another owner could not simply go on."""
        return self._leaves_state or self.shows_frames or self.is_open

    @property
    def is_after_a_loss(self) -> bool:
        """Whether the end of a lost transaction has yet to come."""
        return self._transaction in {"lost", "ended"}

    def forget(self) -> None:
        """As a new session."""
        self._transaction, self._leaves_state = "none", False

    def is_open_after(self, statement: Statement) -> bool:
        """Whether a transaction is open once a statement has run."""
        return _OPEN_AFTER.get(statement.transaction or "", self.is_open)

    def ran(self, statement: Statement) -> None:
        """Note what a statement leaves."""
        self._transaction = "open" if self.is_open_after(statement) else "none"
        self._leaves_state |= statement.leaves_state

    def failed(self, statement: Statement) -> None:
        """Note that it was refused: a COMMIT ends its transaction all the same."""
        if statement.transaction == "commits":
            self._transaction = "none"

    def lose(
        self, statement: Statement, end: StatementNotStarted | OwnerLost, *, lends: bool
    ) -> Exception | None:
        """Note that the owner is gone; what to raise where the statement can't just run again.

        `lends` says that the statement was writing to a file of ours.
        """
        was_lost = isinstance(end, OwnerLost)
        was_open, commits = self.is_open, statement.transaction == "commits"
        if was_open:
            self._transaction = "ended" if commits else "lost"
        had_state, self._leaves_state = self._leaves_state or self.shows_frames, False
        if was_open:
            return errors.session_lost("statement" if commits and was_lost else "transaction")
        if was_lost and lends:
            return errors.session_lost("rows")
        if was_lost and not statement.reads:
            return errors.session_lost("statement")
        return errors.session_lost("session") if had_state else None

    def ends_the_lost(self, statement: Statement) -> bool:
        """Whether this is the ROLLBACK of a lost transaction, which must come first.

        After a lost COMMIT it may come.
        """
        was_lost = self._transaction == "lost"
        rolls_back = statement.transaction == "rolls back"
        if not was_lost or rolls_back or statement.transaction == "commits":
            self._transaction = "none"
        if was_lost and not rolls_back:
            raise errors.session_lost("transaction")
        return rolls_back
