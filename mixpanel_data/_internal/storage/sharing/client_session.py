"""The owner's side of one borrower: a socket, a cursor, and two threads."""

from __future__ import annotations

import itertools
import json
import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from queue import SimpleQueue
from typing import Any, Protocol

import duckdb

from mixpanel_data._internal.storage.errors import one_line_up
from mixpanel_data._internal.storage.sharing import handles, protocol, rows
from mixpanel_data._internal.storage.sharing.budget import Limits
from mixpanel_data._internal.storage.sharing.protocol import Frame, Run
from mixpanel_data.types import Process

GRACE_SECONDS = 2.0
"""How long an owner that leaves waits for others to end their transactions."""

END_SECONDS = 10.0
"""How long it waits for anything at all: text that is being written, a reader that stopped."""

HANDSHAKE_SECONDS = 15.0
"""How long it waits for each message of a handshake."""

_MAX_NAME_BYTES = 1 << 14

_AGAIN_SECONDS = 0.05
"""One interrupt would be lost between two statements."""

_BEFORE_IT_RUNS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)

_numbers = itertools.count()


def handshake(connection: Connection, token: bytes) -> Process:
    """The connecting process, if it has the token; raises OSError, EOFError, AuthenticationError, ValueError."""
    handles.patience(connection, HANDSHAKE_SECONDS)
    deliver_challenge(connection, token)
    answer_challenge(connection, token)
    participant = protocol.process(protocol.decoded(connection.recv_bytes(_MAX_NAME_BYTES)))
    handles.patience(connection, 0)
    return participant


