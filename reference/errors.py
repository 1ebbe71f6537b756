"""Every error: what it means, how `mp` ends with it, and what it says, read from the source."""

from __future__ import annotations

import ast
import inspect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import mixpanel_data
from mixpanel_data.cli.errors import exit_code
from mixpanel_data.exceptions import MixpanelDataError
from reference.hints import Sources

PACKAGE = Path(mixpanel_data.__file__).parent


def errors() -> str:
    """A section for each public class of errors: kinds of it follow it."""
    said = _said()
    lines = []
    for kind in _kinds(MixpanelDataError):
        name = kind.__name__
        parents = " and ".join(f"`{base.__name__}`" for base in kind.__bases__)
        code = exit_code(kind.__new__(kind))
        lines += [f"## {name}", "", inspect.cleandoc(str(kind.__doc__)), ""]
        lines += [f"A kind of {parents}; exit code {code}.", ""]
        if said[name]:
            lines += ["| message | hint |", "|---|---|"]
            lines += [f"| {_cell(text)} | {_cell(hint)} |" for text, hint in sorted(said[name])]
            lines += [""]
    return "\n".join(lines).rstrip()


def _kinds(kind: type[MixpanelDataError]) -> Iterator[type[MixpanelDataError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == MixpanelDataError.__module__:
            yield from _kinds(child)


def _said() -> dict[str, set[tuple[str, str]]]:
    """By class, the messages and hints that the source spells out; the sandbox's are Mixpanel's."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    sources = Sources(PACKAGE)
    for path, tree in sources.trees.items():
        if "sandbox" in path.relative_to(PACKAGE).parts:
            continue
        for name, message, hint in _spelled(tree):
            hints = "; ".join(map(_even, sources.texts(hint, tree, hint))) if hint else ""
            found[name] |= {(_even(it), hints) for it in sources.texts(message, tree, message)}
    return found


def _spelled(tree: ast.Module) -> Iterator[tuple[str, ast.expr, ast.expr | None]]:
    """Names of what is called or defined, with the message, and the hint if there is one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from _of_class(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if isinstance(node.args[0], ast.Call):
                continue  # a text that is made elsewhere
            hint = next((it.value for it in node.keywords if it.arg == "hint"), None)
            yield node.func.id, node.args[0], hint


def _of_class(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr, ast.expr | None]]:
    """What a class says itself: the message of its own making, and the hint that it sets."""
    calls = [it for it in ast.walk(node) if isinstance(it, ast.Call)]
    hints = [
        it.value
        for it in ast.walk(node)
        if isinstance(it, ast.Assign) and ast.unparse(it.targets[0]) in {"self.hint", "hint"}
    ]
    for call in calls:
        if "super().__init__" in ast.unparse(call.func) and call.args:
            yield node.name, call.args[0], next(iter(hints), None)


def _even(text: str) -> str:
    """In one line."""
    return " ".join(text.split())


def _cell(text: str) -> str:
    """Code, which shows a text as it is typed; a table's bars stay in their cell."""
    marks = "``" if "`" in text else "`"
    return f"{marks}{text}{marks}".replace("|", "\\|") if text else ""
