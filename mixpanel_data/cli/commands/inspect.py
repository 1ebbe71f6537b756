"""What there is: in Mixpanel, and in the local database."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session
from mixpanel_data.exceptions import InvalidArgumentError

app = App()

Event = Annotated[str, typer.Argument(metavar="EVENT", help="Name of an event.")]


@app.command(examples="Example:\n  mp events --format csv")
def events(ctx: typer.Context) -> None:
    """List the names of the project's events."""
    session = Session.of(ctx)
    with session.workspace() as workspace:
        session.show(workspace.events(), column="event")


@app.command(
    examples="""
Examples:
  mp properties "Sign Up"
  mp properties "Sign Up" --table events    as fetched: no query
"""
)
def properties(
    ctx: typer.Context,
    event: Event,
    table: Annotated[
        str | None, typer.Option(metavar="TABLE", help="In this local table, not in Mixpanel.")
    ] = None,
) -> None:
    """List the properties that an event carries."""
    session = Session.of(ctx)
    with session.workspace() if table is None else session.database() as workspace:
        session.show(workspace.properties(event, table=table), column="property")


@app.command(examples="Example:\n  mp values Purchase country --limit 20")
def values(
    ctx: typer.Context,
    event: Event,
    prop: Annotated[str, typer.Argument(metavar="PROPERTY", help="Name of a property of it.")],
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")] = 100,
) -> None:
    """List the values of an event's property, most frequent first."""
    session = Session.of(ctx)
    with session.workspace() as workspace:
        session.show(workspace.property_values(event, prop, limit=limit), column="value")


@app.command(examples="Example:\n  mp info --format table")
def info(ctx: typer.Context) -> None:
    """Show the database file, its account and its tables."""
    session = Session.of(ctx)
    with session.database() as workspace:
        session.show(workspace.info())


@app.command(examples="Example:\n  mp tables --format table")
def tables(ctx: typer.Context) -> None:
    """List the fetched tables with their rows and dates."""
    session = Session.of(ctx)
    with session.database() as workspace:
        found = workspace.tables()
        session.show(found)
        if not found:
            fetch = session.command("fetch", "events", "--from", "DATE", "--to", "DATE")
            session.say(f"nothing is fetched yet: {fetch}")


@app.command(examples="Example:\n  mp schema events --format table")
def schema(
    ctx: typer.Context,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="Name of a fetched table.")],
) -> None:
    """Show the columns of a table and what they hold."""
    session = Session.of(ctx)
    with session.database() as workspace:
        found = workspace.schema(table)
        session.show(found, rows=found.columns)


@app.command(examples="Example:\n  mp flatten events")
def flatten(
    ctx: typer.Context,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="Name of a fetched table.")],
    columns: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Properties that get a column, by use (500)."),
    ] = None,
) -> None:
    """Build TABLE_flat anew: a typed column per property."""
    session = Session.of(ctx)
    with session.database() as workspace:
        session.show(workspace.flatten(table, columns=columns))


@app.command(
    examples="""
Examples:
  mp drop events
  mp drop --all --type profiles --force
""",
)
def drop(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="TABLE", help="Tables to drop.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Drop every fetched table.")] = False,
    kind: Annotated[
        Literal["events", "profiles"] | None,
        typer.Option("--type", metavar="events|profiles", help="With --all: this type only."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Do not ask.")] = False,
) -> None:
    """Drop fetched tables, and print their names."""
    session = Session.of(ctx)
    if bool(names) == everything:
        raise InvalidArgumentError(
            "drop takes either names of tables or --all", hint="mp tables lists them"
        )
    if kind is not None and not everything:
        raise InvalidArgumentError("--type goes with --all", hint=f"mp drop --all --type {kind}")
    with session.database() as workspace:
        known = workspace.tables()
        chosen = [table.name for table in known if kind in {None, table.type}]
        if names:
            chosen = list(dict.fromkeys(names))
        for name in chosen:
            workspace.schema(name)  # one unknown name: nothing is dropped, and nothing is asked
        if chosen and not force:
            drop = session.command("drop", *chosen, "--force")
            session.confirm(f"Drop {', '.join(chosen)}?", otherwise=drop)
        workspace.drop(*chosen)
        session.show(chosen, column="table")
