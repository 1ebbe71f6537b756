"""Answers about tables, their pages, files and SQL."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mixpanel_data.formats import FileFormat
from mixpanel_data.types.answers import Answer, without_empty

if TYPE_CHECKING:
    from mixpanel_data.types.display import View


# -- What the local database holds ----------------------------------------------------------------

TableType = Literal["events", "profiles"]


@dataclass(frozen=True)
class TableMetadata(Answer):
    """Where a table came from: one row of `_metadata`. `job` tells its last download.

    With a `filter_limit` it is a sample: no more events than these were asked for. `row_count` is
    what the last fetch left, and `changed_at` (UTC) when SQL changed the table after that.
    `left_out` is what the fetches were told to leave out: lines that can't be read, counted by day,
    and with None the whole day.
    """

    type: TableType
    fetched_at: datetime
    from_date: str | None = None
    to_date: str | None = None
    filter_events: list[str] | None = None
    filter_where: str | None = None
    source: str = "mixpanel"
    job: str | None = None
    filter_limit: int | None = None
    row_count: int | None = field(default=None, compare=False)
    changed_at: datetime | None = field(default=None, compare=False)
    left_out: dict[str, int | None] = field(default_factory=dict)

    def is_changed(self, rows: int) -> bool:
        """Whether the table, which has `rows` rows now, is not as its last fetch left it.

        Statements that this library runs are noted; what other programs add or delete shows in the
        number of rows, and what they update does not show.
        """
        return self.changed_at is not None or self.row_count not in {None, rows}


@dataclass(frozen=True)
class TableInfo(Answer):
    """A table at a glance; one that SQL made has no dates and no source.

    `flat` names the table beside it that has its properties as typed columns, one row a row.
    `changed` says that it is not as its last fetch left it: its rows were changed by hand.
    `left_out` counts by day the lines that could not be read; None is the whole day.
    """

    name: str
    type: TableType | Literal["table", "view"]
    rows: int
    from_date: str | None = None
    to_date: str | None = None
    fetched_at: datetime | None = None
    source: str | None = None
    flat: str | None = None
    changed: bool = False
    left_out: dict[str, int | None] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Every field by name; `left_out` only where there is any."""
        return without_empty(super().to_dict(), "left_out")


@dataclass(frozen=True)
class TableDetails(Answer):
    """A table, how it was fetched, and roughly how much of the file it takes with its flat table.

    `fetched` is None for what SQL made, `size_bytes` for views and for what is not on disk yet.
    """

    info: TableInfo
    fetched: TableMetadata | None
    size_bytes: int | None


@dataclass(frozen=True)
class ColumnInfo(Answer):
    """A column as DuckDB knows it, and what it holds."""

    name: str
    type: str
    description: str | None = None


@dataclass(frozen=True)
class PropertyInfo(Answer):
    """A property as all rows of a table have it: one row of `_properties`.

    `column` is its name in the flat table and `type` that column's type; both are None when the
    property stays in the JSON alone. `rows` counts the rows that carry it, null included; `kinds`
    counts them by JSON kind (string, integer, number, boolean, null, array, object), `events` by
    event name (empty for profiles). `spelling` tells how the column gives the text of `->>`:
    "cast" (CAST to VARCHAR), "integral" (the same, but whole numbers without a fraction), None
    (it can't).
    """

    property: str
    column: str | None
    type: Literal["BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR", "JSON"] | None
    rows: int
    kinds: dict[str, int]
    events: dict[str, int]
    spelling: Literal["cast", "integral"] | None = None


