"""The words of a magic's line.

IPython splits a line at every blank outside of quotes, and leaves the quotes in the words.
"""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from IPython.core.error import UsageError

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
    parsed: Namespace = magic.parser.parse_args(words(line))  # type: ignore[attr-defined]
    return parsed


def evaluate(expression: str, variables: Mapping[str, Any], option: str) -> Any:
    """The value of a Python expression in the notebook."""
    try:
        return eval(expression, dict(variables))  # noqa: S307 - typed by the notebook's user
    except (NameError, SyntaxError) as error:
        raise UsageError(f"{option} {expression}: {error}") from error
