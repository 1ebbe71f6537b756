"""Errors for people and for programs: one line and a hint, or one JSON object, on stderr."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import typer

from mixpanel_data.exceptions import (
    AccountNotFoundError,
    AuthenticationError,
    DatabaseNotFoundError,
    InvalidArgumentError,
    MixpanelDataError,
    RateLimitError,
    ResourceNotFoundError,
    TableNotFoundError,
)
from mixpanel_data.formats import PRINTED
from mixpanel_data.serialization import to_json
from mixpanel_data.text import printable

if TYPE_CHECKING:
    from typer.exceptions import TyperException

    from mixpanel_data.cli.context import Session

EXIT_CODES: dict[type[BaseException], int] = {
    AuthenticationError: 2,
    InvalidArgumentError: 3,
    ResourceNotFoundError: 4,
    TableNotFoundError: 4,
    DatabaseNotFoundError: 4,
    AccountNotFoundError: 4,
    RateLimitError: 5,
    KeyboardInterrupt: 130,
}
"""Looked up along an exception's ancestors; everything else is 1."""

USAGE = 3
INTERRUPTED = EXIT_CODES[KeyboardInterrupt]


def exit_code(error: BaseException) -> int:
    """The exit code promised for this kind of error."""
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), 1)


def report(error: BaseException, session: Session, args: Sequence[str]) -> int:
    """Print an error and return the exit code."""
    if session.verbose:
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, MixpanelDataError):
        facts = error.to_dict()
    elif isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else "can't write the output: "
        message = f"{where}{error.strerror or error}"
        facts = {"type": "OSError", "message": message, "hint": None}
    else:
        facts = {
            "type": type(error).__name__,
            "message": f"this is a bug in mixpanel-data: {type(error).__name__}: {error}",
            "hint": "the same command with --verbose shows where; please report it",
        }
    if facts["hint"]:
        facts["hint"] = session.retyped(facts["hint"])
    return _print(facts, exit_code(error), _as_json(session, args))


def report_usage(error: TyperException, session: Session, args: Sequence[str]) -> int:
    """Print what is wrong with a command line; Typer's own 2 means authentication here."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "mp"
    facts = {
        "type": "UsageError",
        "message": " ".join(error.format_message().replace("Value error, ", "").split()),
        "hint": f"{path} --help",
    }
    return _print(facts, USAGE, _as_json(session, args))


def report_interrupt(session: Session, args: Sequence[str]) -> int:
    """One line for Ctrl-C, and for a question that was not answered with yes."""
    if _as_json(session, args):
        facts = {"type": "Interrupted", "message": "interrupted", "hint": None}
        return _print(facts, INTERRUPTED, as_json=True)
    typer.echo("interrupted", err=True)
    return INTERRUPTED


def _print(facts: dict[str, Any], code: int, as_json: bool) -> int:
    if as_json:
        typer.echo(to_json({**facts, "exit_code": code}), nl=False, err=True)
        return code
    typer.echo(f"error: {printable(facts['message'])}", err=True)
    if facts["hint"]:
        typer.echo(f"hint: {printable(facts['hint'])}", err=True)
    return code


def _as_json(session: Session, args: Sequence[str]) -> bool:
    """True where JSON was asked for in so many words; text where it is just the default."""
    asked = session.format
    if asked is None:  # a command line that could not be parsed: read what it meant
        typed = [after for word, after in pairwise(args) if word in {"--format", "-f"}]
        typed += [word.partition("=")[2] for word in args if word.startswith("--format=")]
        typed += [word[2:] for word in args if word.startswith("-f") and word != "-f"]
        asked = typed[-1] if typed else os.environ.get("MP_FORMAT")  # type: ignore[assignment]
    return any(asked == it for it in PRINTED if it.is_json)
