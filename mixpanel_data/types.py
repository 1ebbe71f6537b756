"""Answers: frozen values that print small, show as HTML in notebooks and serialise.

Times are naive UTC, as in the database; dates are `YYYY-MM-DD`, both ends of a range included.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import Any, Literal, Protocol, Self

TableType = Literal["events", "profiles"]
Format = Literal["json", "jsonl", "csv"]


class Writable(Protocol):
    """Anything that takes bytes: an open file, a pipe, `sys.stdout.buffer`."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""


class Answer:
    """What all answers can do. `to_dict` holds plain JSON values only."""

    def to_dict(self) -> dict[str, Any]:
        """Every field by name; dates and times as ISO 8601 text."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{_cell(value)}</td></tr>"
            for name, value in self.to_dict().items()
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


def _plain(value: Any) -> Any:
    if isinstance(value, Answer):
        return value.to_dict()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _cell(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        head = "".join(f"<th>{escape(key)}</th>" for key in value[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row.values()) + "</tr>"
            for row in value
        )
        return f"<table><tr>{head}</tr>{body}</table>"
    if isinstance(value, list):
        return escape(", ".join(map(str, value)))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else escape(str(value))


class FetchProgress(int):
    """How far a fetch is: the number of rows received so far, and the facts around it.

    `bytes` counts the uncompressed body; a window is one request for some days (for profiles,
    a page); `phase` is "download" until everything is here, then "store".
    """

    bytes: int
    windows_done: int
    windows: int | None
    phase: Literal["download", "store"]

    def __new__(
        cls,
        rows: int,
        *,
        size: int = 0,
        windows_done: int = 0,
        windows: int | None = None,
        phase: Literal["download", "store"] = "download",
    ) -> Self:
        """An int subclass takes its value here."""
        self = super().__new__(cls, rows)
        self.bytes = size
        self.windows_done = windows_done
        self.windows = windows
        self.phase = phase
        return self


@dataclass(frozen=True)
class FetchResult(Answer):
    """What a fetch stored. `source` is "sandbox" where the data is invented.

    `duplicates` are copies that were left out; `replaced` are rows of days fetched again.
    """

    table: str
    rows: int
    type: TableType
    duration_seconds: float
    date_range: tuple[str, str] | None
    fetched_at: datetime
    source: str = "mixpanel"
    duplicates: int = 0
    replaced: int = 0


@dataclass(frozen=True)
class FetchPlan(Answer):
    """What a fetch would cost, before it begins; without dates, there is nothing to fetch.

    A window is one request for some days; `spooled` ones are on this disk already. The quota
    makes the fetch last `wait_seconds` longer than the downloads themselves take.
    """

    table: str
    from_date: str | None
    to_date: str | None
    windows: int
    spooled: int
    requests: int
    quota_per_hour: int
    quota_left: int
    wait_seconds: float


@dataclass(frozen=True)
class FetchStatus(Answer):
    """A fetch that began and did not end: what is in the spool, to be continued.

    `done` and `missing` are stretches of days, as `first..last`.
    """

    table: str
    from_date: str
    to_date: str
    done: tuple[str, ...]
    missing: tuple[str, ...]
    rows: int
    bytes: int
    started_at: str
    running: bool


@dataclass(frozen=True)
class TableMetadata(Answer):
    """Where a table came from: one row of `_metadata`. `job` tells its last download."""

    type: TableType
    fetched_at: datetime
    from_date: str | None = None
    to_date: str | None = None
    filter_events: list[str] | None = None
    filter_where: str | None = None
    source: str = "mixpanel"
    job: str | None = None


@dataclass(frozen=True)
class TableInfo(Answer):
    """A table at a glance; one that SQL made has no dates and no source."""

    name: str
    type: TableType | Literal["table", "view"]
    rows: int
    from_date: str | None = None
    to_date: str | None = None
    fetched_at: datetime | None = None
    source: str | None = None


@dataclass(frozen=True)
class ColumnInfo(Answer):
    """A column as DuckDB knows it, and what it holds."""

    name: str
    type: str
    description: str | None = None


@dataclass(frozen=True)
class TableSchema(Answer):
    """The columns of a table, in order."""

    table: str
    type: TableType | Literal["table", "view"]
    rows: int
    columns: tuple[ColumnInfo, ...]


@dataclass(frozen=True)
class WorkspaceInfo(Answer):
    """A workspace at a glance; `path` is None when it lives in memory only."""

    path: Path | None
    size_bytes: int | None
    account: str | None
    project_id: str | None
    region: str | None
    source: str
    tables: tuple[TableInfo, ...]


@dataclass(frozen=True)
class AccountInfo(Answer):
    """A configured account, without its secret."""

    name: str
    username: str
    project_id: str
    region: str
    is_default: bool = False
    base_url: str | None = None
    timezone: str | None = None
    legacy_time: bool = False
    auth: Literal["service_account", "project_secret"] = "service_account"


@dataclass(frozen=True)
class AccountTest(Answer):
    """What Mixpanel said to credentials; `note` puts a limitation in words."""

    account: str | None
    project_id: str
    region: str
    project_name: str | None
    timezone: str | None
    note: str | None = None
