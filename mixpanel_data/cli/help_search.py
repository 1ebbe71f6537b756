"""A search through the help of all commands, and through the library's documentation."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from mixpanel_data.exceptions import InvalidArgumentError, command
from mixpanel_data.help_index import Entry, public_names, sections
from mixpanel_data.help_index import search as full_text_search

MAX_SHOWN = {"commands": 5, "names": 4, "sections": 4}
"""Entries of each kind that are printed as text; rows have a --limit."""

Found = dict[str, list[Entry]]


def search(typed: Sequence[str], ctx: Any) -> Found:
    """Commands, public names and sections that have the words, the best of each kind first."""
    root = ctx.find_root().command
    commands = [it for it in _commands(root, "mp", ctx) if it.where != ctx.command_path]
    kinds = {"commands": commands, "names": list(public_names()), "sections": list(sections())}
    known = [entry for entries in kinds.values() for entry in entries]
    text = " ".join(typed)
    results = full_text_search(text, known)
    if not results:
        raise InvalidArgumentError(
            f"nothing here has {text!r}", hint=_suggestion(text.split(), known)
        )
    names = {kind: {entry.where for entry in entries} for kind, entries in kinds.items()}
    return {kind: [it for it in results if it.where in names[kind]] for kind in kinds}


def as_text(found: Found) -> str:
    """The first of each kind: commands with their options, everything else in a line."""
    return "".join(
        str(entry) if kind == "commands" else entry.in_a_line()
        for kind, entries in found.items()
        for entry in entries[: MAX_SHOWN[kind]]
    )


def omitted(found: Found) -> int:
    """The number of entries that `as_text` leaves out."""
    return sum(max(0, len(entries) - MAX_SHOWN[kind]) for kind, entries in found.items())


def _commands(command: Any, path: str, ctx: Any) -> Iterator[Entry]:
    """The command and those below it; global options are on the root's alone."""
    records = [param.get_help_record(ctx) for param in command.params]
    options = {name.partition(" <")[0]: text for name, text in filter(None, records)}
    text = f"{command.help or ''}\n{command.epilog or ''}".replace("\b", "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    yield Entry(path, command.get_short_help_str(200), options, lines)
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, f"{path} {name}", ctx)


def _suggestion(typed: Sequence[str], known: Sequence[Entry]) -> str:
    """The same search with words that occur, or another way."""
    text = " ".join(
        f"{it.where} {it.help} {' '.join(it.options)} {' '.join(it.lines)}" for it in known
    )
    words = sorted(set(re.findall(r"[a-z][a-z-]{2,}", text.lower())))
    near = [next(iter(difflib.get_close_matches(word.lower(), words, 1)), "") for word in typed]
    if any(near):
        return command("help", *filter(None, near))
    return "other words, or mp --help for all commands"
