"""ConfigManager: environment, then the account asked for, then the default account."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixpanel_data import types
from mixpanel_data._internal.config import checks, document
from mixpanel_data._internal.config.checks import AuthKind, Credentials, SecretStr, Settings
from mixpanel_data._internal.utils import expanded
from mixpanel_data.exceptions import (
    AccountExistsError,
    AccountNotFoundError,
    AuthenticationError,
    ConfigError,
    InvalidArgumentError,
    command,
    warn,
)

if TYPE_CHECKING:
    from mixpanel_data.types import AccountInfo

SANDBOX = "sandbox"
"""The built-in account: its name is reserved here, and the Workspace answers to it."""

_NEEDED = ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID")
_RETIRED = "Mixpanel retires project secrets on 3 March 2027: create a service account instead"


class ConfigManager:
    """The accounts and settings of one config file, and the environment over it.

    Every call reads the file anew, so that a change made elsewhere counts at once.
    """

    def __init__(self, config_path: Path | None = None) -> None:
        named = config_path or os.environ.get("MP_CONFIG_PATH")
        self.path = (
            expanded(named, "MP_CONFIG_PATH") if named else Path.home() / ".mp" / "config.toml"
        )

    def resolve_credentials(
        self,
        account: str | None = None,
        *,
        project_id: str | None = None,
        region: str | None = None,
    ) -> Credentials:
        """Credentials from the environment, the account asked for, or the default one.

        `account` None asks for the one in MP_ACCOUNT. `project_id` and `region` replace what was
        found, MP_BASE_URL replaces the account's base_url.
        """
        name = self.named_account(account)
        found = _from_environment(project_id)
        if found is None:
            name = name or self._stored().default_name()
            return self.account_credentials(name, project_id=project_id, region=region)
        if name is not None:
            warn(
                f"MP_USERNAME and MP_SECRET are set and win over the account {name!r}:"
                " unset them to use it"
            )
        return _with(found, project_id, region)

    def named_account(self, account: str | None = None) -> str | None:
        """The account asked for by argument, else by MP_ACCOUNT; None leaves it to the default."""
        return account if account is not None else os.environ.get("MP_ACCOUNT") or None

    def account_credentials(
        self, name: str, *, project_id: str | None = None, region: str | None = None
    ) -> Credentials:
        """As `resolve_credentials`, for a stored account whatever MP_USERNAME says."""
        found = self._stored().account(name)
        if found.get("auth") == "project_secret":
            warn(f"account {name!r}: {_RETIRED}")
        found["secret"] = SecretStr(found["secret"])
        stored = Credentials(**{"username": "", "account": name, **found})
        return _with(stored, project_id, region)

    def settings(self) -> Settings:
        """The `[settings]` table, and the defaults for what it leaves out.

        MP_READ_ONLY=1 makes it read-only as well; neither the file nor the variable can undo what
        the other says. MP_MEMORY_LIMIT_GB and MP_TEMP_LIMIT_GB replace what the file says.
        """
        table = _table(self.path, document.read(self.path), "settings")
        with _blaming(f"{self.path}, [settings]"):
            found = checks.settings(table)
        return replace(
            found,
            read_only=found.read_only or _is_read_only(),
            memory_limit_gb=_gigabytes("MP_MEMORY_LIMIT_GB") or found.memory_limit_gb,
            temp_limit_gb=_gigabytes("MP_TEMP_LIMIT_GB") or found.temp_limit_gb,
        )

    def list_accounts(self) -> list[AccountInfo]:
        """Every configured account, as ordered in the file."""
        stored = self._stored()
        return [stored.info(name) for name in stored.accounts]

    def get_account(self, name: str) -> AccountInfo:
        """One account without its secret."""
        return self._stored().info(name)

    def add_account(
        self,
        name: str,
        username: str,
        secret: str,
        project_id: str,
        region: str,
        *,
        base_url: str | None = None,
        timezone: str | None = None,
        legacy_time: bool = False,
        auth: AuthKind = "service_account",
        default: bool = False,
    ) -> None:
        """Store an account; the first one becomes the default.

        With `auth="project_secret"` the user name may be empty.
        """
        name = checks.account_name(name)
        if name == SANDBOX:
            raise InvalidArgumentError(
                "the account name 'sandbox' is built in", hint="choose another name"
            )
        values = _checked(
            {
                "username": username or None,
                "secret": secret,
                "project_id": project_id,
                "region": region,
                "base_url": base_url,
                "timezone": timezone,
                "legacy_time": legacy_time or None,
                "auth": None if auth == "service_account" else auth,
            }
        )
        with document.changed(self.path) as content:
            accounts = _table(self.path, content, "accounts", create=True)
            if name in accounts:
                raise AccountExistsError(name)
            accounts[name] = values
            if default or len(accounts) == 1:
                content["default"] = name
        if auth == "project_secret":
            warn(_RETIRED)

    def remove_account(self, name: str) -> None:
        """Forget an account; when it was the default, there is none any more."""
        with document.changed(self.path) as content:
            accounts = _table(self.path, content, "accounts")
            if name not in accounts:
                raise AccountNotFoundError(name, accounts)
            del accounts[name]
            if not accounts:
                del content["accounts"]
            if content.get("default") == name:
                del content["default"]

    def set_default(self, name: str) -> None:
        """Use this account wherever none is named."""
        if name == SANDBOX:
            raise InvalidArgumentError(
                "the sandbox can't be the default account: its data is invented",
                hint="for this shell: export MP_ACCOUNT=sandbox",
            )
        with document.changed(self.path) as content:
            accounts = _table(self.path, content, "accounts")
            if name not in accounts:
                raise AccountNotFoundError(name, accounts)
            content["default"] = name

    def set_timezone(self, name: str, timezone: str) -> None:
        """Note the project's time zone in an account."""
        zone = checks.timezone(timezone)
        with document.changed(self.path) as content:
            accounts = _table(self.path, content, "accounts")
            if name not in accounts:
                raise AccountNotFoundError(name, accounts)
            accounts[name]["timezone"] = zone

    def _stored(self) -> _Stored:
        content = document.read(self.path)
        accounts = _table(self.path, content, "accounts")
        if accounts:
            document.warn_if_shared(self.path)
        return _Stored(self.path, accounts, content.get("default"))


