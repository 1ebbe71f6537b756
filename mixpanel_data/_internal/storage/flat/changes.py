"""Statements of others that may change a fetched table: then it is not as it was fetched any more.

Its flat table is out of step, and `_metadata` marks it as changed. What a statement may change is
told by its words, and in doubt it is all that they name. The note is made before the statement, in
the same transaction: what undoes one undoes the other. Outside of a transaction, the mark of a
statement that fails is withdrawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import takewhile
from typing import NamedTuple

import duckdb

from mixpanel_data._internal.storage import metadata
from mixpanel_data._internal.storage.errors import UNRELATED
from mixpanel_data._internal.storage.flat import catalog
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data._internal.storage.tokens import tokens

_FIRES_TRIGGERS = {"insert", "update", "delete", "merge", "truncate", "copy", "execute"}
_MEANS_ANYTHING = {"import", "json_execute_serialized_sql"}
_CHANGES = {*_FIRES_TRIGGERS, *_MEANS_ANYTHING, "create", "alter", "drop"}
_MAY_CHANGE = re.compile(rf"\b({'|'.join(sorted(_CHANGES))})\b", re.IGNORECASE)

_NAMES_ITS_TARGET_FIRST = {"insert", "update", "delete", "merge", "copy", "create"}
_ON_ITS_TARGET = {"then", "do"}
"""Before the verb of MERGE … THEN UPDATE and of ON CONFLICT DO UPDATE, which names no table."""

_ENDS_TARGET = {
    *("as", "select", "values", "from", "with", "set", "using", "where", "on", "to", "returning"),
    *("(", ";"),
}


class Word(NamedTuple):
    """A token of SQL, in lower case and without quotes; `plain` ones had none."""

    text: str
    plain: bool


class Target(NamedTuple):
    """What a statement may change: all that the words name, or `anything`.

    `precise` words are the name of the one thing that it changes.
    """

    words: frozenset[str] = frozenset()
    precise: bool = False
    anything: bool = False


@contextmanager
def noted(connection: Connection, sql: str) -> Iterator[str]:
    """Run all statements but the last; that one, to be run in the block. Each is noted first."""
    if ";" not in sql and _MAY_CHANGE.search(sql) is None:
        yield sql
        return
    statements = connection.extract_statements(sql)
    for statement in statements[:-1]:
        with noting(connection, statement.query):
            connection.execute(statement)
    text: str = statements[-1].query if len(statements) > 1 else sql
    with noting(connection, text):
        yield text


@contextmanager
def noting(connection: Connection, statement: str) -> Iterator[None]:
    """Note what a statement may change, which is run in the block."""
    marks = _note(connection, statement)
    try:
        yield
    except UNRELATED:
        raise  # it may have been done all the same
    except duckdb.Error:
        with suppress(duckdb.Error):  # a transaction that it ended takes its marks with it
            for mark in marks:
                metadata.withdraw(connection, mark)
        raise


def _note(connection: Connection, statement: str) -> list[metadata.Mark]:
    if _MAY_CHANGE.search(statement) is None:
        return []
    words = list(_words(statement))
    if any(word.plain and word.text == "execute" for word in words):
        prepared = connection.execute("SELECT statement FROM duckdb_prepared_statements()")
        words += [word for (text,) in prepared.fetchall() for word in _words(text)]
    target = target_of(words)
    if not target.words and not target.anything:
        return []
    fires = any(word.plain and word.text in _FIRES_TRIGGERS for word in words)
    if fires and connection.execute("SELECT 1 FROM duckdb_triggers() LIMIT 1").fetchall():
        target = target._replace(anything=True)
    return _mark(connection, target)


_CATALOGS = """
    SELECT database_name, table_name, database_name = current_database()
    FROM duckdb_tables()
    JOIN duckdb_databases() AS d USING (database_name)
    WHERE schema_name = 'main' AND table_name IN ('_flat', '_metadata') AND NOT d.readonly
"""


def _mark(connection: Connection, target: Target) -> list[metadata.Mark]:
    """Note it in the current database, and in attached ones that are named.

    Of the latter alone, where one is named and the words are `precise`.
    """
    rows = connection.execute(_CATALOGS).fetchall()
    named = {database for database, *_ in rows if database.lower() in target.words}
    at = datetime.now(UTC).replace(tzinfo=None)
    marks = []
    for database, catalog_table, is_current in rows:
        if database not in named and (not is_current or (named and target.precise)):
            continue
        if catalog_table == metadata.NAME:
            is_all = target.anything or metadata.NAME in target.words
            names = None if is_all else target.words
            marks.append(metadata.mark_changed(connection, database, names, at))
        else:
            is_all = target.anything or not catalog.OURS.isdisjoint(target.words)
            catalog.out_of_step(connection, database, None if is_all else target.words)
    return marks


def target_of(words: Sequence[Word]) -> Target:
    """What a statement of these words may change."""
    if words and words[0] == Word("prepare", plain=True):
        return Target()  # EXECUTE is noted
    at = [
        number
        for number, word in enumerate(words)
        if word.plain
        and word.text in _CHANGES
        and (number == 0 or words[number - 1].text not in _ON_ITS_TARGET)
    ]
    verbs = {words[number].text for number in at}
    if not verbs:
        return Target()
    if verbs & _MEANS_ANYTHING:
        return Target(_texts(words), anything=True)
    if len(at) > 1 or not verbs <= _NAMES_ITS_TARGET_FIRST:
        return Target(_texts(words))
    verb, *rest = words[at[0] :]
    if verb.text == "copy" and Word("from", plain=True) not in rest:
        return Target()
    if verb.text == "delete":
        rest = rest[1:]
    return Target(_texts(takewhile(_is_target, rest)), precise=True)


def _is_target(word: Word) -> bool:
    return not word.plain or (word.text not in _ENDS_TARGET and word.text[:1] != "(")


def _texts(words: Iterable[Word]) -> frozenset[str]:
    return frozenset(word.text for word in words)


def _words(sql: str) -> Iterator[Word]:
    for token in tokens(sql):
        text = token.text.decode().strip()
        if text[:1] in {'"', "'"}:
            quote = text[0]
            yield Word(text[1:-1].replace(quote * 2, quote).lower(), plain=False)
        else:
            yield Word(text.lower(), plain=not token.is_string)
