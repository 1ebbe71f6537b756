"""What all questions share: each option is written once, with its type, default, check and help.

A question is a frozen dataclass. `Workspace` and `Workspace.local` make a method of it, the command
line a command, the server for agents a tool. None of them has a list of options of its own.
"""

import dataclasses
import functools
import inspect
import operator
import re
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    Self,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

from mixpanel_data._keywords import checked_keywords
from mixpanel_data.queries.checks import check_choice, check_number, check_range, check_text

T = TypeVar("T")
Accepts = TypeVar("Accepts")
Keeps = TypeVar("Keeps")
Answer_co = TypeVar("Answer_co", covariant=True)

_MENTIONED = re.compile(r"`(\w+)`")


@dataclass(frozen=True, slots=True)
class Option:
    """What every face says and checks of a field; `help` has the names of other options in `…`.

    `least` and `most` are the bounds of a number, both included. `is_required` is of an option that
    Python has a default for, because another one before it may be left out. The command line calls
    the option `flag` where that is not its name, and its value `metavar`; "A,B" is a list of names.
    Forms show `is_basic` options with the positional ones, and all others on request.
    """

    help: str
    flag: str | None = None
    metavar: str | None = None
    least: float | None = None
    most: float | None = None
    is_required: bool = False
    is_basic: bool = False

    def help_naming(self, names: Mapping[str, str]) -> str:
        """The help, with other options by the names that they have on a face."""
        return _MENTIONED.sub(lambda match: names.get(match[1], match[1]), self.help)


class Converted(Generic[Accepts, Keeps]):
    """A field that accepts one type and keeps another: dates as text, a list of names.

    `convert` takes the value and the name of the field, and leaves alone what it has converted.
    """

    def __init__(self, convert: Callable[[Accepts, str], Keeps], *, default: Any = MISSING) -> None:
        self._convert = convert
        self._default = default

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Keeps: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        """On the class, the default as a dataclass looks for it: AttributeError is for none."""
        if instance is not None:
            return instance.__dict__[self._name]
        if self._default is MISSING:
            raise AttributeError(self._name)
        return self._default

    def __set__(self, instance: object, value: Accepts) -> None:
        instance.__dict__[self._name] = self._convert(value, self._name)


# Type checkers see no frozen class: mypy would take what a field accepts for what it keeps.
@dataclass_transform(field_specifiers=(Converted, dataclasses.field))
def question(cls: type[T]) -> type[T]:
    """Make a frozen dataclass of it, which suggests the nearest name for an unknown one."""
    return checked_keywords()(dataclass(frozen=True)(cls))


class Options:
    """Checks its fields by their types and `Option`s: choices, bounds, text that is empty."""

    def __post_init__(self) -> None:
        kind: type = type(self)
        for parameter in parameters(kind):
            parameter.check(getattr(self, parameter.name))


class Question(Options, Generic[Answer_co]):
    """A question with an answer of the type `Answer_co`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        days = getattr(self, "from_date", None), getattr(self, "to_date", None)
        if days[0] is not None and days[1] is not None:
            check_range(days[0], days[1])


@dataclass(frozen=True)
class Parameter:
    """A field of a question, for those who make a signature or a form of it.

    `accepts` is the type that people may give, `keeps` that of the field, both without None where
    `is_optional`. `default` is `dataclasses.MISSING` where a value is required.
    """

    name: str
    option: Option
    accepts: Any
    keeps: Any
    is_optional: bool
    default: Any
    is_keyword: bool

    @property
    def is_required(self) -> bool:
        """Whether a value must be given."""
        return self.default is MISSING or self.option.is_required

    @property
    def annotation(self) -> Any:
        """What people may give, as a type."""
        return self.accepts | None if self.is_optional else self.accepts

    @property
    def choices(self) -> tuple[Any, ...]:
        """The words of a Literal; none for other types."""
        return get_args(self.keeps) if get_origin(self.keeps) is Literal else ()

    def check(self, value: Any) -> None:
        """Refuse an invalid value with an InvalidArgumentError that has the name."""
        if value is None and self.is_optional:
            return
        if self.choices:
            check_choice(value, self.name, self.choices)
        elif self.option.least is not None:
            check_number(value, self.name, self.option.least, self.option.most)
        elif self.keeps is str:
            check_text(value, self.name, is_required=not self.is_optional)


@functools.cache
def parameters(kind: type) -> tuple[Parameter, ...]:
    """The fields of a question: positional ones in order, its own, those that others share."""
    hints = get_type_hints(kind, include_extras=True)
    own = {name for it in kind.__mro__ if issubclass(it, Question) for name in _declared(it)}
    fields = sorted(dataclasses.fields(kind), key=lambda it: (bool(it.kw_only), it.name not in own))
    return tuple(_parameter(field, hints[field.name]) for field in fields)


def _declared(kind: type) -> Iterable[str]:
    return inspect.get_annotations(kind)


def _parameter(field: "dataclasses.Field[Any]", hint: Any) -> Parameter:
    option = Option("")
    if get_origin(hint) is Annotated:
        hint, *described = get_args(hint)
        option = described[-1]  # of nested ones, that of the field itself
    accepts, keeps = get_args(hint) if get_origin(hint) is Converted else (hint, hint)
    if field.default_factory is not MISSING:
        raise TypeError(f"{field.name} has a factory, where faces show a default")
    return Parameter(
        name=field.name,
        option=option,
        accepts=_without_none(accepts),
        keeps=_without_none(keeps),
        is_optional=type(None) in _members(accepts),
        default=field.default,
        is_keyword=bool(field.kw_only),
    )


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)


def _without_none(hint: Any) -> Any:
    members = [it for it in _members(hint) if it is not type(None)]
    return functools.reduce(operator.or_, members)
