"""Accounts from Python: `from mixpanel_data import auth`.

The functions work on the config file that MP_CONFIG_PATH names, `~/.mp/config.toml` by default.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mixpanel_data._keywords import checked_keywords
from mixpanel_data.types.answers import Answers

if TYPE_CHECKING:
    from mixpanel_data._internal.api_client import MixpanelAPIClient
    from mixpanel_data._internal.config import ConfigManager
    from mixpanel_data.types import AccountInfo, AccountTest

__all__ = [
    "add_account",
    "config_path",
    "get_account",
    "list_accounts",
    "remove_account",
    "set_default",
    "set_timezone",
    "test_account",
]


@checked_keywords()
def config_path() -> Path:
    """The file that holds the accounts; it may not exist yet."""
    return _config().path


@checked_keywords()
def list_accounts() -> list[AccountInfo]:
    """Every configured account, in the order of the file."""
    return Answers(_config().list_accounts())


@checked_keywords()
def get_account(name: str) -> AccountInfo:
    """One account, without its secret."""
    return _config().get_account(name)


@checked_keywords()
def add_account(
    name: str,
    username: str,
    secret: str,
    project_id: str,
    region: str = "us",
    *,
    base_url: str | None = None,
    timezone: str | None = None,
    legacy_time: bool = False,
    auth: Literal["service_account", "project_secret"] = "service_account",
    default: bool = False,
) -> AccountInfo:
    """Store an account; the first one becomes the default, later ones with `default=True`.

    A project secret (`auth="project_secret"`) takes an empty user name.
    """
    config = _config()
    config.add_account(
        name,
        username,
        secret,
        project_id,
        region,
        base_url=base_url,
        timezone=timezone,
        legacy_time=legacy_time,
        auth=auth,
        default=default,
    )
    return config.get_account(name.strip())


@checked_keywords()
def remove_account(name: str) -> None:
    """Forget an account and its secret; when it was the default, no account is any more."""
    _config().remove_account(name)


@checked_keywords()
def set_default(name: str) -> AccountInfo:
    """Use this account wherever none is named."""
    config = _config()
    config.set_default(name)
    return config.get_account(name)


@checked_keywords()
def set_timezone(name: str, timezone: str) -> AccountInfo:
    """Note the project's time zone in its account, as `mp auth test` offers to."""
    config = _config()
    config.set_timezone(name, timezone)
    return config.get_account(name)


@checked_keywords()
def test_account(
    name: str | None = None,  # noqa: PT028 (these are not tests, but the name is promised)
    *,
    project_id: str | None = None,  # noqa: PT028
    region: str | None = None,  # noqa: PT028
) -> AccountTest:
    """Ask Mixpanel whether credentials are good, and what it knows of their project.

    A named account is tested as it is stored, whatever the environment says; without a name, the
    credentials that everything else would use.
    """
    with ExitStack() as stack:
        client = _client(stack, name, project_id, region)
        stack.callback(client.close)
        return client.test()


test_account.__test__ = False  # type: ignore[attr-defined]  # pytest, leave it alone


def _config() -> ConfigManager:
    from mixpanel_data._internal.config import ConfigManager

    return ConfigManager()


def _client(
    stack: ExitStack, name: str | None, project_id: str | None, region: str | None
) -> MixpanelAPIClient:
    from mixpanel_data._internal.api_client import MixpanelAPIClient
    from mixpanel_data._internal.config import SANDBOX

    config = _config()
    if config.named_account(name) == SANDBOX:
        from mixpanel_data.sandbox import Sandbox

        sandbox = stack.enter_context(closing(Sandbox()))
        return MixpanelAPIClient(sandbox.credentials(), app=sandbox)
    if name is None:
        credentials = config.resolve_credentials(project_id=project_id, region=region)
    else:
        credentials = config.account_credentials(name, project_id=project_id, region=region)
    return MixpanelAPIClient(credentials, settings=config.settings())
