"""Text of others on a screen of ours."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Text without control characters, which a terminal might obey; line breaks and tabs stay.

    >>> printable("red \x1b[31m alert")
    'red \\x1b[31m alert'
    """
    return _UNPRINTABLE.sub(lambda match: ascii(match.group())[1:-1], text)
