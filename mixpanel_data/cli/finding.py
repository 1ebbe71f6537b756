"""A search through the help of all commands: what `mp help WORDS` finds."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from mixpanel_data.exceptions import InvalidArgumentError

NAMED, SAID, OFFERED, SHOWN = 8, 4, 2, 1
"""What a word counts in a command's name, its one line, its options, its text and examples."""


@dataclass(frozen=True)
class Page:
    """The help of one command, in the parts that a word can stand in."""

    command: str
    help: str
    options: dict[str, str]
    lines: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        options = [f"    {name}  {text}" for name, text in self.options.items()]
        lines = [f"    … {line}" for line in self.lines]
        return "\n".join([f"{self.command}  {self.help}", *options, *lines]) + "\n"

    def weight(self, word: re.Pattern[str]) -> int:
        """What the word counts at the best place where it stands, 0 if it stands nowhere."""
        places = {
            NAMED: [self.command],
            SAID: [self.help],
            OFFERED: [f"{name} {text}" for name, text in self.options.items()],
            SHOWN: self.lines,
        }
        return next((n for n, texts in places.items() if any(map(word.search, texts))), 0)

    def found(self, words: Sequence[re.Pattern[str]]) -> Page:
        """Of its options those that have a word, and a line for each word that is nowhere else."""
        options = {
            name: text
            for name, text in self.options.items()
            if any(word.search(f"{name} {text}") for word in words)
        }
        shown = [word for word in words if self.weight(word) == SHOWN]
        lines = [next(line for line in self.lines if word.search(line)) for word in shown]
        return replace(self, options=options, lines=list(dict.fromkeys(lines)))


def search(words: Sequence[str], ctx: Any) -> list[Page]:
    """The other commands whose help has all the words, those first that are named like them."""
    pages = [p for p in _pages(ctx.find_root().command, "mp", ctx) if p.command != ctx.command_path]
    patterns = [_pattern(word) for text in words for word in text.split()]
    weighed = [([page.weight(word) for word in patterns], page) for page in pages]
    hits = [(sum(weights), page) for weights, page in weighed if weights and all(weights)]
    if not hits:
        raise InvalidArgumentError(
            f"no command's help has {' '.join(words)!r}", hint=_instead(words, pages)
        )
    return [page.found(patterns) for _, page in sorted(hits, key=lambda hit: -hit[0])]


def _pages(command: Any, path: str, ctx: Any) -> Iterator[Page]:
    """The command's page and those of its commands; global options are on the root's alone."""
    records = [param.get_help_record(ctx) for param in command.params]
    options = {name.partition(" <")[0]: text for name, text in filter(None, records)}
    text = f"{command.help or ''}\n{command.epilog or ''}".replace("\b", "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    yield Page(path, command.get_short_help_str(200), options, lines)
    for name, child in getattr(command, "commands", {}).items():
        yield from _pages(child, f"{path} {name}", ctx)


def _pattern(word: str) -> re.Pattern[str]:
    """The word where another begins, its plural taken for its singular.

    >>> bool(_pattern("--Properties").search("one property"))
    True
    """
    stem = re.sub(r"(?<=\w{4})(ies|y|s)$", "", word.lstrip("-").lower())
    return re.compile(rf"(?<!\w){re.escape(stem or word)}", re.IGNORECASE)


def _instead(words: Sequence[str], pages: Sequence[Page]) -> str:
    """The same search with words that are there, or where to look."""
    typed = [word.lower() for text in words for word in text.split()]
    text = " ".join(
        f"{p.command} {p.help} {' '.join(p.options)} {' '.join(p.lines)}" for p in pages
    )
    known = sorted(set(re.findall(r"[a-z][a-z-]{2,}", text.lower())))
    near = [next(iter(difflib.get_close_matches(word, known, 1)), "") for word in typed]
    if near != typed and any(near):
        return f"mp help {' '.join(filter(None, near))}"
    return "fewer words, or mp --help for all commands"
