"""One database file in this process, owned or borrowed, and the connections to it."""

from __future__ import annotations

import atexit
import ctypes
import errno
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import duckdb

from mixpanel_data._internal.locking import Untrusted
from mixpanel_data._internal.storage.errors import is_locked, opening_failed
from mixpanel_data._internal.storage.opening import NotADatabaseError
from mixpanel_data._internal.storage.sharing.address import Election, here
from mixpanel_data._internal.storage.sharing.budget import Budget
from mixpanel_data._internal.storage.sharing.channel import Channel
from mixpanel_data._internal.storage.sharing.errors import OwnerUnresponsive, StatementNotStarted
from mixpanel_data._internal.storage.sharing.owner import Owner
from mixpanel_data._internal.storage.sharing.rows import scratch
from mixpanel_data.exceptions import StorageError, warn
from mixpanel_data.types import Process

Link = duckdb.DuckDBPyConnection | Channel
"""A cursor of our own database, or a channel to its owner."""

Open = Callable[[Path, bool], duckdb.DuckDBPyConnection]
"""Opens a database file; True for reading only."""

PATIENCE_SECONDS = 30.0
"""For an owner that starts or leaves."""
FOREIGN_SECONDS = 3.0
"""For a program that does not share."""
_POLL_SECONDS = 0.005
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}


class DatabaseAccess(Protocol):
    """Where connections come from."""

    users: int
    """The number of users that have not detached it."""
    budget: Budget

    def use(self) -> None:
        """Count one more user, which will detach it."""

    def link(self, stop: threading.Event) -> Link:
        """A new one, unless `stop` is set before there is any."""

    def participants(self) -> list[Process]:
        """The owner, then the other processes that have it open."""

    def detach(self) -> None:
        """Let go."""


