"""Everything this library raises on purpose.

    MixpanelDataError
    ├── InvalidArgumentError        an invalid argument (also a ValueError)
    │   └── ColumnNotFoundError
    ├── ConfigError                 the configuration file, or half of the settings
    │   ├── AccountNotFoundError
    │   └── AccountExistsError
    ├── AuthenticationError         credentials are missing, or Mixpanel refused them
    ├── QueryError                  SQL, or a request to Mixpanel, failed
    │   ├── ConflictError           another session changed the same at the same time
    │   ├── QueryInterruptedError   another thread had it stopped
    │   └── APIError                what Mixpanel answered, or that it did not
    │       ├── ResourceNotFoundError   404, or a name that Mixpanel does not know
    │       │   └── EndpointRetiredError    404 or 410: Mixpanel has taken the endpoint away
    │       ├── PlanError               402: the plan does not allow it
    │       ├── PermissionDeniedError   403
    │       ├── DateRangeError          403: beyond the plan's history
    │       ├── RateLimitError          429
    │       ├── ConnectionFailedError   no answer, or half of one
    │       └── IncompleteExportError   a 200 whose body is not whole
    ├── TableExistsError
    ├── TableNotFoundError
    ├── ExportExistsError           a file that is not to be written over
    ├── StorageError                the database file, its folder, the disk
    │   ├── DatabaseNotFoundError
    │   └── SessionLostError        the process that had the database open ended
    └── MissingExtraError           an optional part is not installed

Every error has a one-line `message`, an optional `hint` that says what to type or do next, and
its facts as attributes; `to_dict()` is what `mp --format json` prints.
"""

from __future__ import annotations

import difflib
import re
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_SEPARATOR = re.compile(r"->|=>|[;|>→]")
"""What people put between names, where commas are meant."""


class MixpanelDataError(Exception):
    """Base of all errors of this library."""

    hint: str | None = None

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint

    @property
    def message(self) -> str:
        """What is wrong, in one line unless it quotes SQL."""
        return str(self.args[0])

    def to_dict(self) -> dict[str, Any]:
        """Type, message and hint, ready for JSON."""
        return {"type": type(self).__name__, "message": self.message, "hint": self.hint}


class MixpanelDataWarning(UserWarning):
    """Something works, but likely not as meant; the command line prints it as one line."""


class InvalidArgumentError(MixpanelDataError, ValueError):
    """An argument is invalid."""


class ColumnNotFoundError(InvalidArgumentError):
    """A column is asked for that the rows don't have."""

    def __init__(self, column: str, known: Iterable[str] = ()) -> None:
        super().__init__(f"no column named {column!r}")
        self.column = column
        self.known = list(known)
        self.hint = near(column, self.known) or f"columns: {', '.join(self.known)}"


class ConfigError(MixpanelDataError):
    """The configuration can't be read, written or understood."""


class AccountNotFoundError(ConfigError):
    """No account of this name is configured."""

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        super().__init__(f"no account named {name!r}")
        self.name = name
        self.known = sorted(known)
        self.hint = near(name, self.known) or (
            f"configured accounts: {', '.join(self.known)}"
            if self.known
            else f"{command('auth', 'add', name)} --username … --project … --region us"
        )


class AccountExistsError(ConfigError):
    """An account of this name is configured already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"account {name!r} already exists")
        self.name = name
        self.hint = f"{command('auth', 'remove', name)}, or choose another name"


class AuthenticationError(MixpanelDataError):
    """Credentials are missing, incomplete, or refused by Mixpanel."""


class QueryError(MixpanelDataError):
    """SQL failed (the message ends with DuckDB's pointer to the place), or a request did."""


class ConflictError(QueryError):
    """Another session changed the same table at the same time; nothing of this one was kept."""

    hint = "run it again"


class QueryInterruptedError(QueryError):
    """`Workspace.interrupt`, or DuckDB's own interrupt, stopped it; that is no failure."""

    def __init__(self) -> None:
        super().__init__("interrupted")


class APIError(QueryError):
    """Mixpanel refused a request, failed to serve it, or did not answer.

    `status` is the HTTP status, None where no answer came; `endpoint` is the path asked.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        endpoint: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.endpoint = endpoint


class ResourceNotFoundError(APIError):
    """404: the project has no such funnel, report, schema or path."""


class EndpointRetiredError(ResourceNotFoundError):
    """404 or 410: Mixpanel has taken the endpoint away; the hint says what to use instead."""


class PlanError(APIError):
    """402: the credentials are fine, but the project's plan does not allow this, or no Query API."""


class PermissionDeniedError(APIError):
    """403: the account may not read this."""


class DateRangeError(APIError):
    """403: the range starts before the history that the plan keeps, `max_days` days."""

    max_days: int | None = None


class RateLimitError(APIError):
    """429, after the retries that the settings allow.

    `retry_after` is in seconds, None where Mixpanel did not say; `limits` holds the parsed
    RateLimit header: policy name to its fields, such as {"project": {"r": 0, "t": 3600}}.
    """

    retry_after: float | None = None
    limits: dict[str, dict[str, int | str]]

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        limits: dict[str, dict[str, int | str]] | None = None,
        endpoint: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, status=429, endpoint=endpoint, hint=hint)
        self.retry_after = retry_after
        self.limits = limits or {}

    def to_dict(self) -> dict[str, Any]:
        """As for every error, and the seconds to wait."""
        return {**super().to_dict(), "retry_after": self.retry_after}


class ConnectionFailedError(APIError):
    """Mixpanel could not be reached, or the connection broke before the answer was whole."""


