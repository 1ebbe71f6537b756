"""Questions as Python shows them: the signature and the docstring of a method that asks one."""

import inspect
from dataclasses import MISSING

from mixpanel_data.queries.question import Parameter, parameters


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
