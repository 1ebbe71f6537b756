"""Questions as Python shows them: the method that asks one, and the call that asks this one."""

import inspect
import json
from collections.abc import Iterator
from dataclasses import MISSING
from datetime import date
from typing import Any

from mixpanel_data.queries.question import Options, Parameter, parameters


def signature_of(kind: type) -> inspect.Signature:
    """The signature of a method that takes the options of a question."""
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    return inspect.Signature([own, *map(_argument, parameters(kind))])


def _argument(it: Parameter) -> inspect.Parameter:
    kinds = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    default = inspect.Parameter.empty if it.default is MISSING else it.default
    return inspect.Parameter(
        it.name, kinds[it.is_keyword], default=default, annotation=it.annotation
    )


def docstring(kind: type) -> str:
    """What a question and its options say of themselves, in Google style."""
    lines = "\n".join(f"    {it.name}: {_described(it)}" for it in parameters(kind))
    return f"{inspect.getdoc(kind)}\n\nArgs:\n{lines}"


def _described(it: Parameter) -> str:
    shows_default = it.default not in (MISSING, None, (), False)
    return it.option.help + (f" Default: {it.default!r}." if shows_default else "")


def arguments_of(question: Options) -> str:
    """What to put between the parentheses to ask this question: options with a default are left out.

    >>> from mixpanel_data.queries import LocalFunnel
    >>> arguments_of(LocalFunnel(["Sign Up", "Purchase"], "2026-01-01", "2026-01-31", length=3))
    '["Sign Up", "Purchase"], "2026-01-01", "2026-01-31", length=3'
    """
    return ", ".join(_arguments(question))


def _arguments(question: Options) -> Iterator[str]:
    kind: type = type(question)
    is_positional = True
    for it in parameters(kind):
        value = getattr(question, it.name)
        if it.name == "table" and len(value) == 1:
            value = value[0]  # one table is given as its name, as the default is
        is_positional = is_positional and it.is_required and not it.is_keyword
        if is_positional:
            yield _written(value)
        elif value != it.default:
            yield f"{it.name}={_written(value)}"


def _written(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, Options):
        arguments = arguments_of(value)
        is_event = arguments == _written(getattr(value, "event", None))
        return arguments if is_event else f"queries.{type(value).__name__}({arguments})"
    return repr(value)
