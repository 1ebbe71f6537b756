"""The command line, as its own help tells it."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import redirect_stdout

from mixpanel_data.cli.context import GLOBAL, OUTPUT
from mixpanel_data.cli.errors import EXIT_CODES
from mixpanel_data.cli.main import SECTIONS, main

SHARED = re.compile(rf"^(?:{GLOBAL}|{OUTPUT}):\n(?:  .*\n)+\n?", re.MULTILINE)
"""What the help of every command has: shown once."""

WHEN = {
    0: "success",
    1: "any other error",
    2: "credentials missing, incomplete or refused",
    3: "arguments that can't be meant",
    4: "no such table, account, database, funnel or path",
    5: "rate limit exceeded",
    130: "interrupted with Ctrl-C",
}


def commands() -> str:
    """The help of every command, under the headings that `mp --help` has."""
    lines = []
    for title, names in SECTIONS.items():
        lines += [f"## {title}", ""]
        for name in names:
            for path, text in _family(name):
                lines += [f"### mp {path}", "", "```text", SHARED.sub("", text).rstrip(), "```", ""]
    shared = "".join(SHARED.findall(_help("summarize"))).rstrip()
    return "\n".join([*lines, "## Options of every command", "", "```text", shared, "```"])


def exit_codes() -> str:
    """A table: each code, and the errors that end with it."""
    lines = ["| code | when | error |", "|---|---|---|"]
    if set(WHEN) != {0, 1, *EXIT_CODES.values()}:
        raise ValueError(f"exit codes are {EXIT_CODES}")
    for code, when in WHEN.items():
        names = [f"`{kind.__name__}`" for kind, its in EXIT_CODES.items() if its == code]
        lines.append(f"| {code} | {when} | {', '.join(names)} |")
    return "\n".join(lines)


def _family(name: str) -> Iterator[tuple[str, str]]:
    """The help of a command, and of those that belong to it."""
    text = _help(name)
    yield name, text
    section = re.search(r"^Commands:\n((?:  .*\n)+)", text, re.MULTILINE)
    for child in re.findall(r"^  (\S+)", section[1], re.MULTILINE) if section else []:
        yield f"{name} {child}", _help(f"{name} {child}")


def _help(path: str) -> str:
    os.environ["COLUMNS"] = "80"  # as wide as the terminal is, it would be
    with redirect_stdout(io.StringIO()) as text:
        main([*path.split(), "--help"])
    return text.getvalue()
