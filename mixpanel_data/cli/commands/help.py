"""`mp help`, `mp skill`: how to use `mp`, searched and told."""

from __future__ import annotations

from typing import Annotated

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session

app = App()

MOST = 8
"""Found commands that are printed as text; rows have a --limit."""


@app.command(
    "help",
    context_settings={"ignore_unknown_options": True},  # another command's option is a word here
    examples="""
Examples:
  mp help parquet
  mp help max-bytes
  mp help week retention
  mp help timezone --format jsonl

A command is found where its name, help, options or examples have words that
begin like all of yours. It asks nobody: no account is needed.
""",
)
def find(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORD", help="What to look for.")
    ] = None,
) -> None:
    """Search all commands, their options and examples."""
    if not words:
        typer.echo(ctx.find_root().get_help())
        return
    from mixpanel_data.cli import finding

    session = Session.of(ctx)
    session.check()
    found = finding.search(words, ctx)
    if session.format or session.excerpt.is_of_rows or session.program or session.max_bytes:
        session.show(found)
        return
    session.show_text("".join(map(str, found[:MOST])))
    if len(found) > MOST:
        session.say(
            f"{len(found) - MOST} more: another word makes it fewer, --format jsonl shows all"
        )


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
