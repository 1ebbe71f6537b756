"""What owner and borrower say to each other, in frames of `multiprocessing.connection`.

A borrower sends requests as JSON. Each is ACCEPTED before anything of it is done, so that who
loses the owner knows whether it can have run. Then come COLUMNS, ROWS (pieces of an Arrow IPC
stream) and END, or FAILED. MOVED says that nothing of it was done and that the next owner is to
be asked; HEIR says the same, and the lock that makes its receiver the next owner follows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from types import UnionType
from typing import Any, Literal

import duckdb

from mixpanel_data.exceptions import StorageError
from mixpanel_data.types import Process

MAX_REQUEST_BYTES = 1 << 28
"""Bytes; rows that follow a request may be more."""


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
    `memory` and `temp` are limits of bytes while it runs.
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
    memory: int | None = None
    temp: int | None = None

    def to_bytes(self) -> bytes:
        """The request."""
        return json.dumps(["run", self.__dict__]).encode()


STOP = json.dumps(["stop", {}]).encode()
WHO = json.dumps(["who", {}]).encode()


def decoded(content: bytes | bytearray | memoryview) -> Any:
    """JSON that another process wrote; raises ValueError, however deep it is."""
    try:
        return json.loads(bytes(content))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def process(facts: Any) -> Process:
    """What another process says of itself; raises ValueError."""
    match facts:
        case {"pid": int(pid), "program": str(program), **rest} if pid > 0 and not rest:
            return Process(pid, program)
    raise ValueError("no process")


def request(frame: bytes) -> Literal["stop", "who"] | Run:
    """What is asked; raises ValueError."""
    match decoded(frame):
        case ["stop", _]:
            return "stop"
        case ["who", _]:
            return "who"
        case ["run", dict(facts)] if "sql" in facts and facts.keys() <= _KINDS.keys():
            if all(isinstance(value, _KINDS[name]) for name, value in facts.items()):
                return Run(**facts)
    raise ValueError("no request")


_KINDS: dict[str, type | UnionType] = {
    "sql": str,
    "params": list | dict | None,
    "has_rows": bool,
    "into": str | None,
    "lent": str | None,
    "once": bool,
    "reads": bool,
    "undoable": bool,
    "in_transaction": bool,
    "commits": bool,
    "memory": int | None,
    "temp": int | None,
}
"""What JSON must have for each field of `Run`."""


def columns(content: memoryview) -> tuple[list[str], list[str]]:
    """Names and types of an answer's columns; raises StorageError where they are none."""
    with _understood():
        match decoded(content):
            case [[*names], [*types]] if len(names) == len(types):
                return [str(name) for name in names], [str(kind) for kind in types]
        raise ValueError


def participants(content: bytes) -> list[Process]:
    """The processes of an answer; raises StorageError where they are none."""
    with _understood():
        return [process(facts) for facts in list(decoded(content))]


def failure(error: duckdb.Error) -> bytes:
    """An error, to be raised by the one who asked."""
    return Frame.FAILED(json.dumps([type(error).__name__, str(error)]).encode())


def raised(content: bytes) -> duckdb.Error:
    """The same error again; raises StorageError where it is none."""
    with _understood():
        match decoded(content):
            case [str(name), str(text)]:
                return _class(name)(text)
        raise ValueError


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError):
        raise StorageError(
            "the process that has the database open gave an answer that is not understood",
            hint="it may be another version of mixpanel_data: end it, then try again",
        ) from None


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
