"""The credential browser, without a notebook."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from mixpanel_data import auth
from mixpanel_data.exceptions import AccountNotFoundError, MixpanelDataWarning
from mixpanel_data.sandbox import Sandbox, serve
from mixpanel_magics.state.accounts import Accounts, NewAccount
from mixpanel_magics.state.status import StatusMessage, as_typed
from tests.waiting import HANG

SECRET = "hush-" + "5ecret" * 3
SHOP = NewAccount("shop", "4711", "sa", "eu", timezone="Europe/Berlin")


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


def test_the_sandbox_is_there_before_any_account(accounts):
    assert accounts.names == ["sandbox"]
    assert accounts.selected == "sandbox"
    assert accounts.account is None
    assert not accounts.can_use
    accounts.ask_to_remove()
    accounts.make_default()
    assert (accounts.removing, accounts.status) == (None, StatusMessage())


def test_accounts_are_added_listed_made_default_and_removed(accounts):
    assert accounts.add(SHOP, SECRET)
    assert "stored 'shop' (project 4711) in " in accounts.status.text
    url = "http://127.0.0.1:8000/"
    old = NewAccount("old", " 12 ", "gone", base_url=url, auth="project_secret")
    with pytest.warns(MixpanelDataWarning, match="retires"):
        assert accounts.add(old, SECRET)
    assert accounts.rows() == [
        ("default", "shop", "4711", "eu", "Europe/Berlin", "sa", ""),
        ("", "old", "12", "us", "", "project secret", "http://127.0.0.1:8000"),
        ("", "sandbox", "invented data", "", "UTC", "built in, no secret", ""),
    ]
    assert accounts.selected == "old"
    accounts.make_default()
    assert accounts.status == StatusMessage("'old' is the default now", "good")

    accounts.remove()
    assert len(auth.list_accounts()) == 2
    accounts.ask_to_remove()
    assert accounts.removing == "old"
    accounts.keep()
    accounts.remove()
    assert len(auth.list_accounts()) == 2
    accounts.ask_to_remove()
    accounts.remove()
    assert [account.name for account in auth.list_accounts()] == ["shop"]
    assert accounts.status.text == "removed 'old'; no account is the default now"
    assert accounts.selected == "shop"


@pytest.mark.parametrize(
    ("new", "secret", "status"),
    [
        (NewAccount("", "1", "sa"), SECRET, "the account name is empty"),
        (NewAccount("sandbox", "1", "sa"), SECRET, "is built in"),
        (NewAccount("a", "one", "sa"), SECRET, "project_id 'one' is not a number"),
        (NewAccount("a", "1"), SECRET, "username is missing"),
        (NewAccount("a", "1", "sa"), "", "secret is empty"),
        (NewAccount("a", "1", "sa"), SECRET + "\x07", "control character"),
        (NewAccount("a", "1", "sa", timezone="Berlin"), SECRET, "timezone 'Berlin' is unknown"),
        (NewAccount("a", "1", "sa", base_url="http://example.com"), SECRET, "not encrypted"),
    ],
)
def test_what_can_t_be_stored_is_said(accounts, new, secret, status):
    assert not accounts.add(new, secret)
    assert accounts.status.tone == "bad"
    assert status in accounts.status.text
    assert SECRET not in accounts.status.text + str(accounts.status.hint)
    assert auth.list_accounts() == []


def test_a_test_is_told_in_words_and_offers_the_time_zone(accounts):
    with Sandbox(events=50, profiles=5) as shop, serve(shop) as server:
        who = shop.credentials()
        new = NewAccount("shop", who.project_id, who.username, base_url=server.url)
        accounts.add(new, who.secret.get_secret_value())
        accounts.test()
        assert accounts.work.wait(HANG)
        assert accounts.status.tone == "good"
        assert accounts.status.text.startswith(f"'shop' is accepted: project {who.project_id} (")
        assert accounts.offer == ("shop", "UTC")
        accounts.store_timezone()
        assert auth.get_account("shop").timezone == "UTC"
        assert accounts.status.text == "the time zone of 'shop' is UTC now"
        accounts.test()
        assert accounts.work.wait(HANG)
        assert accounts.offer is None

        accounts.add(NewAccount("bad", "1", "nobody", base_url=server.url), SECRET)
        accounts.test()
        assert accounts.work.wait(HANG)
        assert accounts.status.tone == "bad"
    accounts.select("sandbox")
    accounts.test()
    assert accounts.work.wait(HANG)
    assert accounts.status.text.startswith("'sandbox' is accepted")
    assert accounts.offer is None


def test_switching_is_the_session_s_business(monkeypatch):
    used = []

    def use(name: str) -> None:
        if name == "shop":
            raise AccountNotFoundError("shop")
        used.append(name)

    accounts = Accounts(use, lambda: used[-1] if used else None)
    accounts.use()
    assert used == ["sandbox"]
    assert accounts.rows()[-1][0] == "● in use"
    assert accounts.status == StatusMessage("this notebook uses 'sandbox' now", "good")
    accounts.add(SHOP, SECRET)
    accounts.use()
    assert (accounts.status.text, accounts.status.hint) == (
        "no account named 'shop'",
        "%mp auth add shop --username … --project … --region us",
    )
    monkeypatch.setenv("MP_SECRET", SECRET)
    monkeypatch.setenv("MP_USERNAME", "sa")
    accounts.use()
    assert (
        accounts.status.text
        == "the environment wins over 'shop', and has MP_USERNAME and MP_SECRET"
    )
    assert (
        accounts.status.hint
        == "import os; del os.environ['MP_USERNAME']; del os.environ['MP_SECRET']"
    )
    accounts.select("sandbox")
    accounts.use()
    assert used == ["sandbox", "sandbox"]


def test_what_the_environment_beats_is_told(accounts, monkeypatch):
    assert accounts.notes() == []
    monkeypatch.setenv("MP_SECRET", SECRET)
    monkeypatch.setenv("MP_ACCOUNT", "shop")
    monkeypatch.setenv("MP_BASE_URL", "http://127.0.0.1:1")
    secret, account, url = accounts.notes()
    assert secret == "The environment has MP_SECRET: it wins over every stored account."
    assert account.startswith("The environment's MP_ACCOUNT, 'shop', is used where no account is")
    assert url == (
        "The environment's MP_BASE_URL, 'http://127.0.0.1:1', is where all requests are sent."
    )


def test_a_damaged_file_is_said(accounts):
    auth.config_path().parent.mkdir(parents=True, exist_ok=True)
    auth.config_path().write_text("[accounts")
    accounts.refresh()
    assert accounts.names == ["sandbox"]
    assert accounts.status.tone == "bad"
    assert accounts.status.hint == "correct that line; nothing was changed"


def test_the_secret_is_in_the_config_and_in_nothing_of_python(accounts):
    typed = [f"{SECRET}-{number}" for number in range(2)]
    accounts.add(SHOP, typed[0])
    accounts.add(NewAccount("shop", "1", "sa"), typed[1])  # refused: the name is taken
    assert accounts.status.tone == "bad"
    assert typed[0] in Path(auth.config_path()).read_text()
    gc.collect()
    kept = [
        held
        for held in gc.get_objects()
        if held is not typed
        if any(isinstance(value, str) and value in typed for value in gc.get_referents(held))
    ]
    assert kept == []


@pytest.mark.parametrize(
    ("hint", "typed"),
    [
        (None, None),
        ("mp fetch events NAME --events 'A'", "%mp_fetch events NAME --events 'A'"),
        ("drop it first (mp drop a) or …", "drop it first (%mp drop a) or …"),
        ("mp fetch status", "%mp fetch status"),
        ("from the tmp folder; %mp_use A", "from the tmp folder; %mp_use A"),
    ],
)
def test_hints_are_as_a_notebook_types_them(hint, typed):
    assert as_typed(hint) == typed
