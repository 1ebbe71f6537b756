"""The whole `mp` command, built from its sections, and how a call of it ends."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Self, cast

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from mixpanel_data.cli import errors, stdout
from mixpanel_data.cli.app import App, Commands, Group
from mixpanel_data.cli.context import Lend, Session, Tell
from mixpanel_data.cli.options import global_options
from mixpanel_data.exceptions import MixpanelDataWarning
from mixpanel_data.text import printable

Sections = Mapping[str, Mapping[str, str]]


def call(
    args: Sequence[str],
    sections: Sections,
    *,
    workflow: str,
    lend: Lend | None = None,
    tell: Tell | None = None,
) -> int:
    """Run `mp` with these arguments and return its exit code."""
    session = Session(lend=lend, tell=tell)
    with session.closing, warnings.catch_warnings():
        warnings.simplefilter("always", MixpanelDataWarning)
        warnings.showwarning = partial(_print_warning, session)
        try:
            command = Root.build(sections, workflow=workflow)
            code = command.main(list(args), prog_name="mp", standalone_mode=False, obj=session)
        except TyperException as error:
            return errors.report_usage(error, session, args)
        except (KeyboardInterrupt, typer.Abort):
            return errors.report_interrupt(session, args)
        except Exception as error:  # noqa: BLE001 (the last place: a bug is reported as one)
            return errors.report(error, session, args)
    if code == errors.INTERRUPTED:  # Typer's word for Ctrl-C
        return errors.report_interrupt(session, args)
    return int(code or 0)


class Root(Group):
    """All commands: a reader that leaves early, such as `head`, is no error."""

    _sections: Sections
    _commands: Commands

    @classmethod
    def build(cls, sections: Sections, *, workflow: str) -> Self:
        """A command with these commands, each named with the module that has it."""
        app = App(
            cls=cls,
            add_completion=True,
            help="Fetch Mixpanel data once into a local DuckDB file, then ask it many questions.",
            examples=workflow,
        )
        app.callback()(global_options)
        root = cast("Self", get_command(app))
        root.fill(sections)
        return root

    def fill(self, sections: Sections) -> None:
        """Take these commands."""
        homes = {name: home for homes in sections.values() for name, home in homes.items()}
        self._sections = sections
        self._commands = Commands(homes)
        self.commands = cast("Any", self._commands)

    def sections(self) -> Mapping[str, Iterable[str]]:
        """By what one wants to do."""
        return self._sections

    def summary(self, name: str) -> str:
        """Known without building the command."""
        return self._commands.summary(name)

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """As usual; this prints help, too."""
        with _a_reader_may_leave():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        """As usual, with everything written before it returns."""
        with _a_reader_may_leave():
            super().invoke(ctx)
            sys.stdout.flush()


@contextmanager
def _a_reader_may_leave() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        stdout.abandon()
        raise typer.Exit from None


def _print_warning(session: Session, message: Warning | str, *_: object, **__: object) -> None:
    typer.echo(f"warning: {printable(session.retyped(str(message)))}", err=True)
