"""An option that is given more than once: all of its values count, or it is a usage error.

Typer's parser keeps the last value and drops the others without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer


class Repeats:
    """A parser that has every value of every option, in front of Typer's own.

    Typer's parser classes are private, hence Any.
    """

    def __init__(self, parser: Any, ctx: typer.Context, params: Sequence[Any]) -> None:
        self._parser = parser
        self._ctx = ctx
        for param in params:
            if param.param_type_name == "option":
                param.add_to_parser(self, ctx)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def add_option(self, *, action: str, **settings: Any) -> None:
        """Declare an option again, as one that keeps all values."""
        self._parser.add_option(action=action.replace("store", "append"), **settings)

    def parse_args(self, args: list[str]) -> tuple[dict[str, Any], list[str], list[Any]]:
        """Parse as Typer does, with one value for each option that takes one."""
        values, rest, order = self._parser.parse_args(args=args)
        for param in dict.fromkeys(order):
            if param.param_type_name == "option" and not (param.multiple or param.count):
                values[param.name] = self._one(param, values[param.name])
        return values, rest, order

    def _one(self, param: Any, values: list[Any]) -> Any:
        different = list(dict.fromkeys(values))
        if len(different) == 1 or self._ctx.resilient_parsing:
            return different[-1]
        if is_condition(param):
            from mixpanel_data.expressions import all_of

            return all_of(different)
        raise given_twice(param, self._ctx)


def is_condition(param: Any) -> bool:
    """Whether an option is a filter: then all of its values must hold."""
    return any(name.endswith("where") for name in param.opts)


def given_twice(param: Any, ctx: typer.Context) -> typer.BadParameter:
    """Name the option, but not its values: one may be a secret."""
    names = [*param.opts, *param.secondary_opts]
    return typer.BadParameter("given more than once, with different values", ctx, param, names)
