"""The tokens of SQL, as DuckDB's own scanner tells them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import duckdb


class Token(NamedTuple):
    """A token where it begins, in bytes of UTF-8."""

    start: int
    text: bytes
    is_string: bool


def tokens(sql: str) -> Iterator[Token]:
    """All but comments."""
    text = sql.encode()
    found = duckdb.tokenize(sql)
    ends = [start for start, _ in found[1:]] + [len(text)]
    for (start, kind), end in zip(found, ends, strict=True):
        if kind != duckdb.token_type.comment:
            is_string = kind == duckdb.token_type.string_const
            yield Token(start, text[start:end].strip(), is_string)
