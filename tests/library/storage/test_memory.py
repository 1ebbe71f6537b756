from __future__ import annotations

import duckdb
import pytest

from mixpanel_data._internal.storage.memory import bounded


def limit(connection: duckdb.DuckDBPyConnection) -> str:
    return str(connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0])


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def test_the_limit_holds_within_the_block_and_is_put_back_as_it_was(connection) -> None:
    before = limit(connection)
    for _ in range(5):
        with bounded(connection, 100):
            assert limit(connection) == "100.0 MiB"
        assert limit(connection) == before


def test_a_lower_limit_of_the_user_stays(connection) -> None:
    connection.execute("SET GLOBAL memory_limit = '50MiB'")
    with bounded(connection, 100):
        assert limit(connection) == "50.0 MiB"
    assert limit(connection) == "50.0 MiB"


def test_a_transaction_outlives_a_limit_that_can_not_be_met(connection) -> None:
    connection.execute(
        "CREATE TABLE held AS SELECT range AS n, repeat('x', 500) AS text FROM range(200000)"
    )
    before = limit(connection)
    connection.execute("BEGIN")
    with bounded(connection, 1):
        connection.execute("INSERT INTO held VALUES (-1, '')")
    connection.execute("COMMIT")
    assert connection.execute("SELECT count(*) FROM held").fetchall() == [(200001,)]
    assert limit(connection) == before
