"""`mp auth`."""

from __future__ import annotations

import json

import pytest

from mixpanel_data import auth

ADD = ("auth", "add", "shop", "--username", "sa", "--project", "12345")


def test_a_secret_comes_by_standard_input(mp, home):
    done = mp(*ADD, "--secret-stdin", "--region", "EU", stdin="hush\n")
    assert done.data["name"] == "shop"
    assert done.data["region"] == "eu"
    assert done.data["is_default"] is True
    assert done.err == f"stored in {home / '.mp' / 'config.toml'}; next: mp auth test shop\n"
    assert 'secret = "hush"' in auth.config_path().read_text()


def test_a_secret_on_the_command_line_works_and_gets_a_warning(mp):
    done = mp(*ADD, "--secret", "hush", "--quiet")
    assert done.code == 0
    assert done.err.startswith("warning: other users of this machine can see")
    assert "hush" not in done.err + done.out


def test_all_facts_of_an_account_can_be_given(mp):
    done = mp(
        *ADD, "--secret-stdin", "--base-url", "http://127.0.0.1:1/", "--timezone", "Asia/Tokyo",
        "--legacy-time", stdin="x",
    )  # fmt: skip
    assert done.data["base_url"] == "http://127.0.0.1:1"
    assert done.data["timezone"] == "Asia/Tokyo"
    assert done.data["legacy_time"] is True


def test_case_4_a_project_secret_needs_no_user_name(mp):
    done = mp(
        "auth", "add", "old", "--project", "1", "--project-secret", "--secret-stdin", stdin="x"
    )
    assert done.data["auth"] == "project_secret"
    assert "3 March 2027" in done.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("auth", "add", "a", "--username", "u", "--secret-stdin"), "the project ID is missing"),
        (("auth", "add", "a", "--project", "1", "--secret-stdin"), "the user name is missing"),
        (ADD, "the secret is missing"),
        ((*ADD, "--secret-stdin"), "secret is empty"),
        ((*ADD, "--secret", "x", "--secret-stdin"), "--secret and --secret-stdin are two secrets"),
        ((*ADD, "--secret", "x", "--region", "mars"), "region 'mars' is unknown"),
        ((*ADD, "--secret", "x", "--timezone", "Mars/X"), "timezone 'Mars/X' is unknown"),
        (("auth", "add", "sandbox", *ADD[3:], "--secret", "x"), "the account name 'sandbox' is"),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_stored(mp, args, message):
    done = mp(*args)
    assert done.code == 3
    assert f"error: {message}" in done.err
    assert "hint: " in done.err
    assert auth.list_accounts() == []


def test_an_account_that_exists_stays_as_it_is(mp):
    mp(*ADD, "--secret-stdin", stdin="one")
    done = mp(*ADD, "--secret-stdin", stdin="two")
    assert done.code == 1
    assert "already exists" in done.err
    assert "one" in auth.config_path().read_text()


def test_accounts_are_listed_shown_and_switched_without_their_secret(mp):
    for name in ("a", "b"):
        auth.add_account(name, "u", "hush-hush", "1")
    listed = mp("auth", "list")
    assert [account["name"] for account in listed.data] == ["a", "b"]
    assert mp("auth", "switch", "b").data["is_default"] is True
    shown = mp("auth", "show", "b", "--format", "table")
    assert "is_default    true" in shown.out
    assert "hush" not in listed.out + shown.out
    assert mp("auth", "list", "-f", "csv").out.count("\n") == 3


def test_an_empty_list_says_what_to_do(mp):
    done = mp("auth", "list")
    assert done.data == []
    assert "mp auth add" in done.err


def test_removing_needs_force_without_a_terminal(mp):
    auth.add_account("a", "u", "hush", "1")
    done = mp("auth", "remove", "a")
    assert done.code == 3
    assert "hint: mp auth remove a --force" in done.err
    assert [account.name for account in auth.list_accounts()] == ["a"]
    done = mp("auth", "remove", "a", "--force")
    assert (done.code, done.out) == (0, "")
    assert "there is no default account now" in done.err
    assert auth.list_accounts() == []


def test_unknown_accounts_are_not_found(mp):
    for command in ("show", "switch", "test", "remove"):
        assert mp("auth", command, "nobody").code == 4


@pytest.fixture
def stored(project, server):
    who = project.credentials()
    secret = who.secret.get_secret_value()
    auth.add_account("shop", who.username, secret, who.project_id, base_url=server.url)


@pytest.mark.usefixtures("stored")
def test_testing_an_account_says_it_in_words_and_data(mp):
    done = mp("auth", "test")
    assert done.data["account"] == "shop"
    assert done.err == (
        "accepted: project 20260301 (Sandbox Shop), region us\n"
        "the project's time zone is Europe/Berlin; to store it: mp auth test shop --save-timezone\n"
    )
    assert mp("auth", "test", "shop", "--save-timezone").err.endswith("stored in account 'shop'\n")
    assert auth.get_account("shop").timezone == "Europe/Berlin"
    assert mp("auth", "test").err.count("\n") == 1
    assert mp("--account", "shop", "auth", "test", "-q").err == ""


def test_refused_credentials_are_2(mp, server):
    auth.add_account("bad", "u", "hush", "1", base_url=server.url)
    done = mp("auth", "test", "bad", "--format", "json")
    assert done.code == 2
    assert json.loads(done.err)["type"] == "AuthenticationError"
    assert "hush" not in done.err


def test_no_credentials_at_all_are_2_with_the_ways_out(mp):
    for command in (["auth", "test"], ["events"], ["tables"]):
        done = mp(*command)
        assert done.code == 2
        assert "mp auth add" in done.err
        assert "mp demo" in done.err


def test_a_damaged_config_is_named_with_its_line(mp, home):
    path = home / ".mp" / "config.toml"
    path.parent.mkdir()
    path.write_text("[accounts.a\n")
    done = mp("tables")
    assert done.code == 1
    assert done.err.startswith(f"error: {path}, line 1, column 12: ")
