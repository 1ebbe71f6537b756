"""`mp jql`: a script of JQL, while Mixpanel still runs them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session
from mixpanel_data.cli.reading import standard_input, text_of
from mixpanel_data.cli.report_output import mixpanel
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.formats import Format

app = App()


@app.command(
    examples="""
Examples:
  mp jql signups.js --param from_date=2026-01-01 --param limit=10
  mp jql --code 'function main() {
      return Events({from_date: "2026-02-01", to_date: "2026-02-28"})
          .groupBy(["name"], mixpanel.reducer.count()) }' --format table
""",
)
def jql(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The script; - reads it from stdin.")
    ] = None,
    code: Annotated[
        str | None, typer.Option("--code", metavar="JS", help="The script itself.")
    ] = None,
    params: Annotated[
        list[str] | None,
        typer.Option(
            "--param", metavar="NAME=VALUE", help="For params.NAME; JSON, or text. Repeatable."
        ),
    ] = None,
) -> None:
    """Run a JQL script and print what its main() returns.

    Mixpanel keeps JQL in maintenance mode: it may end without notice.
    """
    session = Session.of(ctx)
    script, values = _script(file, code), _params(params or [])
    with mixpanel(session) as workspace:
        result = workspace.jql(script, values)
        rows = result.raw if session.output is Format.JSONL else result.rows()
        session.show(result.raw, rows=rows)


def _script(file: Path | None, code: str | None) -> str:
    if (file is None) == (code is None):
        raise InvalidArgumentError(
            "one script is needed: a file, - or --code", hint="mp jql FILE, or mp jql --code JS"
        )
    if code is not None:
        return code
    if str(file) == "-":
        return standard_input()
    return text_of(Path(str(file)))


def _params(given: Iterable[str]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for item in given:
        name, sign, text = item.partition("=")
        if not sign or not name:
            raise InvalidArgumentError(
                f"--param {item!r} is not NAME=VALUE", hint="--param from_date=2026-01-01"
            )
        try:
            found[name] = json.loads(text)
        except (ValueError, RecursionError):
            found[name] = text
    return found or None
