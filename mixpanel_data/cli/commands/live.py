"""What only Mixpanel knows: counts of today, saved things, descriptions, single users."""

from __future__ import annotations

from typing import Annotated

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.asking import Buckets, Counted, From, To, mixpanel, show
from mixpanel_data.cli.context import Session
from mixpanel_data.exceptions import InvalidArgumentError

app = App()


@app.command(
    examples="""
Examples:
  mp counts "Sign Up" Purchase --from 2026-02-01 --to 2026-02-28 --unit week
  mp counts Purchase --property country --from 2026-02-01 --to 2026-02-28
  mp counts Purchase --property country --value US --value DE \\
      --from 2026-02-01 --to 2026-02-28 --type unique
"""
)
def counts(
    ctx: typer.Context,
    events: Annotated[list[str], typer.Argument(metavar="EVENT", help="Names of events.")],
    from_date: From,
    to_date: To,
    prop: Annotated[
        str | None, typer.Option("--property", metavar="PROP", help="Count one event by values.")
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--value", metavar="TEXT", help="Only this value. May be repeated."),
    ] = None,
    unit: Buckets = "day",
    kind: Counted = "general",
    top: Annotated[
        int | None,
        typer.Option("--top", metavar="N", min=1, help="With --property, so many values at most."),
    ] = None,
) -> None:
    """Count several events, or one by the values of a property."""
    session = Session.of(ctx)
    if prop is None and (values or top):
        raise InvalidArgumentError("--value and --top go with --property")
    if prop is not None and len(events) != 1:
        raise InvalidArgumentError("--property goes with one event", hint="mp counts --help")
    with mixpanel(session) as workspace:
        if prop is None:
            show(session, workspace.event_counts(events, from_date, to_date, unit, type=kind))
            return
        result = workspace.property_counts(
            events[0], prop, from_date, to_date, unit, values=values or None, type=kind,
            limit=top or 255,
        )  # fmt: skip
        show(session, result)


@app.command(examples="Example:\n  mp top --type unique --format table")
def top(
    ctx: typer.Context,
    kind: Counted = "general",
    limit: Annotated[int, typer.Option("--top", metavar="N", min=1, help="So many at most.")] = 100,
) -> None:
    """List today's most frequent events."""
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        show(session, workspace.top_events(kind, limit))


@app.command(examples="Example:\n  mp insights 12345678 --format csv")
def insights(
    ctx: typer.Context,
    bookmark_id: Annotated[
        int, typer.Argument(metavar="ID", help="Id of a saved report: it is in its address.")
    ],
) -> None:
    """Show a saved report: insights, funnel or retention."""
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        show(session, workspace.insights(bookmark_id))


@app.command(
    examples="Example:\n  mp activity user-00001 --from 2026-02-01 --to 2026-02-28 --format jsonl"
)
def activity(
    ctx: typer.Context,
    users: Annotated[list[str], typer.Argument(metavar="USER", help="A distinct_id.")],
    from_date: From,
    to_date: To,
) -> None:
    """List what single users did, oldest first."""
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        show(session, workspace.activity_feed(users, from_date, to_date))


@app.command(examples="Example:\n  mp funnels --format table")
def funnels(ctx: typer.Context) -> None:
    """List the saved funnels."""
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        session.show(workspace.funnels())


@app.command(examples="Example:\n  mp cohorts --format table")
def cohorts(ctx: typer.Context) -> None:
    """List the saved cohorts."""
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        session.show(workspace.cohorts())


@app.command(
    examples="""
Examples:
  mp lexicon --format table
  mp lexicon Purchase --format table      its properties
  mp lexicon '$user' --type profile
"""
)
def lexicon(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One event alone; $user with profile.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPE", help="event (for a NAME the default) or profile."),
    ] = None,
) -> None:
    """Show how the Lexicon describes events and properties.

    What nobody described is not listed; mp events and mp properties list all.
    """
    session = Session.of(ctx)
    with mixpanel(session) as workspace:
        if name is not None:
            schema = workspace.lexicon_schema(name, kind or "event")
            session.show(schema, rows=schema.properties)
            return
        schemas = workspace.lexicon_schemas(kind)
        rows = [
            {**it.to_dict(), "properties": [known.name for known in it.properties]}
            for it in schemas
        ]
        session.show(schemas, rows=rows)