class Private:
    """A database that no one else can see."""

    def __init__(self, root: duckdb.DuckDBPyConnection, budget: Budget | None = None) -> None:
        self.users = 1
        self._root = root
        self._one_at_a_time = threading.RLock()
        self.budget = budget or Budget()
        self.budget.serve(self.cursor)

    def use(self) -> None:
        """Count one more user, which will detach it."""
        with self._one_at_a_time:
            self.users += 1

    def link(self, stop: threading.Event) -> Link:  # noqa: ARG002
        """A cursor: there is nothing to wait for."""
        return self.cursor()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own."""
        with self._one_at_a_time:
            return self._root.cursor()

    def participants(self) -> list[Process]:
        """This process alone."""
        return [here()]

    def detach(self) -> None:
        """Let go; the last one out closes it."""
        with self._one_at_a_time:
            self.users -= 1
            if self.users == 0:
                self._root.close()


class Database:
    """A file that is shared: the first process to open it owns it, the others borrow it.

    All that this process has open on one file is one of these.
    """

    def __init__(self, path: Path, open_: Open) -> None:
        self.path = path
        self._open = open_
        self._election = Election(path)
        self._lock = threading.RLock()
        self.users = 0
        self.budget = Budget()
        self._owner: Owner | None = None
        self._alone: Private | None = None
        self._scratch: duckdb.DuckDBPyConnection | None = None

    @classmethod
    def attach(cls, path: Path, open_: Open) -> Database:
        """The database in this file; `detach` it in the end."""
        real = path.resolve()
        with _registry.lock:
            found = _registry.databases.setdefault(real, cls(real, open_))
            found.use()
        return found

    def use(self) -> None:
        """Count one more user, which will detach it."""
        with _registry.lock:
            self.users += 1

    def detach(self) -> None:
        """Let go; the last one out hands the database over to whoever waits for it."""
        with _registry.lock:
            self.users -= 1
            if self.users or _registry.databases.get(self.path) is not self:
                return
            del _registry.databases[self.path]
        self.leave()

    def leave(self) -> None:
        """Close what is open, and hand the file over."""
        with self._lock:
            self.budget.serve(None)
            if self._owner is not None:
                self._owner.leave()
            if self._alone is not None:
                self._alone.detach()
            if self._scratch is not None:
                self._scratch.close()
            self._owner = self._alone = self._scratch = None

    def link(self, stop: threading.Event) -> Link:
        """A way in, as the owner if there is none. Raises StorageError when that takes too long."""
        began = time.monotonic()
        while True:
            with self._lock:
                if self._owner is None and self._alone is None:
                    self._stand(stop)
                if self._owner is not None:
                    return self._owner.cursor()
                if self._alone is not None:
                    return self._alone.link(stop)
            if channel := self._knock():
                return channel
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise StorageError(
                    f"{self.path} is held by a process that can't be reached",
                    hint=f"it holds {self._election.file.name}: end it, or wait until it is done",
                )
            _wait(stop)

    def _inherit(self, lock: int) -> None:
        with self._lock:
            try:
                self._election.inherit(lock)
            except Untrusted:
                os.close(lock)
            else:
                self._own(lock, threading.Event())

    def participants(self) -> list[Process]:
        """The owner, then the other processes that have it open."""
        while True:
            link = self.link(threading.Event())
            try:
                if isinstance(link, Channel):
                    return link.who()
                return [here()] if self._owner is None else self._owner.participants()
            except StatementNotStarted:
                continue
            finally:
                link.close()

    def _stand(self, stop: threading.Event) -> None:
        try:
            lock = self._election.stand()
        except Untrusted as error:
            self._open_alone(error, stop)
            return
        except OSError as error:
            if error.errno not in _READ_ONLY or not self.path.exists():
                raise opening_failed(self.path, error) from error
            # Nobody can write here, so that everybody may read at once.
            self._alone = Private(self._open_patiently(stop, read_only=True), self.budget)
            return
        if lock is not None:
            self._own(lock, stop)

    def _open_alone(self, why: Untrusted, stop: threading.Event) -> None:
        """Open the file without a lock; DuckDB's own keeps others out meanwhile."""
        places = (self.path.parent, *([self.path] if self.path.exists() else []))
        is_ours = all(os.access(place, os.W_OK) for place in places)
        self._alone = Private(self._open_patiently(stop, read_only=not is_ours), self.budget)
        if is_ours:
            warn(
                f"{why}, so it is not trusted: other processes can't use {self.path.name}"
                " while this one has it open (remove that file, or use a folder of your own)"
            )

    def _own(self, lock: int, stop: threading.Event) -> None:
        with ExitStack() as undo:
            undo.callback(Election.resign, lock)
            root = self._open_patiently(stop)
            undo.callback(root.close)
            self._owner = Owner(Election.last(lock), lock, root, self.budget)
            self.budget.serve(self._owner.cursor)
            undo.pop_all()

    def _open_patiently(
        self, stop: threading.Event, *, read_only: bool = False
    ) -> duckdb.DuckDBPyConnection:
        began = time.monotonic()
        while True:
            try:
                return self._open(self.path, read_only)
            except (duckdb.Error, NotADatabaseError, OSError) as error:
                if not is_locked(error) or time.monotonic() - began > FOREIGN_SECONDS:
                    raise opening_failed(self.path, error) from error
            _wait(stop)

    def _knock(self) -> Channel | None:
        address = self._election.owner()
        if address is None:
            return None
        with self._lock:
            if self._scratch is None:
                self._scratch = scratch()
        try:
            return Channel.open(address, self._scratch, self._inherit)
        except OwnerUnresponsive:
            raise StorageError(
                f"{self.path} is in use by {address.owner}, which does not answer:"
                " it is busy or stopped",
                hint=f"wait for it, or end it (kill {address.owner.pid}), then try again",
            ) from None

    def forget(self) -> None:
        """In a forked child: the parent's database is asked for, as by any other process."""
        self._lock = threading.RLock()
        self.budget = Budget()
        if self._owner is not None:
            self._owner.forget()
        for inherited in (self._owner, self._alone, self._scratch):
            leak_after_fork(inherited)
        self._owner = self._alone = self._scratch = None


class _Registry:
    """All databases that this process has open, by file."""

    def __init__(self) -> None:
        # The garbage collector may detach a database while another one is attached.
        self.lock = threading.RLock()
        self.databases: dict[Path, Database] = {}

    def after_fork(self) -> None:
        """In the child."""
        self.lock = threading.RLock()
        for database in self.databases.values():
            database.forget()

    def leave(self) -> None:
        """At the end of the process, for all that nobody has detached."""
        for database in list(self.databases.values()):
            database.leave()


_registry = _Registry()


def leak_after_fork(inherited: object) -> None:
    """Keep what a forked child must neither use nor close: DuckDB's threads are not in it."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))


def _wait(stop: threading.Event) -> None:
    if stop.wait(_POLL_SECONDS):
        raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")


atexit.register(_registry.leave)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_registry.after_fork)
