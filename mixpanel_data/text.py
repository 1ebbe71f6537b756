"""Text of others on a screen of ours, and lists of names as people type them."""

from __future__ import annotations

import re

from mixpanel_data.exceptions import InvalidArgumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_HALF = re.compile("[\ud800-\udfff]")

_COMMAND = re.compile(r"(?<![\w%-])mp (?P<words>fetch (?:events|profiles)|[a-z]+)")


def printable(text: str) -> str:
    r"""Text without control characters, which a terminal might obey; line breaks and tabs stay.

    >>> printable("red \x1b[31m alert")
    'red \\x1b[31m alert'
    """
    return _UNPRINTABLE.sub(lambda match: ascii(match.group())[1:-1], text)


def whole(text: str, what: str) -> str:
    r"""A text, refused where it has half of a character, which no UTF-8 has.

    Python makes such halves of bytes that are not UTF-8, and JSON may spell them.

    >>> whole("caf\udce9", "event")
    Traceback (most recent call last):
    mixpanel_data.exceptions.InvalidArgumentError: event is not UTF-8 text: '\udce9' at character 4
    """
    if not text.isascii() and (half := _HALF.search(text)):
        raise InvalidArgumentError(
            f"{what} is not UTF-8 text: {half.group()!a} at character {half.start() + 1}"
        )
    return text


def retyped(text: str, begin: Callable[[str], str]) -> str:
    """The `mp` commands in a text as a face types them; it is asked how each one begins.

    >>> retyped("mp fetch events --append, or mp tables", lambda words: f"mp -q {words}")
    'mp -q fetch events --append, or mp -q tables'
    """
    return _COMMAND.sub(lambda found: begin(found["words"]), text)


def listed(values: Iterable[str], option: str) -> list[str]:
    """Names from comma-separated lists, quoted as in CSV.

    >>> listed(['"Hello, world", Login', "Purchase"], "--events")
    ['Hello, world', 'Login', 'Purchase']
    """
    import csv  # most calls have no list

    try:
        rows = list(csv.reader(values, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise InvalidArgumentError(
            f"{option}: {error}",
            hint=f"""a name with a comma goes in double quotes: {option} '"Hello, world",Login'""",
        ) from error
    found = [name.strip() for row in rows for name in row]
    if not found or not all(found):
        raise InvalidArgumentError(
            f"{option} is empty, or names an empty one", hint=f"{option} A,B"
        )
    return found


def joined(names: Iterable[str]) -> str:
    """One comma-separated list of names, which `listed` reads again.

    >>> joined(["Hello, world", "Login"])
    '"Hello, world",Login'
    """
    import csv
    from io import StringIO

    line = StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()
