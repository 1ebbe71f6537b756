"""Values of the configuration, and the checks of them."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, NoReturn, Self
from urllib.parse import urlsplit

from mixpanel_data._internal.utils import is_loopback
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.text import whole

# -- What the configuration gives to the rest: frozen values --------------------------------------

AuthKind = Literal["service_account", "project_secret"]


class SecretStr:
    """Text that shows as stars wherever it is printed, logged or in a traceback.

    Pydantic's class of this name does the same; importing it costs as much as importing Typer.
    The text is no attribute, so what writes the attributes of objects does not write it.
    """

    def __init__(self, text: str) -> None:
        self._read: Callable[[], str] = lambda: text

    def get_secret_value(self) -> str:
        """The text itself."""
        return self._read()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret can't be pickled: name the account where it is needed")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and self._read() == other._read()

    def __hash__(self) -> int:
        return hash(self._read())

    def __repr__(self) -> str:
        return "SecretStr('**********')"

    def __str__(self) -> str:
        return "**********"


@dataclass(frozen=True)
class Credentials:
    """Who asks which project where. The secret shows as stars everywhere.

    `base_url` sends every API family to that one origin; `timezone` is the project's zone and
    `legacy_time` says that its exports carry local time (projects from before 2023).
    """

    username: str
    secret: SecretStr
    project_id: str
    region: str
    account: str | None = None
    base_url: str | None = None
    timezone: str | None = None
    legacy_time: bool = False
    auth: AuthKind = "service_account"

    def __post_init__(self) -> None:
        if isinstance(self.secret, str):
            object.__setattr__(self, "secret", SecretStr(self.secret))

    @property
    def export_zone(self) -> str:
        """The time zone in which the days of its exports begin and end."""
        return (self.timezone if self.legacy_time else None) or "UTC"


@dataclass(frozen=True)
class Settings:
    """Timeouts, retries and quotas: `[settings]` in the config file, by these names.

    Times are in seconds. Mixpanel's own deadline for a query is 488 s; an export may pause long
    between two reads. One wait for a rate limit is at most `max_wait` long: past it, the error
    says when to come again. `flat_columns` is how many properties get a typed column. With
    `read_only` no workspace changes anything. Read-only SQL and `mp mcp` keep to `memory_limit_gb`
    of memory and `temp_limit_gb` of temporary files. A line of an export has at most
    `line_limit_mb`.
    """

    connect_timeout: float = 15
    query_timeout: float = 500
    export_timeout: float = 600
    answer_limit_mb: float = 100
    line_limit_mb: float = 16
    attempts: int = 5
    max_wait: float = 60
    queries_per_hour: int = 60
    query_concurrency: int = 5
    exports_per_hour: int = 60
    exports_per_second: int = 3
    export_concurrency: int = 4
    window_days: int = 7
    spool_limit_gb: float = 50
    flat_columns: int = 500
    read_only: bool = False
    memory_limit_gb: float = 4
    temp_limit_gb: float = 20


# -- Which values an account and the settings may hold; each check returns the value to use -------

REGIONS = ("us", "eu", "in")
AUTH_KINDS = ("service_account", "project_secret")


def account_name(name: object) -> str:
    """Any text but nothing, blanks alone, line breaks and other control characters."""
    text = _text(name, "the account name")
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text):
        raise InvalidArgumentError(
            f"the account name {text!r} has a control character", hint="use letters and digits"
        )
    return text


def region(value: object) -> str:
    """`us`, `eu` or `in`, in any case."""
    found = _text(value, "region").lower()
    if found not in REGIONS:
        raise InvalidArgumentError(
            f"region {value!r} is unknown", hint=f"Mixpanel has {', '.join(REGIONS)}"
        )
    return found


def project_id(value: object) -> str:
    """Digits, as text; TOML may hold an integer."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()):
        raise InvalidArgumentError(
            f"project_id {value!r} is not a number",
            hint="it is in the address of the project's settings page, such as 1234567",
        )
    return text


