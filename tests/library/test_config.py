"""The config file and where credentials come from."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tomllib
import unicodedata
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixpanel_data._internal.config import ConfigManager, Settings
from mixpanel_data.exceptions import (
    AccountExistsError,
    AccountNotFoundError,
    AuthenticationError,
    ConfigError,
    InvalidArgumentError,
    MixpanelDataError,
    MixpanelDataWarning,
)


@pytest.fixture
def config(tmp_path: Path) -> ConfigManager:
    return ConfigManager(tmp_path / "conf" / "config.toml")


def write(config: ConfigManager, text: str) -> Path:
    config.path.parent.mkdir(parents=True, exist_ok=True)
    config.path.write_text(dedent(text), encoding="utf-8")
    config.path.chmod(0o600)
    return config.path


def add(config: ConfigManager, name: str = "production", **more) -> None:
    values = {"username": "sa", "secret": "s3cret", "project_id": "12345", "region": "us", **more}
    config.add_account(name, **values)


# -- the file -----------------------------------------------------------------------------------


def test_the_file_is_for_its_owner_alone(config):
    add(config)
    assert stat.S_IMODE(config.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in config.path.parent.iterdir()] == ["config.toml"]


def test_an_account_is_written_as_the_documentation_shows_it(config):
    add(config)
    assert tomllib.loads(config.path.read_text()) == {
        "default": "production",
        "accounts": {
            "production": {
                "username": "sa",
                "secret": "s3cret",
                "project_id": "12345",
                "region": "us",
            }
        },
    }


def test_comments_unknown_keys_and_layout_survive_every_change(config):
    write(
        config,
        """\
        # my accounts
        default = "a"   # the usual one
        colour = "blue"

        [accounts.a] # first
        username = "sa"
        secret = "x"
        project_id = 1
        region = "us"
        note = 'kept'

        [settings]
        attempts = 3

        [accounts.b]
        username = "sb"
        secret = "y"
        project_id = "2"
        region = "eu"
        """,
    )
    add(config, "c")
    config.set_default("b")
    config.set_timezone("a", "Europe/Berlin")
    config.remove_account("c")
    text = config.path.read_text()
    for kept in ("# my accounts", "# the usual one", 'colour = "blue"', "# first", "note = 'kept'"):
        assert kept in text
    assert [account.name for account in config.list_accounts()] == ["a", "b"]
    assert config.get_account("a").timezone == "Europe/Berlin"
    assert config.get_account("b").is_default


def test_inline_tables_are_changed_in_place(config):
    write(
        config, 'accounts = {a = {username = "u", secret = "x", project_id = 1, region = "us"}}\n'
    )
    add(config, "b")
    config.remove_account("a")
    assert [account.name for account in config.list_accounts()] == ["b"]


def test_a_linked_config_stays_a_link(config, tmp_path):
    target = tmp_path / "dotfiles" / "mp.toml"
    target.parent.mkdir()
    target.write_text("# dotfiles\n")
    target.chmod(0o600)
    config.path.parent.mkdir()
    config.path.symlink_to(target)
    add(config)
    assert config.path.is_symlink()
    assert target.read_text().startswith("# dotfiles")
    assert "s3cret" in target.read_text()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("default = \n", "line 1, column 11"),
        ("[accounts.a]\nusername = 'x'\nusername = 'y'\n", "line 3, column 15"),
        ("[accounts.a\n", "line 1, column 12"),
        ('a = """never', "line 1, column 13"),
    ],
)
def test_a_damaged_file_is_named_with_its_line_and_never_overwritten(config, text, place):
    write(config, text)
    for attempt in (config.list_accounts, config.settings, lambda: add(config)):
        with pytest.raises(ConfigError, match=place) as caught:
            attempt()
        assert str(config.path) in caught.value.message
    assert config.path.read_text() == text


def test_a_file_that_is_not_text_is_refused(config):
    write(config, "").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        config.list_accounts()


def test_a_byte_order_mark_is_no_damage(config):
    write(config, "\ufeff[settings]\nattempts = 2\n")
    assert config.settings().attempts == 2


def test_a_folder_that_takes_no_file_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    config = ConfigManager(tmp_path / "file" / "config.toml")
    with pytest.raises(ConfigError, match="can't write") as caught:
        add(config)
    assert "MP_CONFIG_PATH" in str(caught.value.hint)


