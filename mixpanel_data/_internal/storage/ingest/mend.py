"""Lines that DuckDB's JSON reader refuses: mended where they are events, else named.

Half of a surrogate pair and bytes that are not UTF-8 come from senders that cut strings in the
middle of a character. They become U+FFFD. Anything else that is no event makes the export
incomplete.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from mixpanel_data.exceptions import IncompleteExportError

# Escapes are consumed one by one, so that an escaped backslash before "u" is not mistaken.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|.)",
    re.DOTALL,
)


def mend(text: bytes) -> bytes:
    r"""JSON text with every character that can't exist replaced by U+FFFD.

    >>> mend(b'"\\ud83d\\ude00 \\ud83d \\\\ud83d"')
    b'"\\ud83d\\ude00 \\ufffd \\\\ud83d"'
    """
    whole = text.decode("utf-8", errors="replace")
    return _ESCAPE.sub(lambda m: r"\ufffd" if m["half"] else m[0], whole).encode()


def mend_lines(body: Path, mended: Path) -> int:
    """Write the lines of `body` that needed mending to `mended`; how many there are.

    Raises IncompleteExportError at the first line that is no event.
    """
    count = 0
    with body.open("rb") as lines, mended.open("wb") as out:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            whole = mend(line)
            if not _is_event(whole):
                text = line[:200].decode("utf-8", errors="replace").strip()
                raise IncompleteExportError(
                    "a line is not an event", rows=number - 1, line=number, text=text
                )
            if whole != line:
                out.write(whole.rstrip(b"\n") + b"\n")
                count += 1
    return count


def _is_event(line: bytes) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(value, dict)
        and value.get("event") is not None
        and isinstance(value.get("properties"), dict)
    )
