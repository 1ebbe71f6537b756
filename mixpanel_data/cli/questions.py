"""The options of a command, made from the questions that it asks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import MISSING
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, get_origin

import typer

from mixpanel_data.text import listed

if TYPE_CHECKING:
    from mixpanel_data.queries import Parameter

HERE = "Local reports (any of these implies --local)"

_PREFIX = "asked_"  # Typer knows options by name, and `limit` is a global one, too
_NAMES = list[str]
_TYPED = {date: str, datetime: str}


class FromQuestions:
    """A function that Typer calls with the options of questions; they are looked up when it asks.

    The function gets the context, then what was typed of the questions' options as a dict, then
    options of its own. Questions are named, so that a list of all commands loads none.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        questions: Collection[str],
        arguments: Collection[str] = (),
        without: Collection[str] = (),
    ) -> None:
        self._function = function
        self._questions = questions
        self._arguments = arguments
        self._without = without
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__

    @cached_property
    def kinds(self) -> tuple[type, ...]:
        """The questions."""
        from mixpanel_data import queries

        return tuple(getattr(queries, name) for name in self._questions)

    @cached_property
    def __signature__(self) -> inspect.Signature:
        ctx = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        made = options_of(self.kinds, arguments=self._arguments, without=self._without)
        return inspect.Signature([ctx, *self._arranged(made)], return_annotation=None)

    @property
    def __annotations__(self) -> dict[str, Any]:  # type: ignore[override]
        return {it.name: it.annotation for it in self.__signature__.parameters.values()}

    def __call__(self, ctx: typer.Context, **values: Any) -> None:
        """Run the command."""
        typed = typed_options(ctx, self.kinds, values)
        self._function(ctx, typed, **{name: values[name] for name in self._own})

    @cached_property
    def _own(self) -> dict[str, inspect.Parameter]:
        """The options of the function itself, by name."""
        return keywords_of(self._function, after=2)

    def _arranged(self, made: dict[str, inspect.Parameter]) -> list[inspect.Parameter]:
        return [*made.values(), *self._own.values()]


def keywords_of(function: Callable[..., object], *, after: int) -> dict[str, inspect.Parameter]:
    """The parameters of a function after the first ones, as keywords."""
    parameters = inspect.signature(function, eval_str=True).parameters.items()
    return {
        name: it.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, it in [*parameters][after:]
    }


def takes(
    *questions: str, arguments: Collection[str] = (), without: Collection[str] = ()
) -> Callable[[Callable[..., None]], FromQuestions]:
    """A command with the options of these questions and those of its function.

    `arguments` are the options that are typed without a name, `without` those that are left out.
    """
    return lambda function: FromQuestions(function, questions, arguments, without)


def options_of(
    kinds: Sequence[type], *, arguments: Collection[str] = (), without: Collection[str] = ()
) -> dict[str, inspect.Parameter]:
    """The options of one or more questions, each once, as parameters that Typer reads.

    An option that tables alone have is in the section `HERE`. An option that some of the kinds
    lack, or do not require, may be left out, but not a list of arguments.
    """
    from mixpanel_data.queries import LocalQuestion, parameters

    found: dict[str, list[Parameter]] = {}
    shared = {it.name for it in parameters(LocalQuestion)}
    here = set(shared) if any(issubclass(it, LocalQuestion) for it in kinds) else set()
    for kind in kinds:
        for it in parameters(kind):
            if it.name not in found and issubclass(kind, LocalQuestion) and kind is not kinds[0]:
                here.add(it.name)
            found.setdefault(it.name, []).append(it)
    flags = {it.name: flag_of(it) for same in found.values() for it in same}
    made = {}
    for name, same in found.items():
        it, is_argument = same[0], name in arguments
        info = _argument(it) if is_argument else _option(it)
        info.help = it.option.help_naming(flags)
        info.rich_help_panel = HERE if name in here else None
        is_in_all = len(same) == len(kinds) or (is_argument and _type(it) == _NAMES)
        is_required = is_in_all and all(it.is_required for it in same)
        made[name] = _parameter(it, info, is_required=is_required)
    order = sorted(made, key=lambda name: (name in here, name in shared))
    return {name: made[name] for name in order if name not in without}


def typed_options(
    ctx: typer.Context, kinds: Sequence[type], values: dict[str, Any]
) -> dict[str, Any]:
    """Those values that were typed, by name: the defaults of the others are the question's."""
    from mixpanel_data.queries import parameters

    known = {it.name: it for kind in kinds for it in parameters(kind)}
    typed = {
        name.removeprefix(_PREFIX): value
        for name, value in values.items()
        if name.startswith(_PREFIX) and was_typed(ctx, name)
    }
    return {
        name: listed(value, flag_of(known[name])) if _is_joined(known[name]) else value
        for name, value in typed.items()
    }


def was_typed(ctx: typer.Context, name: str | None) -> bool:
    """Whether the command line has the option."""
    source = ctx.get_parameter_source(name) if name else None
    return source is not None and source.name == "COMMANDLINE"


def flag_of(it: Parameter) -> str:
    """An option as it is typed."""
    return _declared(it).partition("/")[0]


def _declared(it: Parameter) -> str:
    """An option as Typer declares it: a switch that may be on by default has an opposite."""
    flag = it.option.flag or f"--{it.name.replace('_', '-')}"
    if it.keeps is bool and it.default is not False and "/" not in flag:
        return f"{flag}/--no-{flag.removeprefix('--')}"
    return flag


def _is_joined(it: Parameter) -> bool:
    """Whether one word of the command line has several names."""
    return it.option.metavar == "A,B"


def _argument(it: Parameter) -> Any:
    return typer.Argument(metavar=it.option.metavar)


def _option(it: Parameter) -> Any:
    shown = it.default not in (MISSING, None, (), False)
    return typer.Option(
        _declared(it),
        metavar=it.option.metavar,
        min=it.option.least,
        max=it.option.most,
        show_default=str(it.default) if shown and _type(it) == _NAMES else shown,
    )


def _parameter(it: Parameter, info: Any, *, is_required: bool) -> inspect.Parameter:
    kind = _type(it)
    default: Any = inspect.Parameter.empty
    if not is_required:
        default = None if it.default is MISSING or kind == _NAMES else it.default
        kind = kind if default is not None else kind | None
    return inspect.Parameter(
        _PREFIX + it.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, info],
    )


def _type(it: Parameter) -> Any:
    """The type of one value of the command line, or of several."""
    if it.option.metavar == "JSON":
        return str
    return _NAMES if get_origin(it.keeps) is tuple else _TYPED.get(it.keeps, it.keeps)
