"""Global options: declared once, offered before and after every command."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from mixpanel_data.cli import version
from mixpanel_data.cli.context import GLOBAL, OUTPUT, Session
from mixpanel_data.cli.repeats import given_twice
from mixpanel_data.formats import PrintedFormat


def _remember(ctx: typer.Context, param: typer.CallbackParam, value: Any) -> None:
    """Note an option in the session; typed beats environment.

    It may stand before and after the command: then a list has all values, and anything else must
    have the same value.
    """
    session = Session.of(ctx)
    source = ctx.get_parameter_source(param.name)
    name = source.name if source else "DEFAULT"
    if name == "COMMANDLINE":
        if param.name in session.typed:
            before = getattr(session, param.name)
            if param.multiple:
                value = [*before, *value]
            elif value != before:
                raise given_twice(param, ctx)
        session.typed.add(param.name)
        setattr(session, param.name, value)
    elif name == "ENVIRONMENT" and getattr(session, param.name) is None:
        setattr(session, param.name, value)


def _option(*names: str, help: str, panel: str = GLOBAL, **more: Any) -> Any:  # noqa: A002
    return typer.Option(
        *names,
        help=help,
        callback=_remember,
        expose_value=False,
        show_default=False,
        rich_help_panel=panel,
        **more,
    )


_output = partial(_option, panel=OUTPUT)


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
    quiet: Annotated[
        bool, _option("--quiet", "-q", help="No progress or notes on stderr.")
    ] = False,
    verbose: Annotated[
        bool, _option("--verbose", "-v", help="Show the traceback of an error.")
    ] = False,
    format: Annotated[  # noqa: A002 (Typer names the option after it)
        PrintedFormat | None,
        _output(
            "--format",
            "-f",
            metavar="FORMAT",
            help="Print data as json (default), jsonl, csv or table (MP_FORMAT).",
            envvar="MP_FORMAT",
            show_envvar=False,
        ),
    ] = None,
    limit: Annotated[
        int | None, _output("--limit", metavar="N", help="Print at most N rows.")
    ] = None,
    offset: Annotated[int, _output("--offset", metavar="N", help="Skip the first N rows.")] = 0,
    columns: Annotated[
        list[str] | None,
        _output("--columns", metavar="A,B", help="Print these columns, in this order."),
    ] = None,
    max_bytes: Annotated[
        int | None,
        _output(
            "--max-bytes",
            metavar="N",
            help="Print at most N bytes, in whole rows (MP_MAX_BYTES).",
            envvar="MP_MAX_BYTES",
            show_envvar=False,
        ),
    ] = None,
    jq: Annotated[
        str | None,
        _output("--jq", metavar="EXPR", help="Filter JSON with jq; jsonl row by row."),
    ] = None,
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
