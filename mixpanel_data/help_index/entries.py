"""Entries of `mp help`, and the full-text search over them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any

_SCHEMA = "CREATE VIRTUAL TABLE entry USING fts5(title, summary, options, body, tokenize='porter')"
_WEIGHTS = "8, 4, 2, 1"
"""Weights of the columns: a word counts most in a name or a heading."""

_MATCHES = f"""
    SELECT rowid, -bm25(entry, {_WEIGHTS}) AS score,
        highlight(entry, 2, char(2), char(3)), highlight(entry, 3, char(2), char(3))
    FROM entry WHERE entry MATCH ? ORDER BY score DESC
"""
_MARK, _MARKS = "\x02", str.maketrans("", "", "\x02\x03")

_MIN_SHARE = 1 / 8
"""Share of the best score below which entries are left out."""

_MIN_PART = 3
"""Letters of the shortest word in a compound."""

_MAX_OPTIONS = 4
"""Options that are shown of a command."""

_MAX_LINE = 100
"""Characters of a line that are shown, and how many of them before the match."""
_MAX_LEAD = 40


@dataclass(frozen=True)
class Entry:
    """A command, a public name or a section of the documentation."""

    where: str
    help: str
    options: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        options = [f"    {name}  {text}" for name, text in self.options.items()][:_MAX_OPTIONS]
        lines = [f"    … {line}" for line in self.lines]
        return "\n".join([f"{self.where}  {self.help}", *options, *lines]) + "\n"

    def in_a_line(self) -> str:
        """Its name, its summary and the best matching line."""
        return " … ".join([f"{self.where}  {self.help}", *self.lines[:1]]) + "\n"

    def columns(self) -> tuple[str, str, str, str]:
        """The texts of the index; line feeds separate options and lines."""
        options = [f"{name} {text}".replace("\n", " ") for name, text in self.options.items()]
        return self.where, self.help, "\n".join(options), "\n".join(self.lines)

    def matching(self, options: str, body: str) -> Entry:
        """The entry with its matching options and its best matching line alone."""
        marked = zip(self.options.items(), options.split("\n"), strict=False)  # both may be empty
        others = [line for line in body.split("\n") if line.translate(_MARKS) != self.help]
        line = max(others, key=lambda line: line.count(_MARK), default="")
        return replace(
            self,
            options=dict(option for option, text in marked if _MARK in text),
            lines=[_around_match(line)] if _MARK in line else [],
        )


def search(text: str, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that have any of the words, the best first (BM25, English stems)."""
    known = list(entries)
    words = re.findall(r"[^\W_]+", text.lower())
    if not words:
        return []
    with closing(sqlite3.connect(":memory:")) as index:
        try:
            index.execute(_SCHEMA)
        except sqlite3.OperationalError:  # this build of SQLite has no FTS5
            return [it for it in known if all(word in str(it.columns()).lower() for word in words)]
        rows = ((number, *entry.columns()) for number, entry in enumerate(known))
        index.executemany(
            "INSERT INTO entry (rowid, title, summary, options, body) VALUES (?, ?, ?, ?, ?)", rows
        )
        matches = index.execute(_MATCHES, [_query(words)]).fetchall()
    return [
        known[number].matching(options, body)
        for number, score, options, body in matches
        if score >= matches[0][1] * _MIN_SHARE
    ]


def _query(words: Sequence[str]) -> str:
    """Any of the words, and compounds of them: "time zone" also matches "timezone", and back.

    >>> _query(["week", "start"])
    '"week" OR "start" OR "weekstart" OR "week start"'
    """
    splits = (
        f"{word[:at]} {word[at:]}"
        for word in words
        for at in range(_MIN_PART, len(word) - _MIN_PART + 1)
    )
    compounds = (f"{a}{space}{b}" for a, b in pairwise(words) for space in ("", " "))
    return " OR ".join(f'"{form}"' for form in (*words, *compounds, *splits))


def _around_match(line: str) -> str:
    """The line, or the part of a long one around its first match."""
    start = max(0, line.index(_MARK) - _MAX_LEAD)
    text = line.translate(_MARKS)
    if len(text) <= _MAX_LINE:
        return text.strip()
    return f"{'…' if start else ''}{text[start : start + _MAX_LINE].strip()}…"
