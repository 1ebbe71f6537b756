"""Several statements as one: on one snapshot, or all of them or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from mixpanel_data._internal.storage.sharing import Connection


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """What is done in the block is done together, or not at all."""
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.TransactionException):  # a COMMIT that fails has ended it
            connection.execute("ROLLBACK")
        raise


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """What is read in the block belongs together, and what is made in it goes with it."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        _rollback(connection)


@contextmanager
def consistent(connection: Connection) -> Iterator[None]:
    """What is read in the block belongs together: on a snapshot, if there is none already."""
    if in_transaction(connection):
        yield
    else:
        with snapshot(connection):
            yield


def in_transaction(connection: Connection) -> bool:
    """Whether a transaction is open: outside of one, each statement has its own."""
    first, second = (connection.execute("SELECT txid_current()").fetchone() for _ in "ab")
    return first == second


def _rollback(connection: Connection) -> None:
    while True:
        try:
            connection.execute("ROLLBACK")
        except duckdb.InterruptException:
            continue
        return