def test_a_folder_in_place_of_the_file_is_a_clear_error(tmp_path):
    with pytest.raises(ConfigError, match="can't read"):
        ConfigManager(tmp_path).list_accounts()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_config_that_others_can_read_gets_a_warning(config):
    add(config)
    config.path.chmod(0o644)
    with pytest.warns(MixpanelDataWarning, match="chmod 600"):
        config.resolve_credentials()


def test_the_path_comes_from_the_environment(monkeypatch, tmp_path, home):
    monkeypatch.setenv("MP_CONFIG_PATH", str(tmp_path / "x.toml"))
    assert ConfigManager().path == tmp_path / "x.toml"
    monkeypatch.setenv("MP_CONFIG_PATH", "")
    assert ConfigManager().path == home / ".mp" / "config.toml"


def test_two_processes_that_add_at_once_both_succeed(config):
    code = (
        "import sys; from pathlib import Path;"
        "from mixpanel_data._internal.config import ConfigManager as C;"
        "[C(Path(sys.argv[1])).add_account(f'{sys.argv[2]}{n}', 'u', 's', '1', 'us')"
        " for n in range(8)]"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(config.path), letter]) for letter in "ab"
    ]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(config.list_accounts()) == 16


# -- accounts -----------------------------------------------------------------------------------