class Host(Protocol):
    """What a client session needs of the owner."""

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own."""

    def participants(self) -> list[Process]:
        """Every process that has the database open."""

    def within(self, limits: Limits) -> AbstractContextManager[None]:
        """Limits for what runs in the block."""

    def goodbye(self, client: ClientSession) -> None:
        """This session has ended."""


class ClientSession:
    """Runs what one borrower asks for: one thread listens to its socket, the other one works.

    So a borrower can stop what runs, and its statement stops when it dies. The listener is the
    thread that makes this.
    """

    def __init__(self, connection: Connection, participant: Process, host: Host) -> None:
        self.number = next(_numbers)
        self.participant = participant
        self.is_waiting = False
        """Its statement was not run: the next owner will run it."""
        self._socket = connection
        self._host = host
        self._sending = threading.Lock()
        self._state = threading.Condition()
        self._running: Run | None = None
        self._in_transaction = False
        self._deadline = math.inf
        """When the borrower must have ended its transaction; none until the owner leaves."""
        self._ignores_interrupts = True
        self._over = False
        self._gone = False
        self._passed_on = False
        self._work: SimpleQueue[tuple[Run, bytes | None, int | None] | None] = SimpleQueue()
        self._cursor: duckdb.DuckDBPyConnection

    def start(self) -> None:
        """Begin to work."""
        self._listener = threading.current_thread()
        self._worker = threading.Thread(
            target=self._do, name=f"{self._listener.name} duckdb", daemon=True
        )
        self._worker.start()

    # -- the listener -----------------------------------------------------------------------------

    def listen(self) -> None:
        """Serve the borrower until it disconnects."""
        with suppress(OSError, EOFError, ValueError, MemoryError):  # it has gone, or sends nonsense
            while True:
                self._handle_frame(self._socket.recv_bytes(protocol.MAX_REQUEST_BYTES))
        with self._state:
            self._gone = True
            while self._running is not None:
                self._interrupt()
                self._state.wait(_AGAIN_SECONDS)
        self._work.put(None)
        self._worker.join()
        self._socket.close()

    def _handle_frame(self, frame: bytes) -> None:
        run = protocol.request(frame)
        if run == "stop":
            with self._state:
                self._interrupt()
        elif run == "who":
            everyone = [asdict(participant) for participant in self._host.participants()]
            self.send(Frame.ACCEPTED(json.dumps(everyone).encode()))
        else:
            stream = self._socket.recv_bytes() if run.has_rows else None
            lent = handles.take(self._socket) if run.lent else None
            self._accept(run, stream, lent)

    def _accept(self, run: Run, stream: bytes | None, lent: int | None) -> None:
        with self._state:
            if self._over or (self._is_leaving and not self._in_transaction):
                self.is_waiting = True
                if lent is not None:
                    os.close(lent)
                return
            self._running = run
        try:
            self.send(Frame.ACCEPTED())
        except OSError:
            self._done(run, lent)
            raise
        self._work.put((run, stream, lent))

    def _done(self, run: Run, lent: int | None) -> None:
        if lent is not None:
            os.close(lent)
        with self._state:
            # The borrower knows of the end already, and may have sent the next request.
            if self._running is run:
                self._running = None
            self._state.notify_all()

    # -- the worker -------------------------------------------------------------------------------

    def _do(self) -> None:
        try:
            self._cursor = self._host.cursor()
            for setting in (rows.EXACT, rows.NO_PYTHON):
                self._cursor.execute(setting)
            self._ignores_interrupts = False
            while (asked := self._work.get()) is not None:
                run, stream, lent = asked
                try:
                    with self._host.within(Limits(run.memory, run.temp)):
                        last = self._run(run, stream, lent)
                    if last is not None:
                        self.send(last)
                except OSError:
                    pass  # the borrower is gone
                finally:
                    self._done(run, lent)
            self._cursor.close()
        except duckdb.Error:
            handles.shut(self._socket)  # the database is closed: the borrower finds the next owner
        finally:
            self._host.goodbye(self)

    def _run(self, run: Run, stream: bytes | None, lent: int | None) -> bytes | None:
        """Run it, and give the last frame of the answer; None where the next owner has that."""
        cursor = self._cursor
        text = run.sql if run.lent is None else run.sql.replace(run.lent, str(lent))
        params = run.params
        self._passed_on = False
        try:
            if stream is not None and run.into is None:
                params = _params(cursor, run, stream)
            with self._transaction_of(cursor, run):
                if stream is not None and run.into is not None:
                    rows.insert(cursor, stream, run.into)
                self._answer(cursor, text, params)
        except duckdb.InterruptException as error:
            if self._is_leaving and self._may_stop(run):
                self.is_waiting = True
                return None
            return protocol.failure(error)
        except (RuntimeError, ValueError, TypeError) as error:
            return protocol.failure(duckdb.Error(str(error)))
        except duckdb.Error as error:
            if run.commits:
                self._in_transaction = False
            return protocol.failure(_pointing(cursor, text, params, error))
        self._in_transaction = run.in_transaction
        return Frame.END()

    @contextmanager
    def _transaction_of(self, cursor: duckdb.DuckDBPyConnection, run: Run) -> Iterator[None]:
        """What is stopped in the block is undone for certain: without this it may be committed."""
        if not run.undoable:
            yield
            return
        cursor.execute("BEGIN")
        try:
            yield
            with self._state:
                self._ignores_interrupts = True
            cursor.execute("COMMIT")
        except BaseException:
            with self._state:
                self._ignores_interrupts = True  # no interrupt must hit this one either
            with suppress(duckdb.TransactionException):
                cursor.execute("ROLLBACK")
            raise
        finally:
            with self._state:
                self._ignores_interrupts = False

    def _answer(self, cursor: duckdb.DuckDBPyConnection, sql: str, params: Any) -> None:
        relation = cursor.sql(sql, params=params)
        columns = relation.columns, [str(kind) for kind in relation.types]
        pieces = rows.Pieces(Frame.ROWS(), self._pass_on)
        self.send(Frame.COLUMNS(json.dumps(columns).encode()))
        try:
            rows.write(rows.packed(relation), pieces)
        except (RuntimeError, ValueError) as error:
            raise protocol.in_stream(str(error)) from error
        pieces.flush()

    def _pass_on(self, piece: bytes | bytearray) -> None:
        self._passed_on = True
        self.send(piece)

    def send(self, frame: bytes | bytearray) -> None:
        """Send a frame; raises OSError when the borrower has gone."""
        with self._sending:
            self._socket.send_bytes(frame)

    # -- the end ----------------------------------------------------------------------------------

    def start_leaving(self) -> None:
        """The owner leaves: from now on, only what is begun goes on."""
        with self._state:
            self._deadline = time.monotonic() + GRACE_SECONDS

    def drain(self) -> None:
        """Wait until nothing of the borrower runs, stopping what the next owner can run as well."""
        with self._state:
            while not self._gone and (self._running is not None or self._in_transaction):
                if self._is_late(END_SECONDS - GRACE_SECONDS):
                    handles.shut(self._socket)  # it reads no rows, or too many are left
                    self._ignores_interrupts = False
                    self._interrupt()
                if self._running is None:
                    if self._is_late():
                        break
                elif self._may_stop(self._running):
                    self._interrupt()
                self._state.wait(_AGAIN_SECONDS)
            self._over = True
        self._work.put(None)
        self._worker.join(END_SECONDS)

    def _may_stop(self, run: Run) -> bool:
        """Whether what runs can be undone and run by the next owner, or cut with its transaction."""
        if run.lent or run.commits or (run.once and self._passed_on):
            return False
        if self._in_transaction or not (run.reads or run.undoable):
            return self._is_late()
        return True

    @property
    def _is_leaving(self) -> bool:
        return self._deadline < math.inf

    def _is_late(self, by: float = 0) -> bool:
        return time.monotonic() > self._deadline + by

    def _interrupt(self) -> None:
        running = self._running
        if running and not (self._ignores_interrupts or running.commits):
            self._cursor.interrupt()

    def hand_over_lock(self, lock: int) -> None:
        """Send the borrower the lock."""
        handles.give(self._socket, lock)

    def close(self) -> None:
        """Disconnect."""
        handles.shut(self._socket)
        self._listener.join(END_SECONDS)

    def forget(self) -> None:
        """In a forked child: the socket is the parent's."""
        self._socket.close()


def _params(cursor: duckdb.DuckDBPyConnection, run: Run, stream: bytes) -> Any:
    values = rows.values(cursor, stream)
    return dict(zip(run.params, values, strict=True)) if run.params else values


def _pointing(
    cursor: duckdb.DuckDBPyConnection, sql: str, params: Any, error: duckdb.Error
) -> duckdb.Error:
    """The same error as `execute` has it: with the place in the text, which relations leave out."""
    if not isinstance(error, _BEFORE_IT_RUNS):
        return error
    try:
        cursor.execute(f"EXPLAIN\n{sql}", params)
    except duckdb.Error as found:
        whole = one_line_up(found)
        if str(whole).startswith(str(error)):
            return whole
    return error