@dataclass(frozen=True)
class _Stored:
    """The accounts of a file as they are written there, checked when asked for."""

    path: Path
    accounts: Mapping[str, Any]
    default: object

    def account(self, name: str) -> dict[str, Any]:
        if name == SANDBOX:
            raise InvalidArgumentError(
                "the account 'sandbox' is built in and has no stored credentials",
                hint="Workspace.sandbox(), or mp --account sandbox",
            )
        if name not in self.accounts:
            raise AccountNotFoundError(name, self.accounts)
        place = f"{self.path}, account {name!r}"
        table = self.accounts[name]
        if not isinstance(table, Mapping):
            raise ConfigError(f"{place}: not a table", hint=command("auth", "remove", name))
        with _blaming(place):
            return _checked(table)

    def info(self, name: str) -> AccountInfo:
        found = self.account(name)
        del found["secret"]
        known = {"username": "", "name": name, "is_default": name == self.default}
        return types.AccountInfo(**{**known, **found})

    def default_name(self) -> str:
        names = ", ".join(self.accounts) or "none"
        if self.default is None and not self.accounts:
            raise AuthenticationError(
                "no credentials: no account is configured, and MP_USERNAME, MP_SECRET and"
                " MP_PROJECT_ID are not set",
                hint="mp auth add NAME --username … --project … stores an account;"
                " mp demo needs none",
            )
        if self.default is None:
            raise AuthenticationError(
                "no account is named, and there is no default account",
                hint=f"mp auth switch NAME, or --account NAME (accounts: {names})",
            )
        if self.default not in self.accounts:
            raise ConfigError(
                f"{self.path}: default = {self.default!r} is not one of its accounts",
                hint=f"mp auth switch NAME (accounts: {names})",
            )
        return str(self.default)


def _from_environment(project_id: str | None) -> Credentials | None:
    env = {key: os.environ.get(key) or None for key in (*_NEEDED, "MP_REGION")}
    if not any(env.values()):
        return None
    present = ", ".join(key for key, value in env.items() if value)
    missing = [
        key for key in _NEEDED if not env[key] and (key != "MP_PROJECT_ID" or not project_id)
    ]
    if missing:
        raise AuthenticationError(
            f"{present} set, but {' and '.join(missing)} not",
            hint=f"set {' and '.join(missing)} too, or unset {present} to use a stored account",
        )
    return Credentials(
        username=_variable("MP_USERNAME", checks.username) or "",
        secret=SecretStr(_variable("MP_SECRET", checks.secret) or ""),
        project_id=_variable("MP_PROJECT_ID", checks.project_id) or checks.project_id(project_id),
        region=_variable("MP_REGION", checks.region) or "us",
    )


def _is_read_only() -> bool:
    value = os.environ.get("MP_READ_ONLY")
    with _blaming("MP_READ_ONLY"):
        return bool(value) and checks.switch(value)


def _gigabytes(key: str) -> float | None:
    value = os.environ.get(key)
    with _blaming(key):
        return checks.gigabytes(value) if value else None


def _with(found: Credentials, project_id: str | None, region: str | None) -> Credentials:
    return replace(
        found,
        base_url=_variable("MP_BASE_URL", checks.base_url) or found.base_url,
        project_id=found.project_id if project_id is None else checks.project_id(project_id),
        region=found.region if region is None else checks.region(region),
    )


def _variable(key: str, check: Callable[[object], str]) -> str | None:
    """An environment variable, checked; empty counts as unset."""
    value = os.environ.get(key)
    with _blaming(key):
        return check(value) if value else None


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are given, checked, in the order in which they are written."""
    needed = {"secret", "project_id", "region"}
    if values.get("auth") != "project_secret":
        needed.add("username")
    for key in checks.ACCOUNT:
        if key in needed and values.get(key) is None:
            raise InvalidArgumentError(f"{key} is missing", hint=f"give {key} a value")
    return {
        key: check(values[key])
        for key, check in checks.ACCOUNT.items()
        if values.get(key) is not None
    }


@contextmanager
def _blaming(place: str) -> Iterator[None]:
    """Turn a refused value into an error of the configuration, at this place."""
    try:
        yield
    except InvalidArgumentError as error:
        raise ConfigError(f"{place}: {error.message}", hint=error.hint) from None


def _table(
    path: Path, content: MutableMapping[str, Any], key: str, *, create: bool = False
) -> MutableMapping[str, Any]:
    if key not in content:
        if not create:
            return {}
        from tomlkit import table

        content[key] = table(is_super_table=True)
    found = content[key]
    if not isinstance(found, MutableMapping):
        raise ConfigError(f"{path}: {key} is not a table", hint=f"write [{key}]")
    return found
