"""The `mp` application: its commands, and how every call of it ends."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, cast

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from mixpanel_data.cli import errors
from mixpanel_data.cli.app import App, Commands, Group
from mixpanel_data.cli.context import Session, global_options
from mixpanel_data.cli.formatters import printable
from mixpanel_data.exceptions import MixpanelDataWarning

WORKFLOW = """
First steps:
  mp auth add NAME --username USER --secret-stdin --project ID --region us
  mp auth test                                      does Mixpanel accept it?
  mp events                                         what is there to fetch?
  mp fetch events --from 2026-01-01 --to 2026-01-31
  mp fetch profiles
  mp tables                                         what is here now?
  mp sql "SELECT event_name, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC"

No account yet? `mp demo` shows all of it on invented data, and so does
  mp --account sandbox fetch events --from 2026-01-01 --to 2026-01-31

Tables: events(event_name, event_time, distinct_id, insert_id, properties),
profiles(distinct_id, properties, last_seen). Times are UTC, properties are JSON:
  properties->>'$.country'                          text
  CAST(properties->>'$.amount' AS DOUBLE)           number
  properties->>'$."$browser"'                       a name with a dollar sign

Data goes to stdout; notes, progress and errors to stderr.
Exit codes: 0 done, 1 failed, 2 credentials, 3 bad arguments, 4 not found,
5 rate limit, 130 interrupted.
"""


SECTIONS = {
    "Look around in Mixpanel": {"events": "inspect", "properties": "inspect", "values": "inspect"},
    "Fetch and ask": {"fetch": "fetch", "sql": "query"},
    "Look after what was fetched": {
        "info": "inspect",
        "tables": "inspect",
        "schema": "inspect",
        "drop": "inspect",
    },
    "Accounts": {"auth": "auth"},
    "Without an account": {"demo": "sandbox", "sandbox": "sandbox"},
}
"""Each command and the module that has it, as the help lists them."""


class Root(Group):
    """The whole command: a reader that leaves early, such as `head`, is no error."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        homes = {name: home for homes in SECTIONS.values() for name, home in homes.items()}
        self.commands = cast("Any", Commands(homes))

    def sections(self) -> Mapping[str, Iterable[str]]:
        """By what one wants to do."""
        return SECTIONS

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
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # for what is still buffered
        raise typer.Exit from None


app = App(
    cls=Root,
    add_completion=True,
    help="Fetch Mixpanel data once into a local DuckDB file, then ask it many questions.",
    examples=WORKFLOW,
)
app.callback()(global_options)


def run() -> NoReturn:
    """Run `mp`, and leave with the exit code the documentation promises."""
    code = main(sys.argv[1:])
    if code == errors.INTERRUPTED:
        # a thread may still wait for Mixpanel, for minutes; what had to be undone is undone
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def main(args: Sequence[str]) -> int:
    """Run `mp` with these arguments and return its exit code."""
    session = Session()
    with warnings.catch_warnings():
        warnings.simplefilter("always", MixpanelDataWarning)
        warnings.showwarning = _print_warning
        try:
            command = get_command(app)
            code = command.main(list(args), prog_name="mp", standalone_mode=False, obj=session)
        except TyperException as error:
            return errors.report_usage(error, session, args)
        except (KeyboardInterrupt, typer.Abort):
            return errors.report_interrupt()
        except Exception as error:  # noqa: BLE001 (the last place: a bug is reported as one)
            return errors.report(error, session, args)
    if code == errors.INTERRUPTED:  # Typer's word for Ctrl-C
        return errors.report_interrupt()
    return int(code or 0)


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    typer.echo(f"warning: {printable(str(message))}", err=True)
