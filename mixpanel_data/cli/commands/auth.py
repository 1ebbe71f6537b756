"""`mp auth`: stored accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.context import Session, is_interactive
from mixpanel_data.cli.reading import standard_input
from mixpanel_data.exceptions import (
    AccountNotFoundError,
    ConfigError,
    InvalidArgumentError,
    command,
    warn,
)

if TYPE_CHECKING:
    from mixpanel_data.types import AccountTest

app = App(
    name="auth",
    help="Store, choose and test the accounts that read Mixpanel.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the account is called here.")]


@app.command("list")
def list_accounts(ctx: typer.Context) -> None:
    """List the stored accounts, without their secrets."""
    from mixpanel_data import auth

    session = Session.of(ctx)
    accounts = auth.list_accounts()
    session.show(accounts)
    if not accounts:
        session.say(f"no accounts in {auth.config_path()} yet: mp auth add NAME …")


@app.command(
    examples="""
Examples:
  mp auth add production --username USER --project 12345 --region eu
  mp auth add production --username USER --project 12345 --secret-stdin < FILE
"""
)
def add(
    ctx: typer.Context,
    name: Name,
    username: Annotated[
        str, typer.Option(metavar="USER", help="User name of the service account.")
    ] = "",
    secret: Annotated[
        str | None,
        typer.Option(metavar="SECRET", help="Its secret. Others can see it in the process list."),
    ] = None,
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")
    ] = False,
    region: Annotated[
        str, typer.Option(metavar="us|eu|in", help="Where the project's data lives.")
    ] = "us",
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Send all requests to this origin instead.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="The project's zone, as Europe/Berlin.")
    ] = None,
    legacy_time: Annotated[
        bool, typer.Option("--legacy-time", help="Exports carry local time (from before 2023).")
    ] = False,
    project_secret: Annotated[
        bool, typer.Option("--project-secret", help="The secret is the project's; no user name.")
    ] = False,
    default: Annotated[
        bool, typer.Option("--default", help="Make it the default; the first one is anyway.")
    ] = False,
) -> None:
    """Store an account; its project is given by --project.

    Without --secret or --secret-stdin, the secret is asked for on the terminal, unseen.
    """
    from mixpanel_data import auth

    session = Session.of(ctx)
    if session.project is None:
        raise InvalidArgumentError(
            "the project ID is missing", hint=f"{command('auth', 'add', name)} --project ID …"
        )
    if not username and not project_secret:
        raise InvalidArgumentError(
            "the user name is missing", hint=f"{command('auth', 'add', name)} --username USER …"
        )
    account = auth.add_account(
        name,
        username,
        _secret(secret, from_stdin=secret_stdin),
        session.project,
        region,
        base_url=base_url,
        timezone=timezone,
        legacy_time=legacy_time,
        auth="project_secret" if project_secret else "service_account",
        default=default,
    )
    session.show(account)
    session.say(f"stored in {auth.config_path()}; next: {command('auth', 'test', account.name)}")


@app.command()
def remove(
    ctx: typer.Context,
    name: Name,
    force: Annotated[bool, typer.Option("--force", help="Do not ask.")] = False,
) -> None:
    """Forget an account and its secret; fetched data stays."""
    from mixpanel_data import auth

    session = Session.of(ctx)
    was_default = _is_default(name)
    if not force:
        session.confirm(
            f"Remove the account {name!r} and its secret?",
            otherwise=command("auth", "remove", name, "--force"),
        )
    auth.remove_account(name)
    session.say(f"removed {name!r}")
    if was_default:
        session.say("there is no default account now: mp auth switch NAME")


def _is_default(name: str) -> bool:
    """Whether an account is the default one; one that can't be read is there to be removed."""
    from mixpanel_data import auth

    try:
        return auth.get_account(name).is_default
    except AccountNotFoundError:
        raise
    except ConfigError:
        return False


@app.command()
def switch(ctx: typer.Context, name: Name) -> None:
    """Make an account the default, for when --account is not given."""
    from mixpanel_data import auth

    Session.of(ctx).show(auth.set_default(name))


@app.command()
def show(ctx: typer.Context, name: Name) -> None:
    """Show one account; its secret stays hidden."""
    from mixpanel_data import auth

    Session.of(ctx).show(auth.get_account(name))


@app.command(
    "test",
    examples="""
Examples:
  mp auth test               the credentials that every command would use
  mp auth test production    this account, whatever the environment says
""",
)
def check_account(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A stored account; or the one in use.")
    ] = None,
    save_timezone: Annotated[
        bool, typer.Option("--save-timezone", help="Store the project's zone that Mixpanel names.")
    ] = False,
) -> None:
    """Ask Mixpanel whether it accepts an account's credentials."""
    from mixpanel_data import auth

    session = Session.of(ctx)
    answer = auth.test_account(name or session.account, project_id=session.project)
    session.show(answer)
    project = f"project {answer.project_id}"
    if answer.project_name:
        project += f" ({answer.project_name})"
    session.say(f"accepted: {project}, region {answer.region}")
    if answer.note:
        session.say(f"note: {answer.note}")
    _offer_timezone(session, answer, save=save_timezone)


def _offer_timezone(session: Session, answer: AccountTest, *, save: bool) -> None:
    from mixpanel_data import auth

    stored = {account.name: account for account in auth.list_accounts()}
    account = stored.get(answer.account or "")
    if account is None or answer.timezone in {None, account.timezone}:
        return
    if not save and is_interactive():
        save = typer.confirm(
            f"Store the time zone {answer.timezone} in account {account.name!r}?", err=True
        )
    elif not save:
        session.say(
            f"the project's time zone is {answer.timezone}; to store it:"
            f" {command('auth', 'test', account.name, '--save-timezone')}"
        )
    if save:
        auth.set_timezone(account.name, str(answer.timezone))
        session.say(f"time zone {answer.timezone} stored in account {account.name!r}")


def _secret(given: str | None, *, from_stdin: bool) -> str:
    if given is not None and from_stdin:
        raise InvalidArgumentError(
            "--secret and --secret-stdin are two secrets", hint="give one of them"
        )
    if given is not None:
        warn(
            "other users of this machine can see a secret on the command line;"
            " --secret-stdin or the prompt hide it"
        )
        return given
    if from_stdin:
        return standard_input().strip()
    if is_interactive():
        return str(typer.prompt("Secret", hide_input=True, err=True))
    raise InvalidArgumentError(
        "the secret is missing", hint="pipe it in: mp auth add … --secret-stdin < FILE"
    )
