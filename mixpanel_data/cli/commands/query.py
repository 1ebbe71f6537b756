"""`mp sql`: questions to what was fetched."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mixpanel_data.cli import formatters
from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.head import Head
from mixpanel_data.exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from mixpanel_data.workspace import Workspace

app = App()

TABLE_ROWS = 200
"""A table is for eyes; more rows than this are counted, not shown."""


@app.command(
    examples="""
Examples:
  mp sql "SELECT event_name, count(*) FROM events GROUP BY 1" --format table
  mp sql --scalar "SELECT count(DISTINCT distinct_id) FROM events"
  mp sql --file report.sql --format csv > report.csv
  echo "SELECT * FROM events" | mp sql - --format jsonl | head
""",
)
def sql(
    ctx: typer.Context,
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="SQL of DuckDB; - reads it from stdin.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="PATH", help="Read the SQL from this file.")
    ] = None,
    scalar: Annotated[
        bool, typer.Option("--scalar", help="Print the first value of the first row alone.")
    ] = False,
) -> None:
    """Run SQL on the fetched tables and print the rows.

    Rows are streamed, however many there are; --format table shows the first 200.
    """
    session = Session.of(ctx)
    text = _text(query, file)
    with session.database() as workspace:
        if scalar:
            formatters.scalar(workspace.sql_scalar(text), session.output)
        elif session.output == "table":
            _table(session, workspace, text)
        else:
            sys.stdout.flush()
            workspace.write_sql(text, sys.stdout.buffer, session.output)
            sys.stdout.buffer.flush()


def _text(query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise InvalidArgumentError(
            "one query is needed: an argument, - or --file", hint='mp sql "SELECT 1 AS one"'
        )
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidArgumentError(f"can't read {file}: {error}") from error
    else:
        text = sys.stdin.read() if query == "-" else str(query)
    if not text.strip():
        raise InvalidArgumentError("the query is empty", hint='mp sql "SELECT 1 AS one"')
    return text


def _table(session: Session, workspace: Workspace, text: str) -> None:
    head = Head(TABLE_ROWS)
    workspace.write_sql(text, head, "jsonl")
    rows = head.rows()
    if rows:
        formatters.emit(formatters.render(formatters.rows_table(rows)))
    if head.lines > len(rows):
        session.say(
            f"{len(rows):,} of {head.lines:,} rows; all of them: --format csv, or LIMIT in the query"
        )
    elif not rows:
        session.say("no rows")
