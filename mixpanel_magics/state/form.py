"""The fields of a report's form: labels, choices, bounds and help are those of its question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_origin

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.faces import arguments_of
from mixpanel_data.queries.question import parameters
from mixpanel_data.text import listed

if TYPE_CHECKING:
    from mixpanel_data import Workspace
    from mixpanel_data.queries import Parameter, Question

LIVE = ""
"""In the place of a table: Mixpanel itself."""

Control = Literal["choice", "switch", "number", "day", "event", "property", "text"]

_MISSING = {
    "EVENT": "choose an event",
    "PROP": "choose a property",
    "DATE": "choose the first and the last day",
}
_DECIDED = {"default": None, "yes": True, "no": False}
"""The choices of a switch that the question decides about where nobody does."""


@dataclass(frozen=True)
class Field:
    """A field of a form: an option of a question."""

    option: Parameter
    names: Mapping[str, str]

    @property
    def name(self) -> str:
        """The option, as Python calls it."""
        return self.option.name

    @property
    def label(self) -> str:
        """The option, as the form calls it."""
        return self.names[self.name]

    @property
    def help(self) -> str:
        """What the option is for."""
        return self.option.option.help_naming(self.names)

    @property
    def control(self) -> Control:
        """What kind of input it takes."""
        it = self.option
        if self.choices:
            return "choice"
        if it.keeps is bool:
            return "switch"
        if self.is_number and not it.is_optional:
            return "number"
        if it.keeps is date:
            return "day"
        by_value: dict[str | None, Control] = {"EVENT": "event", "PROP": "property"}
        return by_value.get(it.option.metavar, "text")

    @property
    def is_basic(self) -> bool:
        """Whether a form shows it at once."""
        it = self.option
        return it.is_required or not it.is_keyword or it.option.is_basic

    @property
    def choices(self) -> tuple[tuple[str, Any], ...]:
        """Labels and values to choose from."""
        it = self.option
        if it.keeps is bool and it.is_optional:
            return tuple(_DECIDED.items())
        return tuple((str(value), value) for value in it.choices)

    @property
    def is_number(self) -> bool:
        """Whether its value is a number."""
        return self.option.keeps in {int, float}

    @property
    def is_list(self) -> bool:
        """Whether its text is a list of names."""
        return get_origin(self.option.keeps) is tuple

    @property
    def default(self) -> Any:
        """What it shows at first; None where nothing is typed."""
        default = self.option.default
        return None if default in (MISSING, ()) else default

    @property
    def placeholder(self) -> str:
        """What to type, where it is empty."""
        what = self.option.option.metavar or ""
        return what if self.option.is_required else f"optional: {what}".removesuffix(": ")

    def is_like(self, other: Field) -> bool:
        """Whether the other field, of another question, can be used for this one."""
        mine, its = self.option, other.option
        return (mine.keeps, mine.default, self.label, self.help, self.control) == (
            its.keeps, its.default, other.label, other.help, other.control
        )  # fmt: skip

    def value(self, typed: Any) -> Any:
        """What the question takes for what was typed; None where that is nothing."""
        text = typed.strip() if isinstance(typed, str) else typed
        if text in ("", None):
            return None
        if not isinstance(text, str):
            return text
        if self.is_list:
            return listed([text], self.label)
        if self.is_number:
            return self._number(text)
        return text

    def _number(self, text: str) -> float:
        try:
            return self.option.keeps(text)  # type: ignore[no-any-return]
        except ValueError:
            raise InvalidArgumentError(f"{self.label} {text!r} is not a number") from None


@dataclass(frozen=True)
class Form:
    """A report by the name of its method: `funnel` is `ws.local.funnel`.

    `kind` is its question on tables; `live` the same for Mixpanel, None where it takes another one.
    """

    name: str
    kind: type[Question[Any]]
    live: type[Question[Any]] | None

    @property
    def title(self) -> str:
        """The report in words."""
        return self.name.replace("_", " ")

    def question_kind(self, table: str) -> type[Question[Any]]:
        """The kind of question for a table, or for Mixpanel."""
        return self.live if table == LIVE and self.live is not None else self.kind

    def fields(self, table: str) -> tuple[Field, ...]:
        """All fields but the table, which forms choose once for all reports."""
        kind: type = self.question_kind(table)
        known = [it for it in parameters(kind) if it.name != "table"]
        names = {it.name: _label(it) for it in known}
        return tuple(Field(it, names) for it in known)


def forms_of(workspace: type[Workspace], local: type) -> dict[str, Form]:
    """The reports that a form may ask for, all of them and no others: the methods of `ws.local`."""
    live = dict(_questions(workspace))
    return {
        name: Form(name, kind, live[name] if issubclass(kind, live.get(name, _Nothing)) else None)
        for name, kind in _questions(local)
    }


class _Nothing:
    """No question is one of these."""


def _questions(owner: type) -> Iterator[tuple[str, Any]]:
    for base in owner.__mro__:
        for name in vars(base):
            kind = None if name.startswith("_") else getattr(getattr(owner, name), "question", None)
            if kind is not None:
                yield name, kind


def _label(it: Parameter) -> str:
    """The option of the command line, in words."""
    flag = (it.option.flag or it.name).partition("/")[0]
    return flag.removeprefix("--").replace("-", " ").replace("_", " ")


@dataclass(frozen=True)
class Draft:
    """A form as it is filled in; what `typed` leaves out is as the question has it by default."""

    form: Form
    table: str = LIVE
    typed: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the form."""
        return self.form.fields(self.table)

    @property
    def is_live(self) -> bool:
        """Whether Mixpanel is asked."""
        return self.table == LIVE and self.form.live is not None

    @cached_property
    def options(self) -> dict[str, Any]:
        """The options that are not left to the question."""
        values = {it.name: it.value(self.typed.get(it.name)) for it in self.fields}
        defaults = {it.name: it.default for it in self.fields}
        return {k: v for k, v in values.items() if v is not None and v != defaults[k]}

    @property
    def missing(self) -> str | None:
        """What the question requires and is not there yet."""
        if self.table == LIVE and self.form.live is None:
            return "choose a table of events: %mp_fetch makes one"
        for it in self.fields:
            if it.option.is_required and it.name not in self.options:
                return _MISSING.get(it.option.option.metavar or "", f"choose {it.label}")
        return None

    @property
    def events(self) -> list[str]:
        """The names of events that are to be counted."""
        found: list[str] = []
        for it in self.fields:
            value = self.options.get(it.name, [])
            if it.control == "event":
                found += [value] if value else []
            elif it.is_list and it.option.is_required:
                found += value
        return found

    def question(self) -> Question[Any]:
        """The question, checked."""
        options = dict(self.options)
        if self.table != LIVE:
            options["table"] = self.table
        return self.form.question_kind(self.table)(**options)

    def call(self, variable: str) -> str:
        """The code that asks the question, where the workspace is `variable`."""
        asker = variable if self.is_live else f"{variable}.local"
        return f"{asker}.{self.form.name}({arguments_of(self.question())})"
