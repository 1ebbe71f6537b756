"""`mp export`: rows into a file of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.reading import standard_input
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.formats import FileFormat

app = App()


@app.command(
    examples="""
Examples:
  mp export events events.parquet
  mp export events_flat us.csv.gz --columns event_time,distinct_id,country
  mp export "SELECT country, sum(price) FROM events_flat GROUP BY 1" x.arrow
  mp export - days.jsonl < days.sql
""",
)
def export(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="TABLE|QUERY", help="A table, a view, or SQL; - reads it from stdin."
        ),
    ],
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help=".parquet, .csv, .jsonl or .arrow; .csv.gz.")
    ],
    file_format: Annotated[
        FileFormat | None,
        typer.Option("--as", metavar="FORMAT", help="The format, where FILE does not say it."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there.")
    ] = False,
    no_accelerate: Annotated[
        bool, typer.Option("--no-accelerate", help="Read properties from the JSON alone.")
    ] = False,
) -> None:
    """Write a table, or the rows of a query, to a file.

    The file appears as a whole or not at all. --limit, --offset and --columns choose what is
    written.
    """
    session = Session.of(ctx)
    query = standard_input() if what == "-" else what
    if not query.strip():
        raise InvalidArgumentError("the query is empty", hint="mp export events events.parquet")
    with session.database() as workspace:
        chosen = session.excerpt
        result = workspace.export(
            query,
            path,
            format=file_format,
            overwrite=force,
            limit=chosen.limit,
            offset=chosen.offset,
            columns=chosen.columns,
            accelerate=not no_accelerate,
        )
    session.show(result, whole=True)
