r"""What a line of an export must be to be an event: one rule, for downloads and for loads.

A line is an event if it is a JSON object with a name as `event` and an object as `properties`.
Around that it may be as senders, proxies and DuckDB's reader, which reads most lines, let it be:
a byte order mark, control characters in texts, NaN and Infinity, commas before a bracket.
Half of a surrogate pair and bytes that are not UTF-8 come from senders that cut strings in the
middle of a character: they become U+FFFD. A record that spans several lines, because a text in it
has raw line breaks, is joined.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from mixpanel_data.exceptions import IncompleteExportError

Event = dict[str, Any]
T = TypeVar("T")

BOM = b"\xef\xbb\xbf"

_BLANK = " \t\n\r"
_AROUND = f"{_BLANK}\x0b\x0c\ufeff"
_LEVELS = 200
"""Brackets within each other that Python's parser takes in any thread."""

_PIECES = 100
"""Lines that one record may span, and below the bytes."""
_JOINED = 16 << 20
_SHOWN = 200

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)'
_TOKEN = re.compile(
    rf"(?P<string>{_STRING})|(?P<comma>,(?=[ \t\r\n]*[}}\]]))"
    r"|(?P<constant>-?(?i:nan|inf(?:inity)?))",
    re.DOTALL,
)
_BRACKET = re.compile(rf"{_STRING}|(?P<bracket>[\[\]{{}}])", re.DOTALL)

# Escapes are consumed one by one, so that an escaped backslash before "u" is not mistaken.
_ESCAPE = (
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|.)"
)
_HALF = re.compile(_ESCAPE, re.DOTALL)
_IN_STRING = re.compile(rf"{_ESCAPE}|(?P<control>[\x00-\x1f])", re.DOTALL)
_IS_ODD = re.compile(r"\\u[dD]|[\x00-\x1f]")


class NotAnEventError(ValueError):
    """A line that is no event; the text says why.

    `number` (from 1) and `line` are set where a whole body is read, and `rows` counts the events
    before.
    """

    number = rows = 0
    line = b""


class EndedEarlyError(NotAnEventError):
    """Mixpanel's own word that events are missing, in the place of one."""


def records(
    source: Iterable[bytes],
    read: Callable[[bytes], T],
    skip: Callable[[NotAnEventError], object] | None = None,
) -> Iterator[tuple[bytes, T]]:
    """The events of a body, each as one line, and what `read` (`check` or `parse`) makes of it.

    A line that is no event is raised, or where there is `skip`, given to it and left out.
    """
    numbered = enumerate(source, start=1)
    ahead: deque[tuple[int, bytes]] = deque()
    rows = 0
    while following := ahead.popleft() if ahead else next(numbered, None):
        number, line = following
        if not line.strip():
            continue
        try:
            found = read(line)
        except NotAnEventError as error:
            if joined := _joined(line, numbered, ahead):
                found = read(joined)
                line = repaired(joined).replace(b"\n", b" ").replace(b"\r", b" ")
            else:
                error.number, error.line, error.rows = number, line, rows
                if skip is None or isinstance(error, EndedEarlyError):
                    raise
                skip(error)
                continue
        rows += 1
        yield line, found


def _joined(
    line: bytes, numbered: Iterator[tuple[int, bytes]], ahead: deque[tuple[int, bytes]]
) -> bytes | None:
    """A record that begins with `line` and spans some of the lines after it, which go with it."""
    if not line.lstrip(_AROUND.encode()).startswith(b"{"):
        return None
    for pieces in range(1, _PIECES):
        if pieces > len(ahead):
            if (following := next(numbered, None)) is None:
                return None
            ahead.append(following)
        piece = ahead[pieces - 1][1]
        line += piece
        if len(line) > _JOINED:
            return None
        if not piece.rstrip().endswith(b"}"):
            continue
        if _is_event(piece):
            return None
        if _is_event(line):
            for _ in range(pieces):
                ahead.popleft()
            return line
    return None


def _is_event(line: bytes) -> bool:
    try:
        check(line)
    except NotAnEventError:
        return False
    return True


def incomplete(error: NotAnEventError) -> IncompleteExportError:
    """The error of an export that has this line."""
    text = error.line[:_SHOWN].decode("utf-8", errors="replace").strip()
    return IncompleteExportError(str(error), rows=error.rows, line=error.number, text=text)


def parse(line: bytes) -> Event:
    """The event of a line; integers stay exact, up to the digits that Python reads."""
    try:
        return _event(_read(line))
    except RecursionError:
        raise NotAnEventError("a line has more levels than Python reads") from None


def value(text: str) -> Any:
    """The value of JSON that DuckDB holds; text of more levels than Python reads stays text."""
    try:
        try:
            return _EXACT(text)
        except ValueError:
            return _LENIENT(repaired(text.encode()).decode())
    except RecursionError:
        return text


