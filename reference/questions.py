"""Each question with its options, as the library itself describes them."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING

from mixpanel_data import queries
from mixpanel_data.queries import LocalQuestion, Parameter, Question, parameters
from mixpanel_data.workspace import Workspace
from mixpanel_data.workspace.local import LocalReports

_PLACES = re.compile(r"\b(\w+\.)+(?=\w)")


def questions() -> str:
    """A section for each question: what asks it, and a table of its options."""
    shared = {it.name for it in parameters(LocalQuestion)}
    parts = [_section(kind, set() if kind is LocalQuestion else shared) for kind in _kinds()]
    return "\n\n".join(parts)


def _kinds() -> list[type]:
    found = [getattr(queries, name) for name in queries.__all__]
    asked = [it for it in found if isinstance(it, type) and issubclass(it, Question)]
    return [LocalQuestion, *(it for it in asked if it is not Question)]


def _section(kind: type, shared: set[str]) -> str:
    methods = [
        f"`{prefix}.{name}(…)`"
        for prefix, owner in (("ws", Workspace), ("ws.local", LocalReports))
        for name, method in inspect.getmembers(owner, inspect.isfunction)
        if getattr(method, "question", None) is kind
    ]
    asked = [f"Asked by {', '.join(methods)}."] if methods else []
    is_local = issubclass(kind, LocalQuestion) and kind is not LocalQuestion
    more = ["It also has the options of [LocalQuestion](#localquestion)."] if is_local else []
    own = [it for it in parameters(kind) if not (is_local and it.name in shared)]
    rows = [f"| `{it.name}` | {_type(it)} | {_default(it)} | {_help(it)} |" for it in own]
    table = ["| option | type | default | |\n|---|---|---|---|\n" + "\n".join(rows)]
    return "\n\n".join([f"## {kind.__name__}", inspect.getdoc(kind) or "", *asked, *table, *more])


def _type(it: Parameter) -> str:
    if it.choices:
        return ", ".join(f"`{word!r}`" for word in it.choices)
    text = _PLACES.sub("", inspect.formatannotation(it.accepts)).replace("Written", "Expr")
    return f"`{text}`".replace(" | ", " or ")  # a bar would end the cell


def _default(it: Parameter) -> str:
    return "" if it.default in (MISSING, None) else f"`{it.default!r}`"


def _help(it: Parameter) -> str:
    bounds = {it.option.least, it.option.most} - {None}
    told = f" From {it.option.least} to {it.option.most}." if len(bounds) == 2 else ""
    return it.option.help.replace("|", "\\|") + told
