"""Files that a statement names: relative to the borrower, and read by the owner.

DuckDB has no setting for it (`file_search_path` comes after the owner's own folder, and not at all
for what is written), so names become absolute before a statement is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

_BEFORE_A_FILE = {b"from", b"join", b"to", b"attach", b"database"}
_READS_FILES = re.compile(rb"read_\w+|parquet_\w+|glob|sniff_csv")
_HAS_A_FROM_OF_ITS_OWN = {b"extract", b"substring", b"trim", b"overlay", b"position"}
_IS_WHOLE = re.compile(rb"/|~|:|[A-Za-z]:|\w+://")


@dataclass
class _Level:
    """What is between one pair of parentheses: the word before them, and the last one in them."""

    before: bytes = b""
    last: bytes = b""

    def expects_a_file(self) -> bool:
        """Whether a string that comes now is the name of one."""
        if _READS_FILES.fullmatch(self.before):
            return self.last in {b"", b"'"}
        return self.last in _BEFORE_A_FILE and self.before not in _HAS_A_FROM_OF_ITS_OWN


def absolute(sql: str, folder: Path) -> str:
    """A statement with the files that it names in `folder` spelled out.

    >>> absolute("COPY (FROM 'in/*.csv') TO 'out.csv'", Path("/here"))
    "COPY (FROM '/here/in/*.csv') TO '/here/out.csv'"
    >>> absolute("SELECT trim(BOTH 'x' FROM 'a.csv'), 'b.csv' FROM t", Path("/here"))
    "SELECT trim(BOTH 'x' FROM 'a.csv'), 'b.csv' FROM t"
    """
    text = sql.encode()
    pieces: list[bytes] = []
    done = 0
    for start, end in _files(text, sql):
        name = text[start + 1 : end - 1]
        if _IS_WHOLE.match(name):
            continue
        pieces += [
            text[done:start],
            b"'",
            str(folder).replace("'", "''").encode(),
            b"/",
            name,
            b"'",
        ]
        done = end
    return (b"".join(pieces) + text[done:]).decode()


def _files(text: bytes, sql: str) -> Iterator[tuple[int, int]]:
    """Where the names of files are."""
    levels = [_Level()]
    tokens = duckdb.tokenize(sql)
    ends = [start for start, _ in tokens[1:]] + [len(text)]
    for (start, kind), end in zip(tokens, ends, strict=True):
        if kind == duckdb.token_type.comment:
            continue
        token = text[start:end].rstrip()
        level = levels[-1]
        if kind == duckdb.token_type.string_const and token[:1] == b"'":
            if level.expects_a_file():
                yield start, start + len(token)
            level.last = b"'"
        elif token in {b"(", b"["}:
            levels.append(_Level(before=level.last if token == b"(" else level.before))
        elif token in {b")", b"]"} and len(levels) > 1:
            levels.pop()
            levels[-1].last = b")"
        elif token != b",":
            level.last = token.lower()
