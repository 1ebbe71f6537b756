"""The pages of the documentation, section by section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import dropwhile, takewhile
from pathlib import Path

from mixpanel_data.help_index.entries import Entry

_FENCE = re.compile(r"\s*(```|~~~)")
_HEADING = re.compile(r"(#{1,6}) +(.+?)\s*#*$")
_NOT_READ = re.compile(r"<!--.*?-->\n?|^::: .*\n(?:    .*\n)*", re.DOTALL | re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.:;?!])\s+(?=\S)")

_SAID_ELSEWHERE = re.compile(r"reference/(commands|library/)")
"""What a search has in other words: the help of commands, and docstrings."""


@dataclass(frozen=True)
class Section:
    """A heading and the text under it."""

    page: str
    level: int
    title: str
    text: str

    @property
    def markdown(self) -> str:
        """As it is written."""
        return "\n\n".join(filter(None, (f"{'#' * self.level} {self.title}", self.text))) + "\n"

    @property
    def where(self) -> str:
        """The page, and where in it: what `mp help` takes to print it."""
        return self.page if self.level == 1 else f"{self.page}#{slug(self.title)}"


def sections() -> Iterator[Entry]:
    """All sections but those that are commands and methods, to be searched."""
    for name in _pages():
        if not _SAID_ELSEWHERE.match(name):
            for section in _parts(name):
                yield Entry(section.where, section.title, lines=list(_sentences(section.text)))


def read(where: str) -> str | None:
    """A page, or a section with those below it; None where there is none."""
    page, _, anchor = where.removeprefix("docs/").partition("#")
    page = page.removesuffix(".md")
    if page not in _pages():
        return None
    parts = _parts(page)
    if anchor:
        below = dropwhile(lambda it: slug(it.title) != anchor, parts)
        first = next(below, None)
        if first is None:
            return None
        parts = (first, *takewhile(lambda it: it.level > first.level, below))
    return "\n".join(part.markdown for part in parts)


def slug(title: str) -> str:
    """A heading as addresses have it.

    >>> slug("What will it cost?")
    'what-will-it-cost'
    """
    return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())


@cache
def _pages() -> dict[str, Path]:
    """Pages by name: those of the package, or in a checkout those beside it."""
    package = Path(str(files("mixpanel_data")))
    home = package / "docs"
    if not home.is_dir() and (package.parent / "pyproject.toml").is_file():
        home = package.parent / "docs"
    found = sorted(home.rglob("*.md"))
    return {path.relative_to(home).with_suffix("").as_posix(): path for path in found}


@cache
def _parts(page: str) -> tuple[Section, ...]:
    """The sections of a page, in order; what is not for readers is left out."""
    text = _NOT_READ.sub("", _pages()[page].read_text(encoding="utf-8"))
    return tuple(Section(page, *part) for part in _headed(text.splitlines()))


def _headed(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """Each heading with its level and the text under it; `#` in a block of code is none."""
    starts: list[tuple[int, re.Match[str]]] = []
    is_code = False
    for number, line in enumerate(lines):
        is_code ^= _FENCE.match(line) is not None
        if not is_code and (heading := _HEADING.fullmatch(line)):
            starts.append((number, heading))
    ends = [number for number, _ in starts[1:]] + [len(lines)]
    for (number, heading), end in zip(starts, ends, strict=True):
        yield len(heading[1]), heading[2], "\n".join(lines[number + 1 : end]).strip()


def _sentences(text: str) -> Iterator[str]:
    """What a search shows of a text: a sentence, a line of code, a row of a table."""
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if not set("".join(cells)) <= set("-|: "):
                yield " | ".join(filter(None, cells))
        elif line.strip() and not _FENCE.match(line):
            yield from _SENTENCE.split(line.strip())
