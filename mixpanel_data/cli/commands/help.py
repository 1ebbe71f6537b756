"""`mp help` and `mp skill`: search and print the documentation."""

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
Read one of the results:
  mp help ws.fetch_events
  mp help how-to/fetching#interrupted

A full-text search: commands first, then Python names, then sections of the
documentation, the best match of each first. Words match in any form (resume,
resuming). The documentation ships in the package, and no account is needed.
""",
)
def find(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORD", help="Words to search for, or one result to print."),
    ] = None,
) -> None:
    """Search commands, Python methods and the documentation, or print one of them."""
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
    session.show_text(help_search.as_text(found))
    if more := help_search.omitted(found):
        session.say(f"{more} more: --format jsonl shows all")


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
