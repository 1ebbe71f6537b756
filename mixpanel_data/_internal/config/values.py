"""What the configuration gives to the rest: frozen values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NoReturn, Self

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
