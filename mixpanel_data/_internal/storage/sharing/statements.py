"""What kind of statement one is: whether it may be run twice, and what it does to a transaction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import duckdb

from mixpanel_data._internal.storage.tokens import tokens

_READS = {
    duckdb.StatementType.SELECT,
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.RELATION,
    duckdb.StatementType.LOGICAL_PLAN,
}
_UNDOABLE = {
    duckdb.StatementType.INSERT,
    duckdb.StatementType.UPDATE,
    duckdb.StatementType.DELETE,
    duckdb.StatementType.MERGE_INTO,
    duckdb.StatementType.CREATE,
}
_CHANGES = re.compile(r"\b(nextval|setval|insert|update|delete|merge)\b", re.IGNORECASE)
_STATE = {
    duckdb.StatementType.SET,
    duckdb.StatementType.VARIABLE_SET,
    duckdb.StatementType.PREPARE,
    duckdb.StatementType.ATTACH,
    duckdb.StatementType.LOAD,
}
# Ours begin with an underscore, and so do not outlast the work that makes them.
_TEMPORARY = re.compile(
    r"\s*create\s+(or\s+replace\s+)?(temp|temporary)\s+\w+\s+(?!_)", re.IGNORECASE
)
_GLOBAL = re.compile(r"\s*set\s+global\b", re.IGNORECASE)

_TO_A_FILE = re.compile(r"\bto\s+'(?:[^']|'')*'\s*(?:\([^()]*\))?\s*;?\s*$", re.IGNORECASE)

Transaction = Literal["begins", "commits", "rolls back"]


@dataclass(frozen=True)
class Statement:
    """One statement, as far as sharing has to understand it."""

    text: str
    reads: bool = False
    """It changes nothing, so that it may run again."""
    transaction: Transaction | None = None
    undoable: bool = False
    """A transaction around it undoes it."""
    leaves_state: bool = False
    """It makes something that lives as long as the owner's cursor: a setting, a temporary table."""


def split(scratch: duckdb.DuckDBPyConnection, sql: str | duckdb.Statement) -> list[Statement]:
    """The statements in a text; raises DuckDB's error where it is none."""
    if isinstance(sql, str):
        return [_understood(found) for found in scratch.extract_statements(sql)]
    return [_understood(sql)]


def _understood(statement: duckdb.Statement) -> Statement:
    text = str(statement.query)
    if statement.type == duckdb.StatementType.TRANSACTION:
        return Statement(text, transaction=_transaction(text))
    changes = _CHANGES.search(text) is not None
    return Statement(
        text,
        reads=(statement.type in _READS or _is_copy_out(statement)) and not changes,
        undoable=statement.type in _UNDOABLE or (statement.type in _READS and changes),
        leaves_state=_leaves_state(statement),
    )


def _leaves_state(statement: duckdb.Statement) -> bool:
    text = str(statement.query)
    if statement.type in _STATE:
        return _GLOBAL.match(text) is None
    return _TEMPORARY.match(text) is not None


def _is_copy_out(statement: duckdb.Statement) -> bool:
    # Run twice, it writes the same file twice.
    is_copy = statement.type == duckdb.StatementType.COPY
    return is_copy and _TO_A_FILE.search(str(statement.query)) is not None


def _transaction(text: str) -> Transaction:
    first = next(tokens(text)).text.lower()
    if first in {b"begin", b"start"}:
        return "begins"
    return "commits" if first in {b"commit", b"end"} else "rolls back"