def usable(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    names=st.lists(
        st.text(st.characters().filter(usable), min_size=1).filter(
            lambda name: name == name.strip() and name != "sandbox"
        ),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    secret=st.text(st.characters().filter(usable), min_size=1).filter(str.strip),
)
def test_any_text_can_be_a_name_and_a_secret(tmp_path, names, secret):
    config = ConfigManager(tmp_path / "config.toml")
    config.path.unlink(missing_ok=True)
    for name in names:
        add(config, name, secret=secret)
    assert [account.name for account in config.list_accounts()] == names
    for name in names:
        assert config.account_credentials(name).secret.get_secret_value() == secret
    config.remove_account(names[-1])
    assert [account.name for account in config.list_accounts()] == names[:-1]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x1bb", "a\u2028b", "sandbox"])
def test_a_name_that_would_confuse_is_refused(config, name):
    with pytest.raises(InvalidArgumentError):
        add(config, name)
    assert not config.path.exists()


def test_the_first_account_becomes_the_default_and_later_ones_on_request(config):
    add(config, "a")
    add(config, "b")
    assert [account.is_default for account in config.list_accounts()] == [True, False]
    add(config, "c", default=True)
    assert config.resolve_credentials().account == "c"


def test_removing_the_default_leaves_none(config):
    add(config, "a")
    add(config, "b")
    config.remove_account("a")
    with pytest.raises(AuthenticationError, match="no default account") as caught:
        config.resolve_credentials()
    assert "b" in str(caught.value.hint)


def test_accounts_that_exist_or_do_not_are_told_apart(config):
    add(config, "production")
    with pytest.raises(AccountExistsError):
        add(config, "production")
    for attempt in (config.get_account, config.remove_account, config.set_default):
        with pytest.raises(AccountNotFoundError, match="prodution") as caught:
            attempt("prodution")
        assert caught.value.hint == "did you mean 'production'?"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("region", "asia", "region"),
        ("project_id", "12a", "project_id"),
        ("project_id", "", "project_id"),
        ("project_id", "١٢", "project_id"),
        ("username", " ", "username"),
        ("secret", "", "secret"),
        ("secret", "a\nb", "secret"),
        ("timezone", "Europe/Berlim", "Europe/Berlim"),
        ("timezone", "America", "America"),
        ("timezone", "../etc/passwd", "timezone"),
        ("auth", "password", "auth"),
        ("base_url", "ftp://example.com", "base_url"),
        ("base_url", "http://example.com", "not encrypted"),
        ("base_url", "http://127.0.0.1.example.com", "not encrypted"),
        ("base_url", "https://example.com/api", "more than a host"),
        ("base_url", "https://example.com:port", "base_url"),
        ("base_url", "https://", "base_url"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(config, key, value, message):
    with pytest.raises(InvalidArgumentError, match=message):
        add(config, **{key: value})
    assert not config.path.exists()


def test_a_close_time_zone_is_suggested(config):
    with pytest.raises(InvalidArgumentError) as caught:
        add(config, timezone="Europe/Berlim")
    assert caught.value.hint == "did you mean 'Europe/Berlin'?"


@pytest.mark.parametrize(
    "url",
    [
        "https://proxy.example.com:8443",
        "http://127.0.0.1:8000",
        "http://[::1]:1",
        "http://localhost",
    ],
)
def test_an_origin_may_be_https_or_this_machine(config, url):
    add(config, base_url=url + "/")
    assert config.resolve_credentials().base_url == url


def test_case_6_secrets_stay_out_of_messages_and_reprs(config):
    hidden = "hunter2-hunter2"
    for more in (
        {"secret": f"{hidden}\n"},
        {"base_url": f"https://user:{hidden}@example.com"},
        {"region": "nowhere", "secret": hidden},
    ):
        with pytest.raises(MixpanelDataError) as caught:
            add(config, **more)
        assert hidden not in f"{caught.value!r} {caught.value} {caught.value.to_dict()}"
    add(config, secret=hidden)
    found = config.resolve_credentials()
    shown = (
        f"{found!r} {found} {config.list_accounts()} {config.get_account('production').to_dict()}"
    )
    assert hidden not in shown
    assert found.secret.get_secret_value() == hidden


def test_case_4_a_project_secret_needs_no_user_name_and_says_when_it_ends(config):
    with pytest.warns(MixpanelDataWarning, match="3 March 2027"):
        add(config, username="", auth="project_secret")
    with pytest.warns(MixpanelDataWarning, match="3 March 2027"):
        found = config.resolve_credentials()
    assert (found.auth, found.username) == ("project_secret", "")


def test_a_bad_account_in_the_file_is_named_and_can_be_removed(config):
    write(
        config, '[accounts.a]\nusername = "u"\nsecret = "hush"\nproject_id = true\nregion = "us"\n'
    )
    with pytest.raises(ConfigError, match=r"account 'a': project_id True") as caught:
        config.resolve_credentials("a")
    assert str(config.path) in caught.value.message
    config.remove_account("a")
    assert config.list_accounts() == []


def test_a_missing_key_is_named(config):
    write(config, '[accounts.a]\nusername = "u"\nproject_id = 1\nregion = "us"\n')
    with pytest.raises(ConfigError, match="secret is missing"):
        config.get_account("a")


def test_accounts_that_are_no_table_are_refused(config):
    write(config, "accounts = 3\n")
    with pytest.raises(ConfigError, match="accounts is not a table"):
        config.list_accounts()
    write(config, "[accounts]\na = 3\n")
    with pytest.raises(ConfigError, match="not a table"):
        config.list_accounts()


def test_a_default_that_is_no_account_is_refused(config):
    write(config, 'default = "gone"\n[accounts]\n')
    with pytest.raises(ConfigError, match="'gone'"):
        config.resolve_credentials()


# -- where credentials come from ----------------------------------------------------------------

ENVIRONMENT = {"MP_USERNAME": "env", "MP_SECRET": "e", "MP_PROJECT_ID": "99", "MP_REGION": "in"}


def test_the_environment_wins_then_the_named_account_then_the_default(config, monkeypatch):
    add(config, "a", project_id="1")
    add(config, "b", project_id="2")
    assert config.resolve_credentials().project_id == "1"
    monkeypatch.setenv("MP_ACCOUNT", "b")
    assert config.resolve_credentials().project_id == "2"
    assert config.resolve_credentials("a").project_id == "1"
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("MP_ACCOUNT")
    found = config.resolve_credentials()
    assert (found.username, found.project_id, found.region, found.account) == (
        "env", "99", "in", None,
    )  # fmt: skip


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_an_account_that_loses_to_the_environment_gets_a_warning(config, monkeypatch, how):
    add(config, "a")
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    if how == "variable":
        monkeypatch.setenv("MP_ACCOUNT", "a")
    with pytest.warns(MixpanelDataWarning, match="win over the account 'a'"):
        found = config.resolve_credentials("a" if how == "argument" else None)
    assert found.username == "env"


def test_the_region_of_the_environment_defaults_to_us(config, monkeypatch):
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("MP_REGION", "")
    assert config.resolve_credentials().region == "us"


@pytest.mark.parametrize(
    "present",
    [
        {"MP_USERNAME"}, {"MP_SECRET"}, {"MP_PROJECT_ID"}, {"MP_REGION"},
        {"MP_USERNAME", "MP_SECRET"}, {"MP_SECRET", "MP_PROJECT_ID", "MP_REGION"},
    ],
)  # fmt: skip
def test_half_set_credentials_name_exactly_what_is_missing(config, monkeypatch, present):
    add(config, "a")
    for key in present:
        monkeypatch.setenv(key, ENVIRONMENT[key])
    with pytest.raises(AuthenticationError) as caught:
        config.resolve_credentials("a")
    said, missing = caught.value.message.split(" set, but ")
    assert set(said.split(", ")) == present
    assert set(missing.removesuffix(" not").split(" and ")) == (
        {"MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"} - present
    )
    assert "unset" in str(caught.value.hint)


def test_a_project_given_stands_in_for_its_variable(config, monkeypatch):
    monkeypatch.setenv("MP_USERNAME", "env")
    monkeypatch.setenv("MP_SECRET", "e")
    assert config.resolve_credentials(project_id="7").project_id == "7"


def test_a_project_and_a_region_given_replace_what_was_found(config, monkeypatch):
    add(config, "a")
    found = config.resolve_credentials(project_id="7", region="EU")
    assert (found.project_id, found.region) == ("7", "eu")
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    found = config.resolve_credentials(project_id="7", region="eu")
    assert (found.project_id, found.region) == ("7", "eu")
    with pytest.raises(InvalidArgumentError):
        config.resolve_credentials(project_id="x")


def test_the_base_url_of_the_environment_beats_the_account(config, monkeypatch):
    add(config, "a", base_url="https://one.example.com")
    monkeypatch.setenv("MP_BASE_URL", "http://127.0.0.1:9/")
    assert config.resolve_credentials().base_url == "http://127.0.0.1:9"
    monkeypatch.setenv("MP_BASE_URL", "http://two.example.com")
    with pytest.raises(ConfigError, match="MP_BASE_URL"):
        config.resolve_credentials()


def test_a_bad_variable_is_named(config, monkeypatch):
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("MP_REGION", "moon")
    with pytest.raises(ConfigError, match="MP_REGION: region 'moon'"):
        config.resolve_credentials()


def test_without_any_credentials_the_hint_names_the_ways(config):
    with pytest.raises(AuthenticationError, match="MP_USERNAME, MP_SECRET") as caught:
        config.resolve_credentials()
    assert "mp auth add" in str(caught.value.hint)
    assert "mp demo" in str(caught.value.hint)


def test_the_sandbox_is_reserved_and_never_resolved_here(config, monkeypatch):
    monkeypatch.setenv("MP_ACCOUNT", "sandbox")
    assert config.named_account() == "sandbox"
    assert config.named_account("a") == "a"
    with pytest.raises(InvalidArgumentError, match="built in"):
        config.resolve_credentials()
    with pytest.raises(InvalidArgumentError):
        config.set_default("sandbox")


# -- settings -----------------------------------------------------------------------------------


def test_settings_have_defaults_and_take_what_is_written(config):
    assert config.settings() == Settings()
    write(config, "[settings]\nattempts = 2\nconnect_timeout = 1.5\nmax_wait = 3\n")
    assert config.settings() == Settings(attempts=2, connect_timeout=1.5, max_wait=3)


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("atempts = 2", "'atempts' is unknown", "did you mean 'attempts'?"),
        ("zzz = 2", "'zzz' is unknown", "settings: connect_timeout"),
        ("attempts = 2.5", "not a whole number", "attempts = 5"),
        ("attempts = true", "not a whole number", "attempts = 5"),
        ("attempts = 0", "above zero", "attempts = 5"),
        ("max_wait = '9'", "not a number", "max_wait = 60"),
        ("max_wait = inf", "not a number", "max_wait = 60"),
        ("max_wait = nan", "not a number", "max_wait = 60"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(config, line, message, hint):
    write(config, f"[settings]\n{line}\n")
    with pytest.raises(ConfigError, match=message) as caught:
        config.settings()
    assert str(caught.value.hint).startswith(hint)
