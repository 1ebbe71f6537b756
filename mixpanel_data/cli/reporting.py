"""Reports as commands: one question, counted by Mixpanel or here, on fetched tables.

A command declares its question and gives it to `ask`; everything else is here. Options in the
section `HERE` are of local reports only: any of them, typed, makes a report local.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from mixpanel_data.cli.asking import mixpanel, show
from mixpanel_data.cli.context import Session
from mixpanel_data.text import listed

if TYPE_CHECKING:
    from mixpanel_data.types import Report
    from mixpanel_data.workspace import Workspace
    from mixpanel_data.workspace.local import LocalReports
    from mixpanel_data.workspace.scope import ScopeOptions

    Ask = Workspace | LocalReports
    AskHere = LocalReports
    Answer = Report
else:
    Ask = AskHere = Answer = Any  # at run time they are looked up, and make no option

HERE = "Counting here (each of these implies --local)"

here = partial(typer.Option, rich_help_panel=HERE)
"""An option that only local reports have."""


def report(question: Callable[..., Answer]) -> Callable[..., None]:
    """A command that asks Mixpanel, or fetched tables where the command line says so."""
    return _command(question, is_local=_is_local)


def local_report(question: Callable[..., Answer]) -> Callable[..., None]:
    """A command that asks fetched tables alone."""
    return _command(question, is_local=lambda _: True)


def counted_here(ask: Ask, **options: Any) -> dict[str, Any]:
    """Options of a section `HERE`, as Mixpanel has none of them."""
    from mixpanel_data.workspace import Workspace

    return {} if isinstance(ask, Workspace) else options


def _counting_here(
    local: Annotated[
        bool, here("--local", help="Count on fetched tables: needs no quota, with --db no account.")
    ] = False,
    tables: Annotated[
        list[str] | None,
        here("--table", metavar="A,B", help="Tables of events, counted as one (events)."),
    ] = None,
    profiles: Annotated[
        str | None, here(metavar="TABLE", help='Where user["x"] looks (profiles).')
    ] = None,
    timezone: Annotated[
        str | None, here(metavar="ZONE", help="Whose days are counted; else the account's.")
    ] = None,
    week_start: Annotated[
        Literal["monday", "sunday"] | None,
        here(metavar="DAY", help="Weeks begin on monday (default) or sunday."),
    ] = None,
    edge_buckets: Annotated[
        Literal["partial", "whole"] | None,
        here(
            metavar="DAYS", help="Of the first and last week or month: partial (as asked), whole."
        ),
    ] = None,
    dedupe: Annotated[
        bool | None,
        here("--dedupe/--no-dedupe", help="Leave out copies of events; else where tables overlap."),
    ] = None,
    explain: Annotated[
        bool, here("--explain", help="Print the SQL, as text in any format; count nothing.")
    ] = False,
) -> None:
    """Hold the options that every local report has."""


def _command(
    question: Callable[..., Answer], *, is_local: Callable[[typer.Context], bool]
) -> Callable[..., None]:
    """The question with the context and the options of local reports in its signature."""
    _, *own = _parameters(question)
    local, *common = _parameters(_counting_here)

    def run(ctx: typer.Context, **options: Any) -> None:
        session = Session.of(ctx)
        del options[local.name]  # which counted because it was typed
        scope = {parameter.name: options.pop(parameter.name) for parameter in common}
        if is_local(ctx):
            with _database(session) as workspace:
                _answer_here(session, workspace, partial(question, **options), scope)
        else:
            with mixpanel(session) as workspace:
                show(session, question(workspace, **options))

    ctx = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    signature = inspect.Signature([ctx, local, *own, *common], return_annotation=None)
    run.__name__, run.__doc__ = question.__name__, question.__doc__
    run.__annotations__ = {it.name: it.annotation for it in signature.parameters.values()}
    vars(run)["__signature__"] = signature
    return run


def _parameters(function: Callable[..., object]) -> list[inspect.Parameter]:
    return [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(function, eval_str=True).parameters.values()
    ]


def _is_local(ctx: typer.Context) -> bool:
    """Whether an option of local reports was typed."""
    typed = [param for param in ctx.command.params if _was_typed(ctx, param.name)]
    return any(getattr(param, "rich_help_panel", None) == HERE for param in typed)


def _was_typed(ctx: typer.Context, name: str | None) -> bool:
    source = ctx.get_parameter_source(name) if name else None
    return source is not None and source.name == "COMMANDLINE"


@contextmanager
def _database(session: Session) -> Iterator[Workspace]:
    """What is here; an account that is named beside --db says whose days are counted."""
    with session.workspace() if session.account else session.database() as workspace:
        yield workspace


def _answer_here(
    session: Session,
    workspace: Workspace,
    question: Callable[[LocalReports], Answer],
    scope: dict[str, Any],
) -> None:
    explain = scope.pop("explain")
    reports = _reading(workspace, **scope)
    if explain:
        session.check_takes_all("--explain prints SQL")
        session.show_text(f"{question(cast('LocalReports', reports.as_sql))}\n")
        return
    answer = question(reports)
    show(session, answer)
    if answer.source != workspace.source:  # a file does not say who fetched it, its tables do
        session.tell_source(answer.source)


def _reading(workspace: Workspace, *, tables: list[str] | None, **scope: Any) -> LocalReports:
    """The reports of the tables that are named, by the calendar that is asked for."""
    chosen = {name: value for name, value in scope.items() if value is not None}
    if tables is not None:
        chosen["table"] = listed(tables, "--table")
    return workspace.local.on(**cast("ScopeOptions", chosen))
