"""Reports as commands: one question, counted by Mixpanel or here, on fetched tables.

A command names the questions that it asks, which bring its options, and makes one of what was
typed. Any option in the section `HERE` makes it a question about tables.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mixpanel_data.cli.context import Session
from mixpanel_data.cli.questions import (
    HERE,
    FromQuestions,
    keywords_of,
    typed_options,
    was_typed,
)
from mixpanel_data.cli.report_output import mixpanel, show

if TYPE_CHECKING:
    from mixpanel_data.queries import Question
    from mixpanel_data.types import Report
    from mixpanel_data.workspace import Workspace

    Asking = Question[Report]
else:
    Asking = Any  # at run time annotations are looked up, and this one makes no option

here = partial(typer.Option, rich_help_panel=HERE)
"""An option that only questions about tables have."""


@dataclass(frozen=True)
class Asked:
    """What was typed: options of questions by name, without those that were left out."""

    kinds: tuple[type, ...]
    is_local: bool
    options: dict[str, Any]

    def question(self, kind: Callable[..., Any] | None = None, **more: Any) -> Asking:
        """The question that the options make, of the first kind unless another one is named."""
        found: Asking = (kind or self._kind)(**{**self.options, **more})
        return found

    @property
    def _kind(self) -> type:
        from mixpanel_data.queries import LocalQuestion

        return next(it for it in self.kinds if issubclass(it, LocalQuestion) == self.is_local)


def report(
    *questions: str, arguments: Collection[str] = (), without: Collection[str] = ()
) -> Callable[[Callable[..., Asking]], Command]:
    """A command with the options of these questions and those of its function, which gives one.

    `arguments` are the options that are typed without a name, `without` those that the function has
    in its own way.
    """
    return lambda function: Command(function, questions, arguments, without)


def _here(
    local: Annotated[
        bool, here("--local", help="Count on fetched tables: needs no quota, with --db no account.")
    ] = False,
    explain: Annotated[
        bool, here("--explain", help="Print the SQL, as text in any format; count nothing.")
    ] = False,
) -> None:
    """Hold the options of the command line that every local report has."""


class Command(FromQuestions):
    """A command that asks the question which its function makes of what was typed."""

    def __call__(self, ctx: typer.Context, **values: Any) -> None:
        """Ask the question, and print its answer."""
        session = Session.of(ctx)
        explain = values.pop("explain", False)
        is_local = len(self._local) == len(self.kinds) or _is_local(ctx)
        asked = Asked(self.kinds, is_local, typed_options(ctx, self.kinds, values))
        ask = partial(self._function, asked, **{name: values[name] for name in self._own})
        if is_local:
            with _database(session) as workspace:
                _answer_here(session, workspace, ask(), explain=explain)
        else:
            question = ask()
            with mixpanel(session) as workspace:
                show(session, workspace.ask(question))

    @cached_property
    def _local(self) -> list[type]:
        """The questions about tables."""
        from mixpanel_data.queries import LocalQuestion

        return [it for it in self.kinds if issubclass(it, LocalQuestion)]

    @cached_property
    def _own(self) -> dict[str, inspect.Parameter]:
        return keywords_of(self._function, after=1)

    def _arranged(self, made: dict[str, inspect.Parameter]) -> list[inspect.Parameter]:
        """Options that every local report has come last, from the table on."""
        options = list(made.values())
        if not self._local:
            return [*options, *self._own.values()]
        local, explain = keywords_of(_here, after=0).values()
        at = list(made).index("table")
        return [local, *options[:at], *self._own.values(), *options[at:], explain]


def _is_local(ctx: typer.Context) -> bool:
    """Whether an option of local reports was typed."""
    typed = [param for param in ctx.command.params if was_typed(ctx, param.name)]
    return any(getattr(param, "rich_help_panel", None) == HERE for param in typed)


@contextmanager
def _database(session: Session) -> Iterator[Workspace]:
    """What is here; an account that is named beside --db says whose days are counted."""
    with session.workspace() if session.account else session.database() as workspace:
        yield workspace


def _answer_here(
    session: Session, workspace: Workspace, question: Asking, *, explain: bool
) -> None:
    if explain:
        session.check_takes_all("--explain prints SQL")
        session.show_text(f"{workspace.local.explain(question)}\n")
        return
    answer = workspace.local.ask(question)
    show(session, answer)
    if answer.source != workspace.source:  # a file does not say who fetched it, its tables do
        session.tell_source(answer.source)
