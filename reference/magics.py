"""The magics, as `%magic?` tells them in a notebook."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

from mixpanel_magics.extension import MAGICS


def magics() -> str:
    """The help of every magic; the options of those that parse a line are in it."""
    found: dict[str, Callable[..., Any]] = {}
    for kind in MAGICS:
        for names in kind.magics.values():
            found |= {name: getattr(kind, method) for name, method in names.items()}
    lines = []
    for name, magic in sorted(found.items()):
        lines += [f"### %{name}", "", "```text", _help(magic), "```", ""]
    return "\n".join(lines).rstrip()


def _help(magic: Callable[..., Any]) -> str:
    text = inspect.cleandoc(str(magic.__doc__)).removeprefix("::\n").strip("\n")
    return re.sub(r"[ \t]+$", "", inspect.cleandoc(text), flags=re.MULTILINE)