def base_url(value: object) -> str:
    """An origin to send every request to, without a slash at its end.

    Over plain http the secret is readable on the way, so http may only stay on this machine.
    """
    text = _text(value, "base_url")
    hint = "give an origin, such as https://mixpanel.example.com or http://127.0.0.1:8000"
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        raise InvalidArgumentError("base_url is not a URL", hint=hint) from None
    if url.username is not None or url.password is not None:
        raise InvalidArgumentError("base_url holds a user name or password", hint=hint)
    if not host or port == 0 or url.scheme not in {"http", "https"}:
        raise InvalidArgumentError(f"base_url {text!r} is not an http(s) URL", hint=hint)
    if url.path not in {"", "/"} or url.query or url.fragment:
        raise InvalidArgumentError(f"base_url {text!r} has more than a host and a port", hint=hint)
    if url.scheme == "http" and not is_loopback(host):
        raise InvalidArgumentError(
            f"base_url {text!r} is not encrypted, and {host} is not this machine",
            hint="use https; plain http is for loopback addresses alone",
        )
    return text.rstrip("/")


def timezone(value: object) -> str:
    """A name of the IANA time zone database."""
    from zoneinfo import ZoneInfo, available_timezones

    text = _text(value, "timezone")
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder, such as "America"
        near = difflib.get_close_matches(text, available_timezones(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "use an IANA name, such as Europe/Berlin"
        raise InvalidArgumentError(f"timezone {text!r} is unknown", hint=hint) from None
    return text


def auth(value: object) -> str:
    """How the secret signs a request."""
    if value not in AUTH_KINDS:
        raise InvalidArgumentError(
            f"auth {value!r} is unknown", hint=f"use {' or '.join(AUTH_KINDS)}"
        )
    return str(value)


def legacy_time(value: object) -> bool:
    """True for projects whose exports carry local time."""
    return _boolean(value, "legacy_time")


_SWITCHES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def switch(value: object) -> bool:
    """A boolean as environment variables spell it: 1 or 0, true or false, yes or no."""
    found = _SWITCHES.get(str(value).strip().lower())
    if found is None:
        raise InvalidArgumentError(
            f"{value!r} is not true or false", hint="set it to 1, or unset it"
        )
    return found


def gigabytes(value: str) -> float:
    """A number above zero as an environment variable spells it."""
    try:
        found = float(value)
    except ValueError:
        found = 0
    if not 0 < found < float("inf"):
        raise InvalidArgumentError(
            f"{value!r} is not a number of gigabytes", hint="set it to a number, such as 4"
        )
    return found


def username(value: object) -> str:
    """Not empty."""
    return _text(value, "username")


def secret(value: object) -> str:
    """Not empty; a message never repeats it."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgumentError("secret is empty, or not text", hint="copy it again")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in value):
        raise InvalidArgumentError("secret has a control character", hint="copy it again")
    return value


ACCOUNT: Mapping[str, Callable[[object], str | bool]] = {
    "username": username,
    "secret": secret,
    "project_id": project_id,
    "region": region,
    "base_url": base_url,
    "timezone": timezone,
    "legacy_time": legacy_time,
    "auth": auth,
}
"""What an account consists of, in the order in which it is written."""


def settings(table: Mapping[str, Any]) -> Settings:
    """Settings of the right types, and no others."""
    kinds = {field.name: str(field.type) for field in fields(Settings)}
    for key, value in table.items():
        if key not in kinds:
            near = difflib.get_close_matches(key, kinds, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"settings: {', '.join(kinds)}"
            raise InvalidArgumentError(f"setting {key!r} is unknown", hint=hint)
        if kinds[key] == "bool":
            _boolean(value, f"setting {key}")
            continue
        whole = kinds[key] == "int"
        right = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not right or not 0 < value < float("inf"):
            what = "a whole number" if whole else "a number"
            raise InvalidArgumentError(
                f"setting {key} = {value!r} is not {what} above zero",
                hint=f"{key} = {getattr(Settings, key)}",
            )
    return Settings(**table)


def _boolean(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidArgumentError(f"{name} = {value!r} is not true or false", hint="true or false")
    return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgumentError(f"{name} is empty, or not text", hint=f"give {name} a value")
    return whole(value.strip(), name)
