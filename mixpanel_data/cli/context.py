"""Global options, the same before and after the command, and what they add up to."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from mixpanel_data.cli import formatters, version

if TYPE_CHECKING:
    from mixpanel_data.workspace import Workspace

OutputFormat = Literal["json", "jsonl", "csv", "table"]
GLOBAL = "Global options"


@dataclass
class Session:
    """What the global options of one `mp` call ask for, and how to meet it."""

    account: str | None = None
    project: str | None = None
    format: OutputFormat | None = None
    db: Path | None = None
    quiet: bool = False
    verbose: bool = False

    @classmethod
    def of(cls, ctx: typer.Context) -> Session:
        """The session of the running command."""
        return cast("Session", ctx.find_root().obj)

    @property
    def output(self) -> OutputFormat:
        """The format asked for, JSON by default."""
        return self.format or "json"

    def command(self, *words: str) -> str:
        """An `mp` command to type next, on the same account, project and database."""
        chosen = {"--account": self.account, "--project": self.project, "--db": self.db}
        options = [str(word) for pair in chosen.items() if pair[1] for word in pair]
        return shlex.join(["mp", *options, *words])

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """The account's workspace; with --db, that file instead of the account's own."""
        from mixpanel_data.workspace import Workspace

        with Workspace(self.account, project_id=self.project, path=self.db) as workspace:
            yield workspace
            self._name_source(workspace)

    @contextmanager
    def database(self) -> Iterator[Workspace]:
        """A workspace for what is already here: with --db, no account is needed."""
        if self.db is None:
            with self.workspace() as workspace:
                yield workspace
            return
        from mixpanel_data.workspace import Workspace

        with Workspace.open(self.db) as workspace:
            yield workspace
            self._name_source(workspace)

    def show(
        self,
        value: formatters.Printable,
        *,
        rows: Sequence[formatters.Plain] | Sequence[formatters.Row] | None = None,
        column: str = "name",
    ) -> None:
        """Print data on stdout.

        `rows` is what the row-wise formats print instead, `column` the heading of a list of names.
        """
        chosen = value if rows is None or self.output == "json" else rows
        formatters.write(chosen, self.output, column=column)

    def say(self, text: str) -> None:
        """Print a line for people on stderr, unless --quiet."""
        if not self.quiet:
            typer.echo(formatters.printable(text), err=True)

    def confirm(self, question: str, *, otherwise: str) -> None:
        """Go on when a person says yes; without a terminal refuse, and say what to type."""
        if not is_interactive():
            from mixpanel_data.exceptions import InvalidArgumentError

            raise InvalidArgumentError(f"{question} There is no terminal to ask on", hint=otherwise)
        typer.confirm(formatters.printable(question), abort=True, err=True)

    def _name_source(self, workspace: Workspace) -> None:
        if workspace.source == "sandbox":
            self.say("note: this is the sandbox, its data is invented")


def is_interactive() -> bool:
    """True where a question can be asked and answered."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _remember(ctx: typer.Context, param: typer.CallbackParam, value: Any) -> None:
    """Note an option in the session; typed beats environment, and the last one typed wins."""
    session = Session.of(ctx)
    source = ctx.get_parameter_source(param.name)
    name = source.name if source else "DEFAULT"
    if name == "COMMANDLINE" or (name == "ENVIRONMENT" and getattr(session, param.name) is None):
        setattr(session, param.name, value)


def _option(*names: str, help: str, **more: Any) -> Any:  # noqa: A002 (Typer's word)
    return typer.Option(
        *names, help=help, callback=_remember, expose_value=False, rich_help_panel=GLOBAL, **more
    )


def _print_version(value: bool) -> None:
    if value:
        version.show()
        raise typer.Exit


def global_options(
    account: Annotated[
        str | None,
        _option(
            "--account", "-a", metavar="NAME", help="A stored account, or 'sandbox' (MP_ACCOUNT)."
        ),
    ] = None,
    project: Annotated[
        str | None,
        _option("--project", "-p", metavar="ID", help="Project ID; overrides the account's."),
    ] = None,
    db: Annotated[
        Path | None,
        _option("--db", metavar="FILE", help="Database file; without it, the account's own."),
    ] = None,
    format: Annotated[  # noqa: A002 (Typer names the option after it)
        OutputFormat | None,
        _option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="Print data as json (default), jsonl, csv or table (MP_FORMAT).",
            envvar="MP_FORMAT",
            show_envvar=False,
        ),
    ] = None,
    quiet: Annotated[
        bool, _option("--quiet", "-q", help="No progress or notes on stderr.")
    ] = False,
    verbose: Annotated[
        bool, _option("--verbose", "-v", help="Show the traceback of an error.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            expose_value=False,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    """Hold the options, declared once: `app` offers the root's on every level."""
