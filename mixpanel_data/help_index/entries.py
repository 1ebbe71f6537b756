"""Entries that words are looked for in, and what counts as found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

NAMED, SAID, OFFERED, SHOWN = 8, 4, 2, 1
"""What a word counts in an entry's name, its one line, its options, its text and examples."""

_LONG = 4
"""Letters of a word that may also be written apart."""

_WIDEST = 100
"""Characters of a line that are shown."""

_BEFORE = 40

_ENDING = r"(ies|ing|ed|es|y|s|e)"
_END = rf"{_ENDING}?(?!\w)"


@dataclass(frozen=True)
class Entry:
    """Something that can be found, in the parts that a word can stand in."""

    where: str
    help: str
    options: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        options = [f"    {name}  {text}" for name, text in self.options.items()]
        lines = [f"    … {line}" for line in self.lines]
        return "\n".join([f"{self.where}  {self.help}", *options, *lines]) + "\n"

    def in_a_line(self) -> str:
        """Where it is, what it is called, and the line that has the words."""
        return " … ".join([f"{self.where}  {self.help}", *self.lines[:1]]) + "\n"

    def weight(self, word: re.Pattern[str]) -> int:
        """What the word counts at the best place where it stands, 0 if it stands nowhere."""
        places = {
            NAMED: [self.where],
            SAID: [self.help],
            OFFERED: [f"{name} {text}" for name, text in self.options.items()],
            SHOWN: self.lines,
        }
        return next((n for n, texts in places.items() if any(map(word.search, texts))), 0)

    def found(self, words: Sequence[re.Pattern[str]]) -> Entry:
        """Of its options those that have a word, and lines for the words that are nowhere else."""
        options = {
            name: text
            for name, text in self.options.items()
            if any(word.search(f"{name} {text}") for word in words)
        }
        shown = [word for word in words if self.weight(word) == SHOWN]
        lines = sorted(self.lines, key=lambda line: -sum(bool(word.search(line)) for word in shown))
        told = [next(it for line in lines if (it := _around(line, word))) for word in shown]
        return replace(self, options=options, lines=list(dict.fromkeys(told)))


def _around(line: str, word: re.Pattern[str]) -> str | None:
    """A line with the word, or of a long one the part around it."""
    match = word.search(line)
    if match is None or len(line) <= _WIDEST:
        return match and line.strip()
    start = max(0, match.start() - _BEFORE)
    return f"{'…' if start else ''}{line[start : start + _WIDEST].strip()}…"


class Words:
    """What is looked for: all of these words, each where a word begins, in any form.

    Endings do not matter, and words are the same written together or apart.

    >>> Words("timezone").are_in("whose time zone"), Words("time zones").are_in("--timezone ZONE")
    (True, True)
    """

    def __init__(self, *typed: str) -> None:
        self.typed = [word for text in typed for word in text.split()]
        self._patterns = [self._pattern(number) for number in range(len(self.typed))]
        self._whole = [self._pattern(number, _END) for number in range(len(self.typed))]

    def are_in(self, text: str) -> bool:
        """Whether all are in one text."""
        return all(pattern.search(text) for pattern in self._patterns)

    def search(self, entries: Iterable[Entry]) -> list[Entry]:
        """The entries that have all the words, the best first.

        Those are named like them, have them as whole words, and have them together in a line.
        """
        hits = [(self._weight(entry), entry) for entry in entries]
        best = sorted((hit for hit in hits if hit[0]), key=lambda hit: -hit[0])
        return [entry.found(self._patterns) for _, entry in best]

    def _weight(self, entry: Entry) -> int:
        weights = [entry.weight(word) for word in self._patterns]
        if not weights or not all(weights):
            return 0
        whole = sum(entry.weight(word) for word in self._whole)
        together = SAID if any(map(self.are_in, entry.lines)) else 0
        return sum(weights) + whole + together

    def _pattern(self, number: int, end: str = "") -> re.Pattern[str]:
        """The word, or what it makes with the one before it or after it."""
        before, word, after = (
            self.typed[it] if 0 <= it < len(self.typed) else ""
            for it in (number - 1, number, number + 1)
        )
        forms = [word, *([before + word] if before else []), *([word + after] if after else [])]
        return re.compile("|".join(f"{_form(it)}{end}" for it in forms), re.IGNORECASE)


def _form(word: str) -> str:
    letters = "".join(re.findall(r"\w+", word.replace("_", " ")))
    if not letters:
        return re.escape(word)
    stem = re.sub(rf"(?<=\w{{4}}){_ENDING}$", "", letters.lower())
    return r"(?<!\w)" + (r"[\s_-]?" if len(stem) >= _LONG else "").join(map(re.escape, stem))
