"""`mp fetch`: from Mixpanel into a local table."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.progress import fetching
from mixpanel_data.exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from mixpanel_data.types import FetchResult

app = App(name="fetch", help="Fetch events or user profiles into a local table.")

LIST_HINT = """a name with a comma goes in double quotes: --events '"Hello, world",Login'"""


@app.command(
    examples="""
Examples:
  mp fetch events --from 2026-01-01 --to 2026-01-31
  mp fetch events signups --from 2026-01-01 --to 2026-03-31 --events "Sign Up"
  mp fetch events --from 2026-01-01 --to 2026-01-31 \\
      --where 'properties["country"] == "DE"'

--events is split at commas; a name that has one goes in double quotes:
  --events '"Hello, world",Login'
"""
)
def events(
    ctx: typer.Context,
    from_date: Annotated[
        str, typer.Option("--from", metavar="DATE", help="First day, YYYY-MM-DD.")
    ],
    to_date: Annotated[
        str, typer.Option("--to", metavar="DATE", help="Last day, included, YYYY-MM-DD.")
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new table's name.")] = "events",
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
) -> None:
    """Fetch the events of some days into a new table.

    Nothing is stored unless everything arrived.
    """
    session = Session.of(ctx)
    chosen = None if event_names is None else _names(event_names, "--events")
    with session.workspace() as workspace, fetching(session) as progress:
        result = workspace.fetch_events(
            name, from_date, to_date, events=chosen, where=where, progress=progress, limit=limit
        )
    _tell(session, result)


@app.command(
    examples="""
Examples:
  mp fetch profiles
  mp fetch profiles germans --where 'properties["$country_code"] == "DE"'
  mp fetch profiles --cohort 1234 --properties "plan,$email"
"""
)
def profiles(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new table's name.")] = "profiles",
    where: Annotated[
        str | None,
        typer.Option(metavar="EXPR", help="Only profiles that this expression holds for."),
    ] = None,
    cohort: Annotated[
        int | None, typer.Option(metavar="ID", help="Only members of this saved cohort.")
    ] = None,
    properties: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Only these properties. May be repeated."),
    ] = None,
) -> None:
    """Fetch user profiles into a new table.

    Nothing is stored unless everything arrived.
    """
    session = Session.of(ctx)
    wanted = None if properties is None else _names(properties, "--properties")
    with session.workspace() as workspace, fetching(session) as progress:
        result = workspace.fetch_profiles(
            name, where, progress, cohort_id=cohort, output_properties=wanted
        )
    _tell(session, result)


def _tell(session: Session, result: FetchResult) -> None:
    session.show(result)
    table = result.table
    if table != result.type:  # any other name may hold anything, or be a keyword
        table = '"' + table.replace('"', '""') + '"'
    query = f"SELECT * FROM {table} LIMIT 5"
    session.say(
        f"{result.rows:,} {result.type} in table {result.table!r} after"
        f" {result.duration_seconds:.1f} s; next: {session.command('sql', query)}"
    )


def _names(values: Iterable[str], option: str) -> list[str]:
    """Names from comma-separated lists, quoted as in CSV."""
    try:
        rows = list(csv.reader(values, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise InvalidArgumentError(f"{option}: {error}", hint=LIST_HINT) from error
    return [name.strip() for row in rows for name in row]
