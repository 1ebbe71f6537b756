"""Every hint that the source can give, with `…` for what depends on the case."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

GAP = "…"
"""What stands for a name, a number, or a text that is put together when it is needed."""

_MAX_DEPTH = 6
"""Functions that call functions, before it is given up to find out what they return."""


class Sources:
    """The modules of packages, and the texts that their expressions can be."""

    def __init__(self, *packages: Path) -> None:
        self.trees = {
            path: ast.parse(path.read_text(encoding="utf-8"))
            for package in packages
            for path in sorted(package.rglob("*.py"))
        }

    def hints(self) -> dict[str, str]:
        """All hints, each with a place where it is given."""
        found: dict[str, str] = {}
        for path, tree in self.trees.items():
            for node, around in _given(tree, tree):
                for text in self.texts(node, tree, around):
                    found.setdefault(text, f"{path}:{node.lineno}")
        return found

    def texts(
        self, node: ast.expr, tree: ast.Module, around: ast.AST, depth: int = _MAX_DEPTH
    ) -> list[str]:
        """The texts that an expression can be; none where all of it depends on the case."""
        found: list[str] = []
        parts: list[ast.expr] = []
        match node:
            case ast.Constant(value=str(text)):
                found = [text]
            case ast.IfExp(body=one, orelse=other):
                parts = [one, other]
            case ast.BoolOp(values=values):
                parts = values
            case ast.JoinedStr(values=values):
                text = "".join(self._word(it, tree, around, depth) for it in values)
                found = [text] if set(text) - set(f"{GAP} :(),'") else []
            case ast.Call():
                found = self._of_call(node, tree, around, depth)
            case ast.Name(id=name):
                parts = list(_assigned(around, name))
        if depth:
            found += [it for part in parts for it in self.texts(part, tree, around, depth - 1)]
        return found

    def _word(self, node: ast.expr, tree: ast.Module, around: ast.AST, depth: int) -> str:
        """A part of a text: values are not looked into, but for commands."""
        if isinstance(node, ast.FormattedValue):
            node = node.value
            if not (isinstance(node, ast.Call) and _is_quoting(node.func)):
                return GAP
        return next(iter(self.texts(node, tree, around, depth - 1)), GAP) if depth else GAP

    def _of_call(self, node: ast.Call, tree: ast.Module, around: ast.AST, depth: int) -> list[str]:
        """A command, the values of a dictionary, or what a function of ours returns."""
        match node.func:
            case ast.Name(id="command") | ast.Attribute(attr="command"):
                words = (self._word(it, tree, around, depth) for it in node.args)
                return [" ".join(["mp", *words])]
            case ast.Name(id="shell"):
                return [" ".join(self._word(it, tree, around, depth) for it in node.args)]
            case ast.Attribute(value=ast.Name(id=name), attr="get"):
                values = _values(tree, name)
                return [it for value in values for it in self.texts(value, tree, around, 0)]
            case ast.Name(id=name) | ast.Attribute(attr=name) if depth:
                return [
                    text
                    for home, function in self._called(name, self._home(node.func, tree))
                    for value in _returned(function)
                    for text in self.texts(value, home, function, depth - 1)
                ]
        return []

    def _home(self, called: ast.expr, tree: ast.Module) -> ast.Module:
        """The module that a function is of: another one where its name says so."""
        match called:
            case ast.Attribute(value=ast.Name(id=name)):
                return next((it for path, it in self.trees.items() if path.stem == name), tree)
        return tree

    def _called(self, name: str, tree: ast.Module) -> list[tuple[ast.Module, ast.FunctionDef]]:
        """The function of a name: that of the module, or the only one."""
        found = self._functions[name]
        here = [it for it in found if it[0] is tree]
        return here or (found if len(found) == 1 else [])

    @cached_property
    def _functions(self) -> dict[str, list[tuple[ast.Module, ast.FunctionDef]]]:
        found = defaultdict(list)
        for tree in self.trees.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    found[node.name].append((tree, node))
        return found


def _is_quoting(called: ast.expr) -> bool:
    return ast.unparse(called).rpartition(".")[2] in {"command", "shell"}


def _given(node: ast.AST, around: ast.AST) -> Iterator[tuple[ast.expr, ast.AST]]:
    """The expressions that are hints, each with the function that it is in."""
    match node:
        case ast.Call(func=ast.Attribute(attr="confirm"), keywords=words):
            yield from ((it.value, around) for it in words if it.arg == "otherwise")
        case ast.Call(keywords=words):
            yield from ((it.value, around) for it in words if it.arg == "hint")
        case ast.Assign(targets=[ast.Name(id="hint") | ast.Attribute(attr="hint")], value=value):
            yield value, around
        case ast.Dict(keys=keys, values=values):
            named = zip(keys, values, strict=True)
            yield from (
                (value, around)
                for key, value in named
                if isinstance(key, ast.Constant) and key.value == "hint"
            )
        case ast.FunctionDef():
            around = node
    for child in ast.iter_child_nodes(node):
        yield from _given(child, around)


def _returned(function: ast.FunctionDef) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value.elts[-1] if isinstance(node.value, ast.Tuple) else node.value


def _assigned(around: ast.AST, name: str) -> Iterator[ast.expr]:
    """What a name may be; of a pair, it is the last."""
    for node in ast.walk(around):
        match node:
            case ast.Assign(targets=[ast.Name(id=it) | ast.Tuple(elts=[*_, ast.Name(id=it)])]):
                if it == name:
                    yield node.value


def _values(tree: ast.Module, name: str) -> list[ast.expr]:
    """The values of a dictionary of the module."""
    return [
        value
        for assigned in _assigned(tree, name)
        if isinstance(assigned, ast.Dict)
        for value in assigned.values
    ]
