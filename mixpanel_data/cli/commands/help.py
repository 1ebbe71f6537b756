"""`mp help`, `mp skill`: how to use `mp`, searched and told."""

from __future__ import annotations

from typing import Annotated

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session

app = App()


@app.command(
    "help",
    context_settings={"ignore_unknown_options": True},  # another command's option is a word here
    examples="""
Examples:
  mp help parquet
  mp help week retention
  mp help timezone --format jsonl
and to read what a search has named:
  mp help ws.fetch_events
  mp help how-to/fetching#interrupted

Something is found where its name, help, options or text have words that begin
like all of yours: commands first, then Python, then sections of the
documentation, which ships in the package. It needs no account.
""",
)
def find(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORD", help="What to look for, or to read.")
    ] = None,
) -> None:
    """Search commands, Python methods and the documentation, or read of one."""
    if not words:
        typer.echo(ctx.find_root().get_help())
        return
    from mixpanel_data import help_index
    from mixpanel_data.cli import help_search

    session = Session.of(ctx)
    session.check()
    if len(words) == 1 and (text := help_index.read(words[0])):
        session.check_takes_all("this is a text")
        session.show_text(text)
        return
    found = help_search.search(words, ctx)
    if session.format or session.excerpt.is_of_rows or session.program or session.max_bytes:
        session.show([entry for entries in found.values() for entry in entries])
        return
    session.show_text(help_search.told(found))
    if more := help_search.untold(found):
        session.say(f"{more} more: another word makes it fewer, --format jsonl shows all")


@app.command(
    examples="""
Examples:
  mp skill
  mp skill > skills/mixpanel/SKILL.md
"""
)
def skill(ctx: typer.Context) -> None:
    """Print what a coding agent should know about mp, as a skill."""
    from importlib.resources import files

    session = Session.of(ctx)
    session.check_takes_all("a skill is a text")
    session.show_text(files("mixpanel_data").joinpath("SKILL.md").read_text(encoding="utf-8"))
