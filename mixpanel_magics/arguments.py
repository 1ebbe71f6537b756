"""The words of a magic's line.

IPython splits a line at every blank outside of quotes, and leaves the quotes in the words.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from IPython.core.error import UsageError

from mixpanel_data.exceptions import near

_PIECE = re.compile(
    r"""'[^']*'|"[^"]*"|(?P<open>[(\[{])|(?P<close>[)\]}])|\s+|[^'"\s()\[\]{}]+|."""
)
_BEFORE = re.compile(r"(--[a-z-]+=)?")
_CLOSE = {"(": ")", "[": "]", "{": "}"}


def words(line: str) -> list[str]:
    """Split a line at blanks outside of quotes and brackets; quotes around a whole word go.

    >>> words('''events --where 'properties["a b"] == 1' --params {"a": 1}''')
    ['events', '--where', 'properties["a b"] == 1', '--params', '{"a": 1}']
    """
    return [word for word, _ in placed_words(line)]


def placed_words(line: str) -> Iterator[tuple[str, int]]:
    """The same, each with the place where it ends."""
    pieces: list[str] = []
    closing: list[str] = []
    for piece in _PIECE.finditer(line):
        text = piece.group()
        if text.isspace() and not closing:
            if pieces:
                yield _word(pieces), piece.start()
            pieces = []
            continue
        pieces.append(text)
        if piece["open"]:
            closing.append(_CLOSE[text])
        elif closing and closing[-1] == text:
            closing.pop()
    if pieces:
        yield _word(pieces), len(line)


def _word(pieces: list[str]) -> str:
    *before, last = pieces
    name = "".join(before)
    is_quoted = len(last) > 1 and last[0] in "'\""
    return f"{name}{last[1:-1]}" if is_quoted and _BEFORE.fullmatch(name) else name + last


def parse(magic: Callable[..., Any], line: str) -> Namespace:
    """The arguments of a magic, as its `magic_arguments` declare them."""
    parser: ArgumentParser = magic.parser  # type: ignore[attr-defined]
    parser.allow_abbrev = False  # a part of a name could be the start of a misspelt one
    parsed, unknown = parser.parse_known_args(words(line), _OnceEach())
    if unknown:
        raise UsageError(_unknown(unknown[0], parser))
    return parsed


def _unknown(word: str, parser: ArgumentParser) -> str:
    option = word.partition("=")[0]
    if not option.startswith("-"):
        return f"unrecognized arguments: {word} (a value with blanks goes in quotes)"
    known = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", parser.format_usage())
    suggestion = near(option, known) or f"options: {', '.join(known) or 'none'}"
    return f"there is no option {option}: {suggestion}"


class _OnceEach(Namespace):
    """Refuses a second, different value for an option; a list has all of its values.

    The parser sets all defaults first, then what was typed.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        known = vars(self)
        typed = known.setdefault("_typed", {})
        if name in known and value is not None:
            if not isinstance(value, list) and typed.get(name, value) != value:
                option = f"{'-' if len(name) == 1 else '--'}{name.replace('_', '-')}"
                raise UsageError(f"{option} is given more than once, with different values")
            typed[name] = value
        known[name] = value


def evaluate(expression: str, variables: Mapping[str, Any], option: str) -> Any:
    """The value of a Python expression in the notebook."""
    try:
        return eval(expression, dict(variables))  # noqa: S307 - typed by the notebook's user
    except (NameError, SyntaxError) as error:
        raise UsageError(f"{option} {expression}: {error}") from error
