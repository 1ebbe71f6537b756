"""Files that a statement names: relative to the borrower, and read by the owner.

DuckDB has no setting for it (`file_search_path` comes after the owner's own folder, and not at all
for what is written), so names become absolute before a statement is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mixpanel_data._internal.storage.tokens import Token, tokens

_READS_FILES = re.compile(rb"read_\w+|parquet_\w+|glob|sniff_csv")
_HAS_A_FROM_OF_ITS_OWN = {b"extract", b"substring", b"trim", b"overlay", b"position"}
_NAMES_A_FILE = {b"attach", b"export", b"import"}
_IS_WHOLE = re.compile(rb"/|~|:|[A-Za-z]:|\w+://")


@dataclass
class _Level:
    """What is between one pair of brackets: the word before them, and the last words in them."""

    before: bytes = b""
    is_list: bool = False
    first: bytes = b""
    last: bytes = b""
    last_but_one: bytes = b""

    def see(self, word: bytes) -> None:
        self.first = self.first or word
        self.last_but_one, self.last = self.last, word

    def inside(self, bracket: bytes) -> _Level:
        """What begins with this bracket; only the first argument of a function names files."""
        if bracket == b"(":
            return _Level(before=self.last)
        return _Level(before=b"" if self.last else self.before, is_list=True)

    def expects_a_file(self, *, outermost: bool) -> bool:
        """Whether a string that comes now is the name of one."""
        if _READS_FILES.fullmatch(self.before):
            return not self.last or (self.is_list and self.last == b",")
        if self.before in _HAS_A_FROM_OF_ITS_OWN:
            return False
        if self.last in {b"from", b"join"}:
            return self.last_but_one != b"distinct"
        if not outermost:
            return False
        return (self.first == b"copy" and self.last == b"to") or (
            self.first in _NAMES_A_FILE and self.last in {*_NAMES_A_FILE, b"database", b"exists"}
        )


def from_here(sql: str) -> str:
    """The same statement for a process that works in another folder."""
    try:
        here = Path.cwd()
    except OSError:  # the folder is gone
        return sql
    return absolute(sql, here) if "'" in sql else sql


def absolute(sql: str, folder: Path) -> str:
    """A statement with the files that it names in `folder` spelled out.

    >>> absolute("COPY (FROM 'in/*.csv') TO 'out.csv'", Path("/here"))
    "COPY (FROM '/here/in/*.csv') TO '/here/out.csv'"
    >>> absolute("SELECT trim(BOTH 'x' FROM 'a.csv'), 'b.csv' FROM t", Path("/here"))
    "SELECT trim(BOTH 'x' FROM 'a.csv'), 'b.csv' FROM t"
    """
    text = sql.encode()
    before = b"'" + str(folder).replace("'", "''").encode() + b"/"
    pieces: list[bytes] = []
    done = 0
    for file in _files(sql):
        name = file.text[1:]
        if not _IS_WHOLE.match(name):
            pieces += [text[done : file.start], before, name]
            done = file.start + len(file.text)
    return (b"".join(pieces) + text[done:]).decode()


def _files(sql: str) -> Iterator[Token]:
    """The names of files."""
    levels = [_Level()]
    for token in tokens(sql):
        level = levels[-1]
        if token.is_string and token.text[:1] == b"'":
            if level.expects_a_file(outermost=len(levels) == 1):
                yield token
            level.see(b"'")
        elif token.text in {b"(", b"["}:
            levels.append(level.inside(token.text))
        elif token.text in {b")", b"]"} and len(levels) > 1:
            levels.pop()
            levels[-1].see(token.text)
        else:
            level.see(token.text.lower())