def check(line: bytes) -> bool:
    """Whether an event is strict JSON, in one line; raise NotAnEventError if it is no event."""
    try:
        try:
            found = _STRICT(line.decode().strip(_BLANK))
            is_strict = not _is_odd(line) and line.find(b"\n", 0, -1) < 0
        except ValueError:
            found, is_strict = _read(line), False
    except RecursionError:
        found, is_strict = _in_layers(repaired(line)), False
    _event(found)
    return is_strict


def whole_characters(text: bytes) -> bytes:
    r"""JSON text with every character that can't exist replaced by U+FFFD.

    >>> whole_characters(b'"\\ud83d\\ude00 \\ud83d \\\\ud83d"')
    b'"\\ud83d\\ude00 \\ufffd \\\\ud83d"'
    """
    whole = text.decode("utf-8", errors="replace")
    return _HALF.sub(lambda match: r"\ufffd" if match["half"] else match[0], whole).encode()


def repaired(line: bytes) -> bytes:
    r"""The line as strict JSON, NaN and Infinity aside, that every reader understands alike.

    >>> repaired(b'\xef\xbb\xbf{"a": "\\ud83d\\ude00 \\ud83d \\\\ud83d \t", "b": [nan, -inf,],}\n')
    b'{"a": "\\ud83d\\ude00 \\ufffd \\\\ud83d \\u0009", "b": [NaN, -Infinity]}'
    """
    return _rewritten(line, _spelled)


def strict(line: bytes) -> bytes:
    """The line as strict JSON: null for NaN and Infinity."""
    return _rewritten(line, lambda _: "null")


def _spelled(constant: str) -> str:
    if constant[-1] in "nN":
        return "NaN"
    return "-Infinity" if constant[0] == "-" else "Infinity"


def _rewritten(line: bytes, constant: Callable[[str], str]) -> bytes:
    def token(match: re.Match[str]) -> str:
        text = match[0]
        if match["string"]:
            return _IN_STRING.sub(_escape, text) if _IS_ODD.search(text) else text
        return constant(text) if match["constant"] else ""

    text = line.decode("utf-8", "replace").strip(_AROUND)
    return _TOKEN.sub(token, text).encode()


def _escape(match: re.Match[str]) -> str:
    if match["half"]:
        return r"\ufffd"
    if match["control"]:
        return f"\\u{ord(match['control']):04x}"
    return match[0]


def _is_odd(line: bytes) -> bool:
    """Whether it may have half of a surrogate pair, which only looking at its texts can tell."""
    return b"\\ud" in line or b"\\uD" in line


def _first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object as DuckDB reads it: of a name that comes twice, the first value."""
    found = dict(pairs)
    if len(found) < len(pairs):
        found.update(reversed(pairs))
    return found


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 4300 else float(digits)


def _not_strict(constant: str) -> Any:
    raise ValueError(constant)


_STRICT: Callable[[str], Any] = json.JSONDecoder(
    parse_constant=_not_strict, object_pairs_hook=_first
).decode
_EXACT: Callable[[str], Any] = json.JSONDecoder(object_pairs_hook=_first).decode
_LENIENT: Callable[[str], Any] = json.JSONDecoder(
    parse_int=_integer, object_pairs_hook=_first
).decode


def _read(line: bytes) -> Any:
    if not _is_odd(line):
        try:
            return _EXACT(line.decode().strip(_BLANK))
        except ValueError:
            pass
    try:
        return _LENIENT(repaired(line).decode())
    except ValueError:
        raise _not_json(line) from None


def _not_json(line: bytes) -> NotAnEventError:
    if b"terminated early" in line.lower():
        return EndedEarlyError("Mixpanel ended it early")
    return NotAnEventError("a line is not JSON")


def _in_layers(text: bytes) -> Any:
    """The outermost levels of JSON of any depth; what is deeper is checked, and stands as 0."""
    outermost = None
    try:
        for layer in _layers(text.decode()):
            outermost = _LENIENT(layer)
    except ValueError:
        raise _not_json(text) from None
    return outermost


def _layers(text: str) -> Iterator[str]:
    """Texts of few levels, which are JSON if and only if the whole is; the outermost comes last."""
    opened: list[list[str]] = [[]]
    depth = at = 0
    for match in _BRACKET.finditer(text):
        bracket = match["bracket"]
        if bracket is None:
            continue
        if bracket in "[{":
            if depth and depth % _LEVELS == 0:
                opened[-1].append(f"{text[at : match.start()]} 0 ")
                opened.append([])
                at = match.start()
            depth += 1
            continue
        depth -= 1
        if depth % _LEVELS == 0 and len(opened) > 1:
            yield "".join(opened.pop()) + text[at : match.end()]
            at = match.end()
    opened[-1].append(text[at:])
    yield from map("".join, reversed(opened))


def _event(found: Any) -> Event:
    if isinstance(found, dict):
        name = found.get("event")
        if name is not None and isinstance(found.get("properties"), dict):
            # What is no text gets the text of its JSON as its name.
            return found if isinstance(name, str) else {**found, "event": json.dumps(name)}
        if "error" in found:
            raise EndedEarlyError("Mixpanel sent an error")
    raise NotAnEventError("a line is no event")
