"""The auth module: accounts from Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mixpanel_data import auth
from mixpanel_data.exceptions import AccountNotFoundError, AuthenticationError
from mixpanel_data.sandbox import Project, Sandbox
from mixpanel_data.sandbox.server import Server, serve


@pytest.fixture(scope="module")
def mixpanel() -> Iterator[tuple[Server, Sandbox]]:
    """A Mixpanel on loopback whose project lies in Berlin."""
    app = Sandbox(events=50, profiles=5, project=Project(timezone="Europe/Berlin"))
    with serve(app) as server:
        yield server, app
    app.close()


@pytest.fixture
def stored(mixpanel: tuple[Server, Sandbox]) -> str:
    server, app = mixpanel
    who = app.credentials()
    secret = who.secret.get_secret_value()
    auth.add_account("shop", who.username, secret, who.project_id, "us", base_url=server.url)
    return "shop"


def test_an_account_can_be_stored_seen_and_forgotten(home):
    added = auth.add_account("a", "sa", "hush", "1", "eu", timezone="Asia/Tokyo")
    assert added == auth.get_account("a")
    assert added.is_default
    assert auth.list_accounts() == [added]
    assert auth.config_path() == home / ".mp" / "config.toml"
    auth.add_account("b", "sb", "hush", "2")
    assert auth.set_default("b").is_default
    assert auth.set_timezone("b", "UTC").timezone == "UTC"
    auth.remove_account("a")
    assert [account.name for account in auth.list_accounts()] == ["b"]
    assert "hush" not in repr(auth.list_accounts())


def test_an_account_is_tested_by_asking_mixpanel(stored):
    answer = auth.test_account(stored)
    assert (answer.account, answer.region, answer.timezone) == ("shop", "us", "Europe/Berlin")


def test_without_a_name_the_credentials_in_use_are_tested(stored):
    assert auth.test_account().account == stored


def test_a_named_account_is_tested_whatever_the_environment_says(stored, monkeypatch):
    for key in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.setenv(key, "1")
    assert auth.test_account(stored).account == stored


def test_a_refused_account_is_an_authentication_error(mixpanel):
    auth.add_account("bad", "nobody", "hush", "1", "us", base_url=mixpanel[0].url)
    with pytest.raises(AuthenticationError) as caught:
        auth.test_account("bad")
    assert "hush" not in f"{caught.value!r} {caught.value.to_dict()}"


def test_an_unknown_account_is_not_found():
    with pytest.raises(AccountNotFoundError):
        auth.test_account("nobody")


def test_the_sandbox_needs_no_account():
    assert auth.test_account("sandbox").account == "sandbox"
