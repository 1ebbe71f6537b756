"""The owner's end: it serves the database that this process has open to all the others."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener
from multiprocessing.context import AuthenticationError

import duckdb

from mixpanel_data._internal.storage.sharing import handles
from mixpanel_data._internal.storage.sharing.address import Address, Election
from mixpanel_data._internal.storage.sharing.budget import Budget
from mixpanel_data._internal.storage.sharing.client_session import ClientSession, handshake
from mixpanel_data._internal.storage.sharing.protocol import Frame
from mixpanel_data.types import Process

_BACKLOG = 128
MAX_STRANGERS = 64
"""Connections that have yet to show the token: one more, and the oldest is closed."""
_PAUSE_SECONDS = 0.05
_SOON_SECONDS = 1.0


class Owner:
    """Holds the lock and the one open database, and has a cursor for each borrower.

    The root connection runs nothing itself: DuckDB refuses two calls at once on a connection, and
    making a cursor is one.
    """

    def __init__(
        self, before: Address | None, lock: int, root: duckdb.DuckDBPyConnection, budget: Budget
    ) -> None:
        self.lock = lock
        self.within = budget.within
        self._root = root
        self._one_at_a_time = threading.Lock()
        self._clients: set[ClientSession] = set()
        self._strangers: dict[Connection, None] = {}  # in the order in which they came
        self._leaving = False
        self._address = Address.new(before)
        self._door = Listener(self._address.socket, backlog=_BACKLOG)
        self._doorman = threading.Thread(target=self._receive, name="mp door", daemon=True)
        self._doorman.start()
        self._address.write(lock)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the database."""
        with self._one_at_a_time:
            return self._root.cursor()

    def participants(self) -> list[Process]:
        """This process, and those that borrow from it."""
        with self._one_at_a_time:
            clients = {client.participant for client in self._clients}
        others = sorted(clients - {self._address.owner}, key=lambda client: client.pid)
        return [self._address.owner, *others]

    # -- the door ---------------------------------------------------------------------------------

    def _receive(self) -> None:
        while True:
            try:
                connection = self._door.accept()
            except OSError:
                if self._leaving:
                    return
                time.sleep(_PAUSE_SECONDS)  # too many open files, perhaps
                continue
            if self._leaving:
                connection.close()
                return
            with self._one_at_a_time:
                if len(self._strangers) == MAX_STRANGERS:
                    self._send_away(next(iter(self._strangers)))
                self._strangers[connection] = None
            threading.Thread(
                target=self._meet, args=[connection], name="mp client", daemon=True
            ).start()

    def _meet(self, connection: Connection) -> None:
        """Accept a process that has the token, and serve it."""
        participant = client = None
        with suppress(OSError, EOFError, AuthenticationError, ValueError):
            participant = handshake(connection, self._address.token)
        with self._one_at_a_time:
            self._strangers.pop(connection, None)
            if participant is not None and not self._leaving:
                client = ClientSession(connection, participant, self)
                self._clients.add(client)
                client.start()
        if client is None:
            connection.close()
        else:
            client.listen()

    def _send_away(self, stranger: Connection) -> None:
        del self._strangers[stranger]
        handles.shut(stranger)  # its thread closes it

    def goodbye(self, client: ClientSession) -> None:
        """A client session has ended."""
        with self._one_at_a_time:
            self._clients.discard(client)

    def _shut_door(self) -> None:
        self._leaving = True
        with suppress(OSError):
            Client(self._address.socket).close()  # wakes the doorman
        self._doorman.join(_SOON_SECONDS)  # unless someone has removed its socket
        with self._one_at_a_time:
            for stranger in list(self._strangers):
                self._send_away(stranger)
        with suppress(OSError):
            self._door.close()
        self._address.remove()

    # -- the end ----------------------------------------------------------------------------------

    def leave(self) -> None:
        """End what runs, close the database, and hand it to a process that waits for it.

        Statements of others that are not part of a transaction are stopped, which undoes them:
        the next owner runs them. Those in a transaction get a moment to end it.
        """
        self._shut_door()
        with self._one_at_a_time:
            clients = sorted(self._clients, key=lambda client: client.number)
        for client in clients:
            client.start_leaving()
        for client in clients:
            client.drain()
        self._root.close()
        self._hand_over([client for client in clients if client.is_waiting])
        for client in clients:
            client.close()

    def _hand_over(self, waiting: list[ClientSession]) -> None:
        """The lock itself goes to the first that waits: no process can take it in between."""
        heirs = iter(waiting)
        if os.name == "posix":
            for heir in heirs:
                try:
                    heir.send(Frame.HEIR())
                    heir.hand_over_lock(self.lock)
                except OSError:
                    continue
                os.close(self.lock)
                break
            else:
                Election.resign(self.lock)
        else:
            Election.resign(self.lock)
        for client in heirs:
            with suppress(OSError):
                client.send(Frame.MOVED())

    def forget(self) -> None:
        """In a forked child: nothing here is its own."""
        os.close(self.lock)
        self._door.close()
        for client in self._clients:
            client.forget()
