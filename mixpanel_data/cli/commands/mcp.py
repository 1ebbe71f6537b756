"""`mp mcp`: tools for agents, by the Model Context Protocol."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack
from typing import NoReturn

import typer

from mixpanel_data.cli import errors
from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session
from mixpanel_data.exceptions import AuthenticationError, InvalidArgumentError

app = App()


@app.command(
    examples="""
A client starts it. Most take a configuration like this:
  {"mcpServers": {"mixpanel": {"command": "mp", "args": ["mcp"]}}}

Another account, or invented data to try it on:
  "args": ["mcp", "--account", "sandbox"]

Needs the extra mcp: pip install 'mixpanel-data[mcp]'
"""
)
def mcp(ctx: typer.Context) -> None:
    """Serve tools to an agent by MCP, on stdin and stdout.

    Discover, plan and fetch, read-only SQL, and reports. It ends when the client does.
    """
    from mixpanel_data.mcp import need_sdk, serve

    session = Session.of(ctx)
    if session.lend is not None:
        raise InvalidArgumentError(
            "an MCP client starts this server, not a notebook", hint="in its configuration: mp mcp"
        )
    need_sdk()
    with ExitStack() as stack:
        try:
            workspace = stack.enter_context(session.workspace())
        except AuthenticationError:
            if session.db is None:
                raise
            workspace = stack.enter_context(session.database())  # which needs no account
        signal.signal(signal.SIGINT, _leave)
        if sys.stdin.isatty():
            session.say("waiting for an MCP client on stdin; Ctrl-C ends it")
        serve(workspace)


def _leave(*_: object) -> NoReturn:
    """End at once: a thread reads stdin, and nothing but the client's next line would wake it."""
    typer.echo("interrupted", err=True)
    os._exit(errors.INTERRUPTED)
