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

PACKAGE = Path(mixpanel_data.__file__).parent
GAP = "…"
"""What stands for a name, a number, or a text that is put together when it is needed."""


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
    for path in sorted(PACKAGE.rglob("*.py")):
        if "sandbox" in path.relative_to(PACKAGE).parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name] |= _of_class(node)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                hint = next((it.value for it in node.keywords if it.arg == "hint"), None)
                found[node.func.id] |= _pairs(node.args[:1], hint)
    return found


def _of_class(node: ast.ClassDef) -> set[tuple[str, str]]:
    """What a class says itself: the message of its own making, and the hint that it sets."""
    calls = [it for it in ast.walk(node) if isinstance(it, ast.Call)]
    messages = [c.args[0] for c in calls if "super().__init__" in ast.unparse(c.func) and c.args]
    hints = [
        it.value
        for it in ast.walk(node)
        if isinstance(it, ast.Assign) and ast.unparse(it.targets[0]) in {"self.hint", "hint"}
    ]
    return _pairs(messages, next(iter(hints), None))


def _pairs(messages: list[ast.expr], hint: ast.expr | None) -> set[tuple[str, str]]:
    hints = "; ".join(_texts(hint)) if hint else ""
    return {(text, hints) for node in messages for text in _texts(node)}


def _texts(node: ast.expr) -> list[str]:
    """The texts that an expression can be; none where all of it is made up elsewhere."""
    match node:
        case ast.IfExp(body=one, orelse=other):
            return [*_texts(one), *_texts(other)]
        case ast.BoolOp(values=values):
            return [text for value in values for text in _texts(value)]
        case ast.Constant(value=str(text)):
            return [" ".join(text.split())]
        case ast.JoinedStr(values=values):
            text = " ".join("".join(map(_part, values)).split())
            return [text] if set(text) - set(f"{GAP} :(),'") else []
        case ast.Call(func=ast.Name(id="command"), args=words):
            return [" ".join(["mp", *map(_part, words)])]
        case _:
            return []


def _part(node: ast.expr) -> str:
    """What stands for a part of a text."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.FormattedValue(value=ast.Call() as call):
            return next(iter(_texts(call)), GAP)
        case _:
            return GAP


def _cell(text: str) -> str:
    """Code, which shows a text as it is typed; a table's bars stay in their cell."""
    marks = "``" if "`" in text else "`"
    return f"{marks}{text}{marks}".replace("|", "\\|") if text else ""
