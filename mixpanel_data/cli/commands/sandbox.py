"""`mp demo` and `mp sandbox`: Mixpanel without Mixpanel, on invented data."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session

app = App()


@app.command()
def demo(ctx: typer.Context) -> None:
    """Take a tour of a few seconds on invented data."""
    from mixpanel_data.cli.tour import tour
    from mixpanel_data.sandbox import Sandbox
    from mixpanel_data.workspace import Workspace

    with Sandbox() as app, Workspace.sandbox(app=app) as workspace:
        tour(Session.of(ctx), workspace)


@app.command(
    examples="""
Example, in one terminal:
  mp sandbox --port 8765
and in another, after pasting the export lines it printed:
  mp fetch events --from 2026-01-01 --to 2026-01-31

An empty project, to test code that sends events:
  mp sandbox --empty --port 8765 2> sandbox.env &

A fault has a kind and, after semicolons, when and how it strikes:
  --fault "cut; path=export; after=1000" --fault "rate-limit; retry_after=2"
An endpoint can be gone, or say that it will be:
  --fault "retired; path=segmentation; status=410"
  --fault "deprecated; path=jql"
""",
)
def sandbox(
    ctx: typer.Context,
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="0 picks a free one.")
    ] = 0,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="A loopback address.")] = "127.0.0.1",
    events: Annotated[int, typer.Option(min=0, metavar="N", help="How many events.")] = 100_000,
    profiles: Annotated[int, typer.Option(min=0, metavar="N", help="How many users.")] = 5_000,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed, other data.")] = 1,
    empty: Annotated[
        bool, typer.Option("--empty", help="No shop: a project to send to, at the real time.")
    ] = False,
    faults: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="FAULT", help="Fail like this. May be repeated."),
    ] = None,
    no_limits: Annotated[
        bool, typer.Option("--no-limits", help="Do not enforce Mixpanel's rate limits.")
    ] = False,
) -> None:
    """Serve invented data as Mixpanel would, until Ctrl-C, and take what SDKs send.

    Prints its address. What is on stderr is shell: the variables that send mp there, and the
    project's token.
    """
    from mixpanel_data.sandbox import Fault, Faults, Limits, Sandbox, serve

    session = Session.of(ctx)
    failing = Faults(*map(Fault.parse, faults or ()))
    limits = None if no_limits else Limits()
    if empty:
        project = Sandbox.empty(faults=failing, limits=limits)
    else:
        project = Sandbox(
            events=events, profiles=profiles, seed=seed, faults=failing, limits=limits
        )
    with serve(project, host=host, port=port) as server, closing(project):
        typer.echo(server.url)
        for name, value in project.environment(server.url).items():
            session.say(f"export {name}={value}")
        paths = ", ".join(server.sdk_urls.values())
        session.say(f"# SDKs send to {paths}")
        data = "empty" if empty else "an invented shop, at the end of 1 March 2026"
        session.say(f"# the project is {data}; Ctrl-C ends it")
        server.wait()