@dataclass(frozen=True)
class TableSchema(Answer):
    """The columns of a table, in order, and of a fetched one the properties in its JSON.

    Properties are known where there is a flat table: those with a column in its order, then the
    others by use.
    """

    table: str
    type: TableType | Literal["table", "view"]
    rows: int
    columns: tuple[ColumnInfo, ...]
    flat: str | None = None
    properties: tuple[PropertyInfo, ...] = ()
    changed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As for every answer; of a property its column, type and rows alone."""
        brief = [
            {"property": p.property, "column": p.column, "type": p.type, "rows": p.rows}
            for p in self.properties
        ]
        return {**super().to_dict(), "properties": brief}


@dataclass(frozen=True)
class FlattenResult(Answer):
    """A flat table that was built: `columns` properties have one, the others stay in the JSON."""

    table: str
    flat: str
    rows: int
    columns: int
    left_in_json: int
    duration_seconds: float


@dataclass(frozen=True)
class Process(Answer):
    """A process that has a workspace's database open."""

    pid: int
    program: str

    def __str__(self) -> str:
        return f"{self.program} (PID {self.pid})"


@dataclass(frozen=True)
class WorkspaceInfo(Answer):
    """A workspace at a glance; `path` is None when it lives in memory only.

    `owner` is the process that has the database file open; `borrowers` are the others, which use
    it through that one.
    """

    path: Path | None
    size_bytes: int | None
    account: str | None
    project_id: str | None
    region: str | None
    source: str
    tables: tuple[TableInfo, ...]
    owner: Process
    borrowers: tuple[Process, ...] = ()

    def view(self) -> View:
        """As of every answer, but with processes as people write them."""
        plain = super().view()
        who = {"owner": str(self.owner), "borrowers": list(map(str, self.borrowers))}
        return replace(plain, facts={**plain.facts, **who})


# -- Rows of a table, as many as fit on a screen --------------------------------------------------

MAX_PAGE_OFFSET = 10_000
"""Rows that can be paged through in another order than the table's own: all are sorted for each
page, and the deeper it lies, the more of them must be kept."""


@dataclass(frozen=True)
class Page(Answer):
    """Rows of a table from number `start` on, counted from 0, for eyes: plain values, short text.

    Numbers and booleans are themselves, all else is text, and long text ends in "…". `sql` gives
    the same rows, whole. `total` counts the rows that could be paged through, where that costs
    nothing: of a table as it is, or at the last page.
    """

    table: str
    start: int
    columns: tuple[ColumnInfo, ...]
    rows: tuple[tuple[Any, ...], ...]
    has_next: bool
    total: int | None
    sql: str

    def view(self) -> View:
        """What a notebook shows of it."""
        from mixpanel_data.types.display import Table, View

        facts = {"table": self.table, "start": self.start, "total": self.total}
        return View("Page", facts, Table.of([column.name for column in self.columns], self.rows))


# -- What results are written to, how, and what became of it --------------------------------------


class Writable(Protocol):
    """Anything that takes bytes: an open file, a pipe, `sys.stdout.buffer`."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""


@dataclass(frozen=True)
class WriteResult(Answer):
    """What was written; not `complete` where `max_bytes` left rows out."""

    rows: int
    bytes: int
    complete: bool


@dataclass(frozen=True)
class ExportResult(Answer):
    """A file that was written."""

    path: Path
    format: FileFormat
    rows: int
    bytes: int
    duration_seconds: float


# -- What becomes of SQL --------------------------------------------------------------------------


@dataclass(frozen=True)
class AcceleratedTable(Answer):
    """A fetched table in a query, there under `name`, and the properties read from `flat` instead."""

    name: str
    table: str
    flat: str
    properties: tuple[str, ...]


@dataclass(frozen=True)
class SqlExplanation(Answer):
    """What is run for a query: `runs` is the query itself where `tables` is empty.

    `reasons` say why it is, or why other tables in it stay as they are.
    """

    query: str
    runs: str
    tables: tuple[AcceleratedTable, ...]
    reasons: tuple[str, ...]

    def commented(self) -> str:
        """What is run, with comments that say why."""
        told = [f"{t.name}: {', '.join(t.properties)} from {t.flat}" for t in self.tables]
        return "\n".join([self.runs, *(f"-- {note}" for note in (*told, *self.reasons))])
