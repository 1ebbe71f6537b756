"""What owner and borrower say to each other, in frames of `multiprocessing.connection`.

A borrower sends requests as JSON. Each is ACCEPTED before anything of it is done, so that who
loses the owner knows whether it can have run. Then come COLUMNS, ROWS (pieces of an Arrow IPC
stream) and END, or FAILED. MOVED says that nothing of it was done and that the next owner is to
be asked; HEIR says the same, and the lock that makes its receiver the next owner follows.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import duckdb


class Frame(IntEnum):
    """The first byte of an answer's frame."""

    ACCEPTED = 1
    COLUMNS = 2
    ROWS = 3
    END = 4
    FAILED = 5
    MOVED = 6
    HEIR = 7

    def __call__(self, content: bytes = b"") -> bytes:
        """A frame of this kind."""
        return bytes([self]) + content


@dataclass(frozen=True, kw_only=True)
class Run:
    """One statement to run.

    `params` are JSON, or follow as an Arrow stream (`has_rows`), whose rows may be put `into` a
    table instead, before the statement. `lent` is the name of a file
    whose descriptor follows: it stands for that file in the text. `in_transaction` says whether
    the borrower's transaction is open once this is done, `commits` whether this ends it for good.
    `once` rows are passed on as they come, so that they can't come again. What `reads` may be
    stopped and run elsewhere, and so may what is `undoable`, by a transaction of its own.
    """

    sql: str
    params: Any = None
    has_rows: bool = False
    into: str | None = None
    lent: str | None = None
    once: bool = False
    reads: bool = False
    undoable: bool = False
    in_transaction: bool = False
    commits: bool = False

    def to_bytes(self) -> bytes:
        """The request."""
        return json.dumps(["run", self.__dict__]).encode()


STOP = json.dumps(["stop", {}]).encode()
WHO = json.dumps(["who", {}]).encode()


def request(frame: bytes) -> tuple[str, dict[str, Any]]:
    """What is asked, and its facts."""
    name, facts = json.loads(frame)
    return name, facts


def failure(error: duckdb.Error) -> bytes:
    """An error, to be raised by the one who asked."""
    return Frame.FAILED(json.dumps([type(error).__name__, str(error)]).encode())


def raised(content: bytes) -> duckdb.Error:
    """The same error again."""
    name, text = json.loads(content)
    return _class(name)(text)


def in_stream(text: str) -> duckdb.Error:
    """The error that DuckDB had while it handed out rows: of it, only the text gets through.

    >>> in_stream("ArrowArrayStream::get_next() failed (5): Out of Range Error: too much")
    OutOfRangeException('Out of Range Error: too much')
    """
    for match in _SPELLED.finditer(text):
        name = match["name"].replace(" ", "").lower()
        if name in _CLASSES:
            return _CLASSES[name](text[match.start() :])
    return duckdb.Error(text)


def _class(name: str) -> type[duckdb.Error]:
    found = getattr(duckdb, name, None)
    return found if isinstance(found, type) and issubclass(found, duckdb.Error) else duckdb.Error


_SPELLED = re.compile(r"(?P<name>[A-Z][A-Za-z]*(?: [A-Za-z]+)*) Error: ")
_CLASSES = {
    name.removesuffix("Exception").lower(): _class(name)
    for name in dir(duckdb)
    if name.endswith("Exception")
}
