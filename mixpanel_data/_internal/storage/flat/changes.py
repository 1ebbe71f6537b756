"""Statements of others that may change a fetched table: its flat table is then out of step.

What a statement may change is told by its words, and in doubt it is all that they name. The note
is made before the statement, in the same transaction: what undoes one undoes the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from mixpanel_data._internal.storage.flat import catalog
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data._internal.storage.tokens import tokens

_FIRES_TRIGGERS = {"insert", "update", "delete", "merge", "truncate", "copy", "execute"}
_MEANS_ANYTHING = {"import", "json_execute_serialized_sql"}
_CHANGES = {*_FIRES_TRIGGERS, *_MEANS_ANYTHING, "create", "alter", "drop"}
_MAY_CHANGE = re.compile(rf"\b({'|'.join(sorted(_CHANGES))})\b", re.IGNORECASE)

_NAMES_ITS_TARGET_FIRST = {"insert", "update", "delete", "copy", "create"}
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


def noted(connection: Connection, sql: str) -> str:
    """Run all statements but the last; that one, to be run next. Each is noted before it runs."""
    if ";" not in sql and _MAY_CHANGE.search(sql) is None:
        return sql
    statements = connection.extract_statements(sql)
    for statement in statements[:-1]:
        note(connection, statement.query)
        connection.execute(statement)
    text: str = statements[-1].query if len(statements) > 1 else sql
    note(connection, text)
    return text


def note(connection: Connection, statement: str) -> None:
    """Put out of step what a statement that is run next may change."""
    if _MAY_CHANGE.search(statement) is None:
        return
    words = list(_words(statement))
    if any(word.plain and word.text == "execute" for word in words):
        prepared = connection.execute("SELECT statement FROM duckdb_prepared_statements()")
        words += [word for (text,) in prepared.fetchall() for word in _words(text)]
    target = target_of(words)
    if not target.words and not target.anything:
        return
    fires = any(word.plain and word.text in _FIRES_TRIGGERS for word in words)
    if fires and connection.execute("SELECT 1 FROM duckdb_triggers() LIMIT 1").fetchall():
        target = target._replace(anything=True)
    catalog.out_of_step(connection, target.words, precise=target.precise, anything=target.anything)


def target_of(words: Sequence[Word]) -> Target:
    """What a statement of these words may change."""
    at = [number for number, word in enumerate(words) if word.plain and word.text in _CHANGES]
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
