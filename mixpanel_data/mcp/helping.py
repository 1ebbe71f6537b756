"""The tool that explains the others, and the documentation."""

from __future__ import annotations

from importlib.resources import files

from mixpanel_data import help_index
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.mcp.answers import MAX_BYTES
from mixpanel_data.mcp.call import Call

_MOST = 8


def help(call: Call, words: str | None = None) -> str:  # noqa: A001 - what it does
    """How to work with these tools: tables, expressions, limits. Read it once.

    words search the documentation; the name of a result, such as how-to/fetching, prints it.
    """
    if words is None:
        return files("mixpanel_data.mcp").joinpath("GUIDE.md").read_text(encoding="utf-8")
    if text := help_index.read(words):
        return _beginning(call, text)
    found = help_index.search(words, help_index.sections())
    if not found:
        raise InvalidArgumentError(
            f"the documentation has nothing on {words!r}", hint="other words"
        )
    if len(found) > _MOST:
        call.note(f"cut: {_MOST} of {len(found)} sections, the best first")
    return "".join(section.in_a_line() for section in found[:_MOST])


def _beginning(call: Call, text: str) -> str:
    whole = text.encode()
    if len(whole) <= MAX_BYTES:
        return text
    call.note(f"cut: {MAX_BYTES:,} of {len(whole):,} bytes; a search names its sections")
    return whole[:MAX_BYTES].decode(errors="ignore")
