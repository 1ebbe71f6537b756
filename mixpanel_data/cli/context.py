"""What the global options of a call add up to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from mixpanel_data.cli import formatters, results
from mixpanel_data.exceptions import InvalidArgumentError, command
from mixpanel_data.formats import Format, PrintedFormat
from mixpanel_data.serialization import to_csv, to_json
from mixpanel_data.text import listed, printable, retyped

if TYPE_CHECKING:
    from mixpanel_data.cli.jq import Program
    from mixpanel_data.queries import Excerpt
    from mixpanel_data.types import Writable
    from mixpanel_data.workspace import Workspace

Lend = Callable[[], "Workspace"]
Tell = Callable[[str, float | None], None]
GLOBAL = "Global options"
OUTPUT = "Output options"


@dataclass
class Session:
    """What the global options of one `mp` call ask for, and how to meet it."""

    account: str | None = None
    project: str | None = None
    format: PrintedFormat | None = None
    db: Path | None = None
    quiet: bool = False
    verbose: bool = False
    limit: int | None = None
    offset: int = 0
    columns: list[str] | None = None
    max_bytes: int | None = None
    jq: str | None = None
    lend: Lend | None = None
    """How to get the workspace that the caller has open, and keeps open."""
    tell: Tell | None = None
    """What the caller shows progress by: a text, and how much is done (0 to 1) if that is known."""
    typed: set[str] = field(default_factory=set)
    """Names of the options that the command line has."""
    closing: ExitStack = field(default_factory=ExitStack)
    """What ends with the call."""

    @classmethod
    def of(cls, ctx: typer.Context) -> Session:
        """The session of the running command."""
        return cast("Session", ctx.find_root().obj)

    @property
    def output(self) -> Format:
        """The format asked for, JSON by default."""
        return Format(self.format or "json")

    @cached_property
    def excerpt(self) -> Excerpt:
        """The part of the rows that is asked for."""
        from mixpanel_data.queries import Excerpt

        columns = None if self.columns is None else listed(self.columns, "--columns")
        try:
            return Excerpt.of(self.limit, self.offset, columns, self.max_bytes)
        except InvalidArgumentError as error:
            if "max_bytes" in error.message and "max_bytes" not in self.typed:
                raise InvalidArgumentError(f"MP_MAX_BYTES: {error.message}") from None
            raise

    @cached_property
    def program(self) -> Program | None:
        """What --jq does to JSON."""
        if self.jq is None:
            return None
        from mixpanel_data.cli.jq import Program

        if not self.output.is_json:
            raise InvalidArgumentError(
                f"--jq works on JSON, not on {self.output}", hint="--format json, or jsonl"
            )
        program = Program(self.jq, by_line=self.output == "jsonl")
        self.closing.callback(program.close)
        return program

    def check(self) -> None:
        """Find mistakes in the options before anything is done."""
        _ = self.excerpt, self.program

    def command(self, *words: str) -> str:
        """An `mp` command to type next, on the same account, project and database."""
        chosen = {"--account": self.account, "--project": self.project, "--db": self.db}
        options = [str(word) for pair in chosen.items() if pair[1] for word in pair]
        return command(*options, *words)

    def retyped(self, text: str) -> str:
        """A text whose commands are on the same account, project and database, too."""
        chosen = self.command()
        return retyped(text, lambda words: f"{'mp' if words == 'auth' else chosen} {words}")

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """The account's workspace; with --db, that file instead of the account's own."""
        from mixpanel_data.workspace import Workspace

        self.check()
        with self._lent() or Workspace(
            self.account, project_id=self.project, path=self.db
        ) as workspace:
            yield workspace
            self.tell_source(workspace.source)

    def _lent(self) -> AbstractContextManager[Workspace] | None:
        """The caller's workspace, unless another one is asked for."""
        lend = self._lender
        return None if lend is None else nullcontext(lend())

    @property
    def _lender(self) -> Lend | None:
        return None if self.account or self.project or self.db else self.lend

    @contextmanager
    def database(self) -> Iterator[Workspace]:
        """A workspace for what is already here: with --db, no account is needed."""
        if self.db is None:
            with self.workspace() as workspace:
                yield workspace
            return
        from mixpanel_data.workspace import Workspace

        self.check()
        with Workspace.open(self.db) as workspace:
            yield workspace
            self.tell_source(workspace.source)

    def show(
        self,
        value: formatters.Printable,
        *,
        rows: Sequence[formatters.Plain] | Sequence[formatters.Row] | None = None,
        headings: Sequence[str] = (),
        column: str = "name",
        whole: bool = False,
    ) -> None:
        """Print data on stdout, or the part of it that is asked for, unless that is meant `whole`.

        `rows` is what row-wise formats print instead, and JSON where rows are chosen, or where not
        all of it fits; `headings` are those of a CSV without rows, `column` that of a list of names.
        """
        if not rows and headings and self.output is Format.CSV:
            formatters.emit(to_csv([], self.excerpt.chosen(headings)))
            return
        plain = formatters.plain(value)
        if rows is not None and (self.output is not Format.JSON or self._chooses_rows(plain)):
            plain = formatters.plain(rows)
        part = plain if whole else results.taken(plain, self.excerpt, column)
        if self.program is None:
            self.tell_cut(results.show(part, self.output, self.excerpt, column=column))
        else:
            text = formatters.encoded(formatters.formatted(part, self.output))
            self.show_filtered(lambda file: file.write(text))

    def show_filtered(self, write: Callable[[Writable], object]) -> None:
        """Print what --jq makes of the JSON that `write` writes."""
        by_line = self.output is Format.JSONL
        cut = results.filtered(
            cast("Program", self.program), self.max_bytes, write, by_line=by_line
        )
        self.tell_cut(cut)

    def show_text(self, text: str) -> None:
        """Print a text as it is, whole or not at all."""
        size = len(formatters.encoded(text))
        if self.max_bytes is not None and size > self.max_bytes:
            self.tell_cut(f"all of {size:,} bytes")
        else:
            formatters.emit(text)

    def check_takes_all(self, what: str) -> None:
        """Refuse to choose from what has no rows, before anything is done."""
        if self.excerpt.is_of_rows or self.program is not None:
            raise InvalidArgumentError(
                f"{what}: --limit, --offset, --columns and --jq do not go with it",
                hint="leave them out",
            )

    def _chooses_rows(self, plain: object) -> bool:
        if self.max_bytes is None or self.program is not None:
            return self.excerpt.is_of_rows
        is_too_long = len(formatters.encoded(to_json(plain))) > self.max_bytes
        return self.excerpt.is_of_rows or is_too_long

    def tell_cut(self, what: str | None) -> None:
        """Say on stderr, --quiet or not, that data is missing."""
        if what is not None:
            typer.echo(f"cut: {what}", err=True)

    def say(self, text: str) -> None:
        """Print a line for people on stderr, unless --quiet."""
        if not self.quiet:
            typer.echo(printable(text), err=True)

    def tell_source(self, source: str) -> None:
        """Say that data is invented, where it is; who lends a workspace knows."""
        if source == "sandbox" and self._lender is None:
            self.say("note: this is the sandbox, its data is invented")

    def confirm(self, question: str, *, otherwise: str) -> None:
        """Go on when a person says yes; without a terminal refuse, and say what to type."""
        if not is_interactive():
            raise InvalidArgumentError(f"{question} There is no terminal to ask on", hint=otherwise)
        typer.confirm(printable(question), abort=True, err=True)


def is_interactive() -> bool:
    """True where a question can be asked and answered."""
    return sys.stdin.isatty() and sys.stderr.isatty()