class IncompleteExportError(APIError):
    """Mixpanel answered 200, but what came is not all events, or not all profiles.

    `rows` counts the profiles, or the whole lines before the fault, `line` is the number of the line at fault
    (from 1) and `text` its first 200 characters, where a line is to blame; `days` is the day (or the
    days, first..last) whose export it is, where a fetch has several. `repeats` says that the same
    request would give the same.
    """

    def __init__(
        self,
        reason: str,
        *,
        rows: int,
        line: int | None = None,
        text: str | None = None,
        days: str | None = None,
        hint: str | None = None,
    ) -> None:
        of = f" of {days}" if days is not None else ""
        at = f" at line {line}: {text}" if line is not None else ""
        super().__init__(f"incomplete export{of} after {rows:,} rows: {reason}{at}", status=200)
        self.reason = reason
        self.rows = rows
        self.line = line
        self.text = text
        self.days = days
        self.hint = hint or "nothing was stored; run the same fetch again"
        self.repeats = hint is not None

    def of(self, days: object) -> IncompleteExportError:
        """The same of the export of these days."""
        return IncompleteExportError(
            self.reason,
            rows=self.rows,
            line=self.line,
            text=self.text,
            days=str(days),
            hint=self.hint if self.repeats else None,
        )


class TableExistsError(MixpanelDataError):
    """A fetch names a table that is already there."""

    def __init__(self, table: str, *, hint: str | None = None) -> None:
        super().__init__(f"table {table!r} already exists")
        self.table = table
        self.hint = hint or (
            "--append adds days of events, --replace swaps it (append=True, replace=True),"
            f" or drop it first: {command('drop', table)}"
        )


class ExportExistsError(MixpanelDataError):
    """An export names a file that is already there."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is already there")
        self.path = path
        self.hint = "choose another name; --force, or overwrite=True, writes over it"


class TableNotFoundError(MixpanelDataError):
    """No table of this name was fetched into this workspace."""

    def __init__(self, table: str, known: Iterable[str] = ()) -> None:
        super().__init__(f"no table named {table!r}")
        self.table = table
        self.known = sorted(known)
        self.hint = near(table, self.known) or (
            f"tables here: {', '.join(self.known)}"
            if self.known
            else "nothing is fetched yet: mp fetch events --from DATE --to DATE"
        )


class StorageError(MixpanelDataError):
    """The database file, its folder or the disk is unusable."""


class DatabaseNotFoundError(StorageError):
    """A database that should exist does not."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"no database at {path}")
        self.path = path
        self.hint = "mp fetch events --from DATE --to DATE makes one; --db PATH opens another"


class SessionLostError(StorageError):
    """The process that had the database open for this one ended in the middle of something.

    `undone` says that nothing of it was kept, so that it can be done again.
    """

    def __init__(self, message: str, *, hint: str, undone: bool) -> None:
        super().__init__(message, hint=hint)
        self.undone = undone


class MissingExtraError(MixpanelDataError, ImportError):
    """An optional part of the library is not installed."""

    def __init__(self, extra: str, what: str) -> None:
        super().__init__(f"{what} needs the extra {extra!r}, which is not installed")
        self.extra = extra
        self.hint = f"pip install 'mixpanel-data[{extra}]'"


def command(*words: object) -> str:
    """An `mp` command as a shell takes it, for a hint; the faces type it their own way.

    >>> command("properties", "Sign Up")
    "mp properties 'Sign Up'"
    """
    return shell("mp", *words)


def shell(*words: object) -> str:
    """Words as a shell takes them.

    >>> shell("--table", "my events")
    "--table 'my events'"
    """
    import shlex  # which a call without an error need not load

    return shlex.join(map(str, words))


def near(name: str, known: Iterable[str]) -> str | None:
    """Ask whether the most similar of the known names was meant; None when nothing is similar.

    >>> near("purchse", ["Purchase", "Sign Up"])
    "did you mean 'Purchase'?"
    >>> near("sign up; Purchase", ["Purchase", "Sign Up"])
    "a comma separates names; did you mean 'Sign Up,Purchase'?"
    """
    folded = {it.casefold(): it for it in known}
    parts = [part.strip().casefold() for part in _SEPARATOR.split(name)]
    if len(parts) > 1 and folded.keys() >= set(parts) and "," not in "".join(parts):
        names = ",".join(folded[part] for part in parts)
        return f"a comma separates names; did you mean {names!r}?"
    match = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"did you mean {folded[match[0]]!r}?" if match else None


class Listener(NamedTuple):
    """Who hears the warnings of a call; not `aloud`, nobody else does."""

    tell: Callable[[str], None]
    aloud: bool


_listeners: ContextVar[tuple[Listener, ...]] = ContextVar("listeners", default=())


@contextmanager
def listening(listener: Callable[[str], None], *, aloud: bool = True) -> Iterator[None]:
    """Within the block, on this thread, give the listener the text of each warning.

    It is issued as a Python warning as well, unless `aloud` is False.
    """
    token = _listeners.set((*_listeners.get(), Listener(listener, aloud)))
    try:
        yield
    finally:
        _listeners.reset(token)


def warn(message: str) -> None:
    """Warn at the line that called the library: said once there, not once for all callers."""
    listeners = _listeners.get()
    for listener in listeners:
        listener.tell(message)
    if not all(listener.aloud for listener in listeners):
        return
    import inspect  # which a call without warnings need not load

    package = f"{__name__.partition('.')[0]}."
    frame, level = inspect.currentframe(), 1
    while frame is not None and f"{frame.f_globals.get('__name__')}.".startswith(package):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, MixpanelDataWarning, stacklevel=level)
