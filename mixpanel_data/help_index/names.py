"""Public names of the library, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from mixpanel_data import queries
from mixpanel_data.help_index.entries import Entry
from mixpanel_data.queries.faces import docstring, signature_of

_WORKSPACE = (
    "discovery",
    "reports",
    "fetching",
    "querying",
    "profiling",
    "browsing",
    "tables",
    "parts",
)


@cache
def public_names() -> tuple[Entry, ...]:
    """Methods of workspaces first, then functions, and classes with their methods."""
    return tuple(_found(Path(str(files("mixpanel_data")))))


def read(where: str) -> str | None:
    """The signature and the docstring of a name; None where there is none."""
    wanted = where.removesuffix("()").replace("Workspace.", "ws.", 1)
    found = next(
        (entry for entry in public_names() if entry.where.removesuffix("()") == wanted), None
    )
    if found is None:
        return None
    arguments = ", ".join(f"{name}{said}" for name, said in found.options.items())
    title = f"{wanted}({arguments})" if found.where.endswith("()") else wanted
    return "\n".join([title, "", *found.lines]) + "\n"


def _found(package: Path) -> Iterator[Entry]:
    for module in (*_WORKSPACE, "workspace"):
        for owner in _classes(_parsed(package / "workspace" / f"{module}.py")):
            yield from _methods(owner, "ws")
    local = _parsed(package / "workspace" / "local.py")
    for owner in _classes(local):
        yield from _methods(owner, "ws.local")
    auth = _parsed(package / "auth.py")
    yield from (_called(f"auth.{node.name}()", node) for node in _functions(auth))
    builders = _parsed(package / "expressions.py")
    yield _entry("mixpanel_data.expressions", builders)
    yield from _exported([builders], _all(builders), "")
    for home, prefix in (("queries", ""), ("types", ""), ("sandbox", "sandbox.")):
        modules = [_parsed(path) for path in sorted((package / home).glob("*.py"))]
        yield from _exported(modules, _all(_parsed(package / home / "__init__.py")), prefix)
    errors = _parsed(package / "exceptions.py")
    yield from _exported([errors], {node.name for node in _classes(errors)}, "")


def _exported(modules: list[ast.Module], wanted: set[str], prefix: str) -> Iterator[Entry]:
    for module in modules:
        for function in _functions(module):
            if function.name in wanted:
                yield _called(f"{prefix}{function.name}()", function)
        for owner in _classes(module):
            if owner.name in wanted:
                yield _entry(f"{prefix}{owner.name}", owner)
                yield from _methods(owner, f"{prefix}{owner.name}")


def _methods(owner: ast.ClassDef, prefix: str) -> Iterator[Entry]:
    """What a class has itself, without what it inherits."""
    for node in _functions(owner):
        is_value = any("property" in ast.unparse(it) for it in node.decorator_list)
        yield _called(f"{prefix}.{node.name}" + ("" if is_value else "()"), node)
    for statement in owner.body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Name(id="asks" | "fetches" | "plans" | "streams"),
                    args=[ast.Lambda(body=ast.Attribute(attr=question))],
                ),
            ):
                yield _asking(f"{prefix}.{name}()", question)


def _asking(where: str, question: str) -> Entry:
    """A method that is made from a question."""
    kind = getattr(queries, question)
    lines = docstring(kind).splitlines()
    options = {
        name: ("" if it.default is it.empty else f" = {it.default!r}")
        for name, it in signature_of(kind).parameters.items()
        if name != "self"
    }
    return Entry(where, lines[0], options=options, lines=lines)


def _entry(where: str, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> Entry:
    """What a docstring says: its first line, and all of it."""
    lines = (ast.get_docstring(node) or "").splitlines()
    return Entry(where, lines[0] if lines else "", lines=lines)


def _called(where: str, node: ast.FunctionDef) -> Entry:
    return replace(_entry(where, node), options=dict(_arguments(node.args)))


def _arguments(given: ast.arguments) -> Iterator[tuple[str, str]]:
    """Each argument with its type and default, as a signature has them."""
    listed = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(listed) - len(given.defaults)) + list(given.defaults)
    yield from _typed(zip(listed, defaults, strict=True))
    if given.vararg is not None:
        yield f"*{given.vararg.arg}", ""
    elif given.kwonlyargs:
        yield "*", ""
    yield from _typed(zip(given.kwonlyargs, given.kw_defaults, strict=True))
    if given.kwarg is not None:
        yield f"**{given.kwarg.arg}", ""


def _typed(pairs: Iterable[tuple[ast.arg, ast.expr | None]]) -> Iterator[tuple[str, str]]:
    for argument, default in pairs:
        if argument.arg not in {"self", "cls"} and not argument.arg.startswith("_"):
            kind = f": {ast.unparse(argument.annotation)}" if argument.annotation else ""
            yield argument.arg, kind + (f" = {ast.unparse(default)}" if default else "")


def _functions(node: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for it in node.body:
        if (
            isinstance(it, ast.FunctionDef)
            and not it.name.startswith("_")
            and ast.get_docstring(it)
        ):
            yield it


def _classes(module: ast.Module) -> Iterator[ast.ClassDef]:
    for it in module.body:
        if isinstance(it, ast.ClassDef) and not it.name.startswith("_"):
            yield it


def _all(module: ast.Module) -> set[str]:
    """The names in a module's `__all__`."""
    for it in module.body:
        if isinstance(it, ast.Assign) and ast.unparse(it.targets[0]) == "__all__":
            return set(ast.literal_eval(it.value))
    return set()


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
