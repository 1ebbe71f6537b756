"""`mp sql`: questions to what was fetched."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from mixpanel_data.cli import formatters, results, stdout
from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.reading import standard_input, text_of
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.formats import Format
from mixpanel_data.text import printable

if TYPE_CHECKING:
    from mixpanel_data.types import SqlExplanation, Writable, WriteResult
    from mixpanel_data.workspace import Workspace

app = App()

TABLE_ROWS = 200
"""A table is for eyes; without --limit, it has no more rows than this."""


class Asked(NamedTuple):
    """A query, whether flat tables may answer it, and whether it may change anything."""

    text: str
    accelerate: bool
    read_only: bool


@app.command(
    examples="""
Examples:
  mp sql "SELECT event_name, count(*) FROM events GROUP BY 1" --format table
  mp sql "SELECT * FROM events" --columns event_name,event_time --limit 10
  mp sql --scalar "SELECT count(DISTINCT distinct_id) FROM events"
  mp sql "SELECT max(properties->>'price') FROM events" --explain
  mp sql --file report.sql --format csv > report.csv
  echo "FROM events" | mp sql - --format jsonl --jq .properties.country

--jq takes the whole list under --format json, which is held in memory for it,
and row by row under jsonl. Rows keep their order only with ORDER BY: page
through them with --limit and --offset.
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
    explain: Annotated[
        bool, typer.Option("--explain", help="Print what would run, and why; run nothing.")
    ] = False,
    no_accelerate: Annotated[
        bool, typer.Option("--no-accelerate", help="Read properties from the JSON alone.")
    ] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Refuse all but one SELECT on what was fetched.")
    ] = False,
) -> None:
    """Run SQL on the fetched tables and print the rows.

    Rows are streamed, however many there are; --format table shows the first 200. Properties
    come from the typed columns of flat tables, where the answer is the same.
    """
    session = Session.of(ctx)
    asked = Asked(_text(query, file), accelerate=not no_accelerate, read_only=read_only)
    with session.database() as workspace:
        if explain:
            _explain(session, workspace.explain_sql(asked.text))
        elif scalar:
            _scalar(session, workspace, asked)
        elif session.program is not None:
            session.show_filtered(lambda file: _write(session, workspace, asked, file))
        elif session.output is Format.TABLE:
            _table(session, workspace, asked)
        else:
            _streamed(session, workspace, asked)


def _text(query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise InvalidArgumentError(
            "one query is needed: an argument, - or --file", hint='mp sql "SELECT 1 AS one"'
        )
    given = standard_input() if query == "-" else str(query)
    text = given if file is None else text_of(file)
    if not text.strip():
        raise InvalidArgumentError("the query is empty", hint='mp sql "SELECT 1 AS one"')
    return text


def _explain(session: Session, explained: SqlExplanation) -> None:
    if session.output is not Format.TABLE or session.program is not None:
        session.show(explained)
        return
    formatters.emit(printable(f"{explained.commented()}\n"))


def _scalar(session: Session, workspace: Workspace, asked: Asked) -> None:
    session.check_takes_all("--scalar prints one value")
    value = workspace.sql_scalar(asked.text, accelerate=asked.accelerate, read_only=asked.read_only)
    session.show_text(formatters.scalar(value, session.output))


def _streamed(session: Session, workspace: Workspace, asked: Asked) -> None:
    sys.stdout.flush()
    most = session.max_bytes
    done = _write(session, workspace, asked, sys.stdout.buffer, max_bytes=most)
    stdout.flush()
    if not done.complete:
        remedy = results.remedy(done.rows, session.excerpt)
        session.tell_cut(f"after {done.rows:,} rows, {done.bytes:,} bytes; {remedy}")


def _table(session: Session, workspace: Workspace, asked: Asked) -> None:
    most = TABLE_ROWS if session.limit is None else session.limit
    lines = BytesIO()
    _write(session, workspace, asked, lines, limit=most + 1)
    rows = formatters.parsed(lines.getvalue())
    if not rows:
        session.say("no rows")
        return
    session.tell_cut(results.show(rows[:most], Format.TABLE, session.excerpt))
    if len(rows) > most and session.limit is None:
        session.say(f"the first {most} rows; more: --limit N, all of them: --format csv")


def _write(
    session: Session,
    workspace: Workspace,
    asked: Asked,
    file: Writable,
    *,
    limit: int | None = None,
    max_bytes: int | None = None,
) -> WriteResult:
    """Write the rows that are asked for; those of a table as JSON lines."""
    excerpt = session.excerpt
    return workspace.write_sql(
        asked.text,
        file,
        session.output.streamed,
        limit=excerpt.limit if limit is None else limit,
        offset=excerpt.offset,
        columns=excerpt.columns,
        max_bytes=max_bytes,
        accelerate=asked.accelerate,
        read_only=asked.read_only,
    )
