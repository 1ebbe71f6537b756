"""`mp fetch`: from Mixpanel into a local table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.progress import fetching
from mixpanel_data.cli.questions import flag_of, takes
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.text import joined

if TYPE_CHECKING:
    from mixpanel_data.types import FetchPlan, FetchResult
    from mixpanel_data.workspace import Workspace

app = App(name="fetch", help="Fetch events or user profiles into a local table.")

LONG = 60
"""Seconds of waiting that are worth an announcement."""


@app.command(
    examples="""
Examples:
  mp fetch events --from 2026-01-01 --to 2026-01-31
  mp fetch events signups --from 2026-01-01 --to 2026-03-31 --events "Sign Up"
  mp fetch events --from 2026-01-01 --to 2026-01-31 \\
      --where 'properties["country"] == "DE"'
  mp fetch events --append                 the days since, until yesterday
  mp fetch events --append --lookback 5    and late events of five days
  mp fetch events year --from 2025-01-01 --to 2025-12-31 --plan
  mp fetch events --from 2026-01-01 --to 2026-01-31 --stdout | gzip > jan.gz

Run the same command again to resume an interrupted fetch.

--events is split at commas; a name that has one goes in double quotes:
  --events '"Hello, world",Login'
"""
)
@takes("EventsFetch", arguments=["name"], without=["progress"])
def events(
    ctx: typer.Context,
    options: dict[str, Any],
    plan: Annotated[
        bool, typer.Option("--plan", help="Print the requests and the wait; fetch nothing.")
    ] = False,
    stdout: Annotated[
        bool, typer.Option("--stdout", help="Write NDJSON to stdout; store nothing.")
    ] = False,
) -> None:
    """Fetch events into a table.

    The table gets all of them, or the fetch changes nothing and fails.
    """
    from mixpanel_data.queries import EventsFetch

    session = Session.of(ctx)
    if not options.get("append"):
        _check_days(ctx, options)
    if stdout:
        _write(session, options, plan=plan)
        return
    with session.workspace() as workspace:
        planned = workspace.plan(EventsFetch(**options))
        if plan:
            session.show(planned)
            return
        _announce(session, planned)
        with fetching(session, workspace) as progress, _keeping(session, workspace, planned.table):
            result = workspace.fetch(EventsFetch(**options, progress=progress))
    _tell(session, result)


@app.command(
    examples="""
Examples:
  mp fetch profiles
  mp fetch profiles germans --where 'properties["$country_code"] == "DE"'
  mp fetch profiles --cohort 1234 --properties "plan,$email" --replace
  mp fetch profiles companies --group 4242
"""
)
@takes("ProfilesFetch", arguments=["name"], without=["progress"])
def profiles(ctx: typer.Context, options: dict[str, Any]) -> None:
    """Fetch profiles of users or groups into a table.

    The table gets all of them, or the fetch changes nothing and fails.
    """
    from mixpanel_data.queries import ProfilesFetch

    session = Session.of(ctx)
    with session.workspace() as workspace, fetching(session, workspace) as progress:
        result = workspace.fetch(ProfilesFetch(**options, progress=progress))
    _tell(session, result)


@app.command(
    examples="""
Example:
  mp fetch status --format table
"""
)
def status(ctx: typer.Context) -> None:
    """Show unfinished fetches and the days they miss."""
    session = Session.of(ctx)
    with session.database() as workspace:
        session.show(workspace.fetches())


@app.command(
    examples="""
Examples:
  mp fetch clean events
  mp fetch clean --force
"""
)
def clean(
    ctx: typer.Context,
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="TABLE...", help="Only fetches into these.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Do not ask.")] = False,
) -> None:
    """Forget what unfinished fetches have downloaded."""
    session = Session.of(ctx)
    with session.database() as workspace:
        if not force and (held := workspace.fetches()):
            size = sum(fetch.bytes for fetch in held if not tables or fetch.table in tables)
            session.confirm(
                f"Forget {size / 1e6:,.1f} MB of downloads?",
                otherwise=session.command("fetch", "clean", *(tables or ()), "--force"),
            )
        session.show(workspace.clean(*(tables or ())), column="table")


def _check_days(ctx: typer.Context, options: dict[str, Any]) -> None:
    for name, flag in (("from_date", "--from"), ("to_date", "--to")):
        if name not in options:
            raise InvalidArgumentError(
                f"Missing option '{flag}'.", hint=f"{ctx.command_path} --help"
            )


def _write(session: Session, options: dict[str, Any], *, plan: bool) -> None:
    """Write events to stdout, past the tables."""
    from mixpanel_data.queries import EventsFetch, Export, parameters

    known = {it.name for it in parameters(Export)}
    others = [flag_of(it) for it in parameters(EventsFetch) if it.name in options.keys() - known]
    others = ["a table" if it == "--name" else it for it in others] + ["--plan"] * plan
    if others:
        raise InvalidArgumentError(
            f"--stdout stores nothing, so {joined(others)} can't be combined with it"
        )
    if session.excerpt.is_of_rows or session.program:
        raise InvalidArgumentError(
            "--stdout writes events as Mixpanel sent them: --offset, --columns and --jq can't be"
            " combined with it"
        )
    with session.workspace() as workspace:
        workspace.write_events(sys.stdout.buffer, **options)


def _announce(session: Session, plan: FetchPlan) -> None:
    """What a long fetch is in for."""
    if plan.spooled:
        session.say(f"{plan.spooled} of {plan.windows} windows are here from an earlier run")
    if plan.wait_seconds > LONG:
        session.say(
            f"{plan.requests} requests, and the quota has {plan.quota_left} left of"
            f" {plan.quota_per_hour} an hour: about {plan.wait_seconds / 60:.0f} min of waiting"
        )


@contextmanager
def _keeping(session: Session, workspace: Workspace, table: str) -> Iterator[None]:
    """After Ctrl-C, say what the same command will not have to ask for again."""
    try:
        yield
    except KeyboardInterrupt:
        kept = [len(fetch.done) for fetch in workspace.fetches() if fetch.table == table]
        if any(kept):
            session.say(f"kept {sum(kept)} windows; run the same command to resume")
        raise


def _tell(session: Session, result: FetchResult) -> None:
    session.show(result)
    if result.complete_until:
        until = result.complete_until
        session.say(f"table {result.table!r} has every day until {until}; nothing was fetched")
        return
    table = result.table
    if table != result.type:  # any other name may hold anything, or be a keyword
        table = '"' + table.replace('"', '""') + '"'
    query = f"SELECT * FROM {table} LIMIT 5"
    copies = f" ({result.duplicates:,} copies left out)" if result.duplicates else ""
    session.say(
        f"{result.rows:,} {result.type}{copies} in table {result.table!r} after"
        f" {result.duration_seconds:.1f} s; next: {session.command('sql', query)}"
    )
