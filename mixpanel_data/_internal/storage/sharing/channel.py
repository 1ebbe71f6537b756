"""The borrower's end: one socket is one cursor of the owner's."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Client, Connection, answer_challenge, deliver_challenge
from multiprocessing.context import AuthenticationError
from typing import Any

import duckdb

from mixpanel_data._internal.storage.sharing import handles, protocol, rows
from mixpanel_data._internal.storage.sharing.address import Address, here
from mixpanel_data._internal.storage.sharing.answer import Answer
from mixpanel_data._internal.storage.sharing.errors import (
    OwnerLost,
    OwnerUnresponsive,
    StatementNotStarted,
)
from mixpanel_data._internal.storage.sharing.protocol import Frame, Run
from mixpanel_data.types import Process

_SOON_SECONDS = 0.05
HANDSHAKE_SECONDS = 15
"""An owner whose process is stopped takes a connection, but never says a word."""


Inherit = Callable[[int], None]
"""Makes this process the owner, with the lock of the last one."""


class Channel:
    """Runs statements at the owner's, one at a time; only `interrupt` may come between."""

    def __init__(
        self, connection: Connection, scratch: duckdb.DuckDBPyConnection, inherit: Inherit
    ) -> None:
        self._socket = connection
        self._inherit = inherit
        self._sending = threading.Lock()
        self.scratch = scratch.cursor()
        self.scratch.execute(rows.NO_PYTHON)
        self._answer: Answer | None = None

    @classmethod
    def open(
        cls, address: Address, scratch: duckdb.DuckDBPyConnection, inherit: Inherit
    ) -> Channel | None:
        """Knock at an owner's door; None when nobody lives there any more.

        Raises OwnerUnresponsive when it does not answer.
        """
        try:
            connection = Client(address.socket)
        except (OSError, EOFError):
            return None
        try:
            _expect_word(connection)
            answer_challenge(connection, address.token)
            deliver_challenge(connection, address.token)
            connection.send_bytes(json.dumps(asdict(here())).encode())
        except (OSError, EOFError, AuthenticationError):
            connection.close()
            return None
        except BaseException:
            connection.close()
            raise
        return cls(connection, scratch, inherit)

    def run(
        self,
        statement: Run,
        params: Sequence[Any] | None = None,
        lent: int | None = None,
        stream: bytes | None = None,
    ) -> Answer:
        """Run a statement; of a long answer, the first piece is here.

        Raises what DuckDB raised, StatementNotStarted, or OwnerLost. `params` go as an Arrow stream, unless there
        is one already.
        """
        self.settle()
        request = statement.to_bytes()
        if len(request) > protocol.MAX_REQUEST_BYTES:
            raise duckdb.InvalidInputException(
                f"a statement of more than {protocol.MAX_REQUEST_BYTES >> 20} MB does not go"
                " to the process that has the database open"
            )
        if params is not None:
            stream = rows.parameters(self.scratch, params)
        try:
            with self._sending:  # a STOP in between would be taken for one of these
                self._socket.send_bytes(request)
                if stream is not None:
                    self._socket.send_bytes(stream)
                if lent is not None:
                    handles.give(self._socket, lent)
            frame = self._receive()
        except (OwnerLost, OSError):
            raise StatementNotStarted from None
        self._refuse(frame)
        answer = Answer(self.receive)
        answer.begin()
        self._answer = answer
        return answer

    def who(self) -> list[Process]:
        """The owner and all borrowers."""
        self.settle()
        try:
            self._send(protocol.WHO)
            frame = self._receive()
        except OwnerLost:
            raise StatementNotStarted from None
        self._refuse(frame)
        return protocol.participants(frame[1:])

    def receive(self) -> bytes:
        """The next frame of an answer; raises DuckDB's error, StatementNotStarted, or OwnerLost."""
        frame = self._receive()
        if frame[0] == Frame.FAILED:
            raise protocol.raised(frame[1:])
        self._refuse(frame)
        return frame

    def _refuse(self, frame: bytes) -> None:
        if frame[0] == Frame.MOVED:
            raise StatementNotStarted
        if frame[0] == Frame.HEIR:
            try:
                lock = handles.take(self._socket)
            except (OSError, EOFError):
                raise StatementNotStarted from None
            self._inherit(lock)
            raise StatementNotStarted

    def _send(self, frame: bytes) -> None:
        try:
            with self._sending:
                self._socket.send_bytes(frame)
        except OSError:
            raise OwnerLost from None

    def _receive(self) -> bytes:
        try:
            frame = self._socket.recv_bytes()
        except (OSError, EOFError):
            raise OwnerLost from None
        if not frame:
            raise OwnerLost
        return frame

    def interrupt(self) -> None:
        """Stop the running statement, at the owner's and here."""
        # An owner that does not read lets a request wait; there is nothing to stop yet, then.
        if self._sending.acquire(timeout=_SOON_SECONDS):
            try:
                with suppress(OSError):
                    self._socket.send_bytes(protocol.STOP)
            finally:
                self._sending.release()
        with suppress(duckdb.ConnectionException):  # closed by now
            self.scratch.interrupt()

    def settle(self) -> None:
        """Let go of an answer that no one has read to its end."""
        if self._answer is None or self._answer.is_complete:
            return
        self.interrupt()
        with suppress(OwnerLost, StatementNotStarted, duckdb.Error):
            self._answer.skip()
        self._answer = None

    @property
    def is_open(self) -> bool:
        """Whether the owner is still there; an idle channel receives nothing but its end."""
        if self._answer is not None and not self._answer.is_complete:
            return True
        try:
            return not self._socket.poll(0)
        except OSError:
            return False

    def abandon(self) -> None:
        """Disconnect from an unresponsive owner; calls that wait for it end."""
        handles.shut(self._socket)

    def forget(self) -> None:
        """In a forked child: the conversation is the parent's."""
        self._socket.close()

    def close(self) -> None:
        """Hang up: the owner rolls back what is open."""
        handles.shut(self._socket)
        self._socket.close()
        self.scratch.close()


def _expect_word(connection: Connection) -> None:
    if not connection.poll(HANDSHAKE_SECONDS):
        raise OwnerUnresponsive
