"""The rows of a query into a file, from flat tables where that gives the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import duckdb

from mixpanel_data._internal.storage.errors import UNRELATED
from mixpanel_data._internal.storage.output.select import Select
from mixpanel_data._internal.storage.session import Params
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data.formats import Format

COPY_OPTIONS = {
    Format.PARQUET: "FORMAT parquet, COMPRESSION zstd",
    Format.CSV: "FORMAT csv, HEADER true",
    Format.JSONL: "FORMAT json, ARRAY false",
    Format.JSON: "FORMAT json, ARRAY false",  # lines, too: `rows` puts the commas of an array
}
"""How DuckDB's COPY writes a format."""

Rewritten = Callable[[Connection, str, Params], AbstractContextManager[str | None]]
"""Gives, for the length of a block, the text to run in the place of a query; None for its own."""


@contextmanager
def as_given(_connection: Connection, _sql: str, _params: Params) -> Iterator[str | None]:
    """Every query runs as it was given."""
    yield None


def copied(
    connection: Connection,
    select: Select,
    target: str,
    copy: Callable[[Select, str], int],
    rewritten: Rewritten,
) -> int:
    """Copy the rows once, and say how many they are; what was parked for that is gone then."""
    failure = None
    try:
        with rewritten(connection, select.query, select.params) as text:
            if text is not None:
                try:
                    return copy(replace(select, query=text), target)
                except UNRELATED:
                    raise
                except duckdb.Error as error:
                    failure = error
        if failure is None:
            return copy(select, target)
        # People see their own SQL in errors; rows that went out already must not come again.
        copy(select, os.devnull)
        raise failure
    finally:
        select.forget(connection)
