"""Typer, made to take the global options anywhere and to print plain, short help."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from mixpanel_data.cli.coercion import Coercion
from mixpanel_data.cli.context import GLOBAL, OUTPUT
from mixpanel_data.cli.repeats import Repeats


class App(typer.Typer):
    """A Typer whose commands all take the root's global options.

    Help is plain text: agents read it, and Rich costs more to import than all the rest.
    """

    def __init__(
        self, *, cls: type[Group] | None = None, examples: str = "", **settings: Any
    ) -> None:
        super().__init__(
            **{"add_completion": False, **settings},
            context_settings={"help_option_names": ["--help", "-h"]},
            cls=cls or Group,
            epilog=_as_written(examples),
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
        )

    def command(
        self, name: str | None = None, *, examples: str = "", **settings: Any
    ) -> Callable[[Any], Any]:
        """Register a command; its help ends with `examples`, printed as they are."""
        return super().command(name, cls=Command, epilog=_as_written(examples), **settings)


class _WithGlobals:
    """Adds the root's global options to a command, in a section of their own in its help.

    Where a command has an option of the same name, that one counts after it.

    Typer's own context and parameter classes are private, hence Any.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        own = cast("list[Any]", super().get_params(ctx))  # type: ignore[misc]
        root = ctx.find_root().command
        if root is not self:
            taken = {option for param in own for option in param.opts}
            own = [
                *own,
                *(p for p in root.params if _is_global(p) and taken.isdisjoint(p.opts)),
            ]
        for param in own:
            Coercion.install(param)
        return own

    def make_parser(self, ctx: Any) -> Any:
        parser = super().make_parser(ctx)  # type: ignore[misc]
        return Repeats(parser, ctx, self.get_params(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        pieces = super().collect_usage_pieces(ctx)  # type: ignore[misc]
        return [piece.replace("{", "").replace("}", "") for piece in pieces]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                name, text = record
                if param.param_type_name == "argument":
                    name = name.partition(" <")[0]  # its type adds nothing to its name
                sections.setdefault(_section(param), []).append((name, text))
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Command(_WithGlobals, TyperCommand):
    """A command that takes the global options too."""


class Group(_WithGlobals, TyperGroup):
    """A group of commands: alone it prints its help, and lists commands by section."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As usual; nothing at all asks for help."""
        return super().parse_args(ctx, args or ["--help"])

    def sections(self) -> Mapping[str, Iterable[str]]:
        """The names of the commands, under the headings of the help."""
        return {"Commands": self.commands}

    def summary(self, name: str) -> str:
        """What a command does, in a line."""
        return self.commands[name].get_short_help_str(80)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Commands first, then options: what to do comes before how."""
        for title, names in self.sections().items():
            with formatter.section(title):
                formatter.write_dl([(name, self.summary(name)) for name in names])
        super().format_options(ctx, formatter)


class Commands(Mapping[str, Any]):
    """Commands by name, imported and built when first asked for: a call of `mp` needs one.

    A module holds its commands in `app`, or is itself the group of that name.
    """

    def __init__(self, homes: Mapping[str, str]) -> None:
        self._homes = homes
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = get_command(self._alone(name))
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)

    def summary(self, name: str) -> str:
        """The first line of a command's help."""
        app = self._alone(name)
        text = (
            app.info.help if app.info.name else inspect.getdoc(app.registered_commands[0].callback)
        )
        return str(text).partition("\n")[0]

    def _alone(self, name: str) -> App:
        """An application of that command and no other."""
        module = import_module(f"mixpanel_data.cli.commands.{self._homes[name]}")
        app = cast("App", module.app)
        if app.info.name == name:
            return app
        alone = App()
        alone.registered_commands = [
            info for info in app.registered_commands if _name(info) == name
        ]
        return alone


def _name(command: Any) -> str:
    return str(command.name or command.callback.__name__)


def _is_global(param: Any) -> bool:
    return _section(param) in {GLOBAL, OUTPUT}


def _section(param: Any) -> str:
    if param.param_type_name == "argument":
        return "Arguments"
    return getattr(param, "rich_help_panel", None) or "Options"


def _as_written(text: str) -> str:
    """Lines that help keeps as they are, instead of filling paragraphs."""
    return "\n\n".join(f"\b\n{part}" for part in text.strip().split("\n\n") if part)
