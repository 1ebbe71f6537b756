"""Reports and lists that only Mixpanel has: saved reports, descriptions, single users."""

from __future__ import annotations

from typing import Annotated

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.report_output import mixpanel
from mixpanel_data.cli.reporting import Asked, Asking, report
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
@report("EventCounts", "PropertyCounts", arguments=["events"], without=["event"])
def counts(asked: Asked) -> Asking:
    """Count several events, or one by the values of a property."""
    options = asked.options
    if "property" not in options:
        if not options.keys().isdisjoint({"values", "limit"}):
            raise InvalidArgumentError("--value and --top go with --property")
        return asked.question()
    event, *others = options.pop("events")
    if others:
        raise InvalidArgumentError("--property goes with one event", hint="mp counts --help")
    from mixpanel_data.queries import PropertyCounts

    return asked.question(PropertyCounts, event=event)


@app.command(examples="Example:\n  mp top --type unique --format table")
@report("TopEvents")
def top(asked: Asked) -> Asking:
    """List today's most frequent events."""
    return asked.question()


@app.command(examples="Example:\n  mp insights 12345678 --format csv")
@report("Insights", arguments=["bookmark_id"])
def insights(asked: Asked) -> Asking:
    """Show a saved report: insights, funnel or retention."""
    return asked.question()


@app.command(
    examples="Example:\n  mp activity user-00001 --from 2026-02-01 --to 2026-02-28 --format jsonl"
)
@report("ActivityFeed", arguments=["distinct_ids"])
def activity(asked: Asked) -> Asking:
    """List the events of single users, oldest first."""
    return asked.question()


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
