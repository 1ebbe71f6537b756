"""A search through the help of all commands, and through the library's documentation."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from mixpanel_data.exceptions import InvalidArgumentError, command
from mixpanel_data.help_index import Entry, Words, public_names, sections

SHOWN = {"commands": 5, "names": 4, "sections": 4}
"""What is found and printed as text, of each kind; rows have a --limit."""

Found = dict[str, list[Entry]]


def search(typed: Sequence[str], ctx: Any) -> Found:
    """The other commands, the public names and the sections that have all the words."""
    commands = [
        it for it in _commands(ctx.find_root().command, "mp", ctx) if it.where != ctx.command_path
    ]
    kinds = {"commands": commands, "names": list(public_names()), "sections": list(sections())}
    words = Words(*typed)
    found = {kind: words.search(entries) for kind, entries in kinds.items()}
    if not any(found.values()):
        known = [entry for entries in kinds.values() for entry in entries]
        raise InvalidArgumentError(
            f"nothing here has {' '.join(typed)!r}", hint=_instead(words.typed, known)
        )
    return found


def told(found: Found) -> str:
    """The first of each kind: commands with their options, everything else in a line."""
    return "".join(
        str(entry) if kind == "commands" else entry.in_a_line()
        for kind, entries in found.items()
        for entry in entries[: SHOWN[kind]]
    )


def untold(found: Found) -> int:
    """How many that leaves out."""
    return sum(max(0, len(entries) - SHOWN[kind]) for kind, entries in found.items())


def _commands(command: Any, path: str, ctx: Any) -> Iterator[Entry]:
    """The command and those below it; global options are on the root's alone."""
    records = [param.get_help_record(ctx) for param in command.params]
    options = {name.partition(" <")[0]: text for name, text in filter(None, records)}
    text = f"{command.help or ''}\n{command.epilog or ''}".replace("\b", "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    yield Entry(path, command.get_short_help_str(200), options, lines)
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, f"{path} {name}", ctx)


def _instead(typed: Sequence[str], known: Sequence[Entry]) -> str:
    """The same search with words that are there, or where to look."""
    text = " ".join(
        f"{it.where} {it.help} {' '.join(it.options)} {' '.join(it.lines)}" for it in known
    )
    words = sorted(set(re.findall(r"[a-z][a-z-]{2,}", text.lower())))
    asked = [word.lower() for word in typed]
    near = [next(iter(difflib.get_close_matches(word, words, 1)), "") for word in asked]
    if near != asked and any(near):
        return command("help", *filter(None, near))
    return "fewer words, or mp --help for all commands"
