"""`mp fetch`: from Mixpanel into a local table."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.progress import fetching
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.text import listed

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
def events(
    ctx: typer.Context,
    from_date: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day, YYYY-MM-DD.")
    ] = None,
    to_date: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day, included, YYYY-MM-DD.")
    ] = None,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The table's name: events by default.")
    ] = None,
    event_names: Annotated[
        list[str] | None,
        typer.Option("--events", metavar="A,B", help="Only these events. May be repeated."),
    ] = None,
    where: Annotated[
        str | None, typer.Option(metavar="EXPR", help="Only events that this expression holds for.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="At most so many: a sample, not a page.")
    ] = None,
    append: Annotated[
        bool, typer.Option("--append", help="Add days; those there are come anew.")
    ] = False,
    lookback: Annotated[
        int, typer.Option(metavar="DAYS", help="With --append, fetch so many days again.")
    ] = 0,
    replace: Annotated[
        bool, typer.Option("--replace", help="Swap the table for a new one, in one step.")
    ] = False,
    dedupe: Annotated[
        bool,
        typer.Option("--dedupe/--no-dedupe", help="Leave out copies of an event, or keep them."),
    ] = True,
    window: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, help="Days per request.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=100, help="Requests at once.")
    ] = None,
    max_wait: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0, help="Longest wait for the quota; else exit 5."),
    ] = None,
    flat: Annotated[
        bool | None,
        typer.Option("--flat/--no-flat", help="Typed columns for properties, or JSON alone."),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say what it costs of the quota.")
    ] = False,
    stdout: Annotated[
        bool, typer.Option("--stdout", help="Write NDJSON to stdout; store nothing.")
    ] = False,
) -> None:
    """Fetch the events of some days into a table.

    Nothing is stored unless everything arrived.
    """
    session = Session.of(ctx)
    table = name or "events"
    chosen = None if event_names is None else listed(event_names, "--events")
    if stdout and (name or append or replace or plan):
        raise InvalidArgumentError(
            "--stdout stores nothing, so a table, --append, --replace and --plan don't go with it"
        )
    if stdout and (session.excerpt.is_of_rows or session.program):
        raise InvalidArgumentError(
            "--stdout writes events as Mixpanel sent them: --offset, --columns and --jq don't go"
            " with it"
        )
    if not append and (from_date is None or to_date is None):
        missing = "--from" if from_date is None else "--to"
        raise InvalidArgumentError(
            f"Missing option '{missing}'.", hint=f"{ctx.command_path} --help"
        )
    with session.workspace() as workspace:
        if stdout and from_date and to_date:
            workspace.write_events(
                sys.stdout.buffer, from_date, to_date, chosen, where, limit=limit
            )
            return
        planned = workspace.plan_events(
            table,
            from_date,
            to_date,
            chosen,
            where,
            limit=limit,
            append=append,
            replace=replace,
            lookback_days=lookback,
            window_days=window,
        )
        if plan:
            session.show(planned)
            return
        _announce(session, planned)
        with fetching(session, workspace) as progress, _keeping(session, workspace, table):
            result = workspace.fetch_events(
                table,
                from_date,
                to_date,
                chosen,
                where,
                progress,
                limit=limit,
                append=append,
                replace=replace,
                lookback_days=lookback,
                dedupe=dedupe,
                window_days=window,
                concurrency=concurrency,
                max_wait=max_wait,
                flat=flat,
            )
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
def profiles(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The table's name.")] = "profiles",
    where: Annotated[
        str | None,
        typer.Option(metavar="EXPR", help="Only profiles that this expression holds for."),
    ] = None,
    cohort: Annotated[
        int | None, typer.Option(metavar="ID", help="Only members of this saved cohort.")
    ] = None,
    include_all_users: Annotated[
        bool | None,
        typer.Option(
            "--all-members/--with-profile", help="With --cohort: also those without a profile."
        ),
    ] = None,
    distinct_ids: Annotated[
        list[str] | None,
        typer.Option("--user", metavar="A,B", help="Only these distinct_ids. May be repeated."),
    ] = None,
    properties: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Only these properties. May be repeated."),
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="ID", help="Profiles of this group key, not of users.")
    ] = None,
    behaviors: Annotated[
        str | None, typer.Option(metavar="JSON", help="Event conditions that --where refers to.")
    ] = None,
    as_of: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="Epoch at which behaviors are judged.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Swap the table for a new one, in one step.")
    ] = False,
    flat: Annotated[
        bool, typer.Option("--flat/--no-flat", help="Typed columns for properties, or JSON alone.")
    ] = True,
) -> None:
    """Fetch user profiles into a table.

    Nothing is stored unless everything arrived.
    """
    session = Session.of(ctx)
    wanted = None if properties is None else listed(properties, "--properties")
    users = None if distinct_ids is None else listed(distinct_ids, "--user")
    with session.workspace() as workspace, fetching(session, workspace) as progress:
        result = workspace.fetch_profiles(
            name,
            where,
            progress,
            cohort_id=cohort,
            include_all_users=include_all_users,
            distinct_ids=users,
            output_properties=wanted,
            group=group,
            behaviors=None if behaviors is None else _behaviors(behaviors),
            as_of_timestamp=as_of,
            replace=replace,
            flat=flat,
        )
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


def _behaviors(text: str) -> list[dict[str, Any]]:
    try:
        behaviors = json.loads(text)
    except ValueError as error:
        raise InvalidArgumentError(f"--behaviors is not JSON: {error}") from error
    if not isinstance(behaviors, list) or not all(isinstance(b, dict) for b in behaviors):
        raise InvalidArgumentError(
            "--behaviors is not a list of objects",
            hint='[{"window": "30d", "name": "b1", "event_selectors": [{"event": "Purchase"}]}]',
        )
    return behaviors


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
