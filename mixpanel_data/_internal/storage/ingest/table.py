"""Spooled bodies → a table, in bulk and by DuckDB alone: Python touches no event here."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from mixpanel_data._internal.lines import whole_characters
from mixpanel_data._internal.sql import literal, quote
from mixpanel_data._internal.storage import inventory, metadata
from mixpanel_data._internal.storage.errors import NEEDS_MORE
from mixpanel_data._internal.storage.flat.table import FlatTable
from mixpanel_data._internal.storage.ingest import dedupe
from mixpanel_data._internal.storage.ingest.repair import repair_body
from mixpanel_data._internal.storage.session import Session
from mixpanel_data._internal.storage.sharing import Connection, errors
from mixpanel_data.exceptions import IncompleteExportError, QueryError, SessionLostError
from mixpanel_data.types import TableMetadata, TableType

FLAT_COLUMNS = 500
"""Properties that get a column: each costs about 50 ns a row, whether it is there or not."""

LONGEST_LINE = 16 << 20
"""Bytes of a line that DuckDB reads unless told; more cost each of its threads more memory."""

# ZSTD halves the JSON of events; a global force_compression would slow the other columns.
_ZSTD = "USING COMPRESSION zstd"

_COLUMNS: dict[TableType, str] = {
    "events": """
        event_name VARCHAR,
        event_time TIMESTAMP,
        distinct_id VARCHAR,
        insert_id VARCHAR,
        properties JSON {compression}
    """,
    "profiles": """
        distinct_id VARCHAR,
        properties JSON {compression},
        last_seen TIMESTAMP
    """,
}

# A line that is no event becomes a row without a name: an error would end the transaction.
_EVENTS = """
    INSERT INTO {table}
    SELECT
        CASE WHEN starts_with(properties, '{{') THEN event END,
        {time},
        keys[2],
        keys[3],
        properties
    FROM (
        SELECT
            event,
            properties,
            json_extract_string(properties, ['$.time', '$.distinct_id', '$."$insert_id"']) AS keys
        FROM read_json(
            {path},
            format = 'newline_delimited',
            columns = {{event: 'VARCHAR', properties: 'JSON'}},
            ignore_errors = true,
            maximum_object_size = {longest}
        )
    )
"""

# `time` is in milliseconds, or in seconds where a server ignored time_in_ms: 1e11 parts them
# until the year 5138.
_MICROSECONDS = """(
            TRY_CAST(keys[1] AS DOUBLE)
            * CASE WHEN abs(TRY_CAST(keys[1] AS DOUBLE)) > 1e11 THEN 1e3 ELSE 1e6 END
        )"""

# A timestamp ends some days past 9.22e18, and a time zone may take it there.
_TIME = f"""CASE WHEN abs({_MICROSECONDS}) < 9.2e18
            THEN make_timestamp(CAST(round({_MICROSECONDS}) AS BIGINT)) END"""

# A time without an offset is UTC, as the session is; a number is epoch seconds, as of an event.
_PROFILES = """
    INSERT INTO {table}
    SELECT
        profile ->> '$."$distinct_id"',
        properties,
        coalesce(
            CASE WHEN regexp_matches(keys[1], '^\\s*\\d')
            THEN TRY_CAST(keys[1] AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END,
            {time}
        )
    FROM (
        SELECT
            profile,
            coalesce(profile -> '$."$properties"', '{{}}'::JSON) AS properties,
            json_extract_string(properties, ['$."$last_seen"']) AS keys
        FROM (
            SELECT unnest(results) AS profile
            FROM read_json(
                {path},
                format = 'unstructured',
                columns = {{results: 'JSON[]'}},
                maximum_object_size = {size}
            )
        )
    )
"""

_NULLS: dict[TableType, tuple[tuple[str, ...], str]] = {
    "events": (
        ("event_time",),
        "SELECT count(*) FROM {table} WHERE rowid > {after} AND event_time IS NULL",
    ),
    "profiles": (
        ("distinct_id", "last_seen"),
        """
    SELECT
        count(*) FILTER (distinct_id IS NULL),
        count(*) FILTER (last_seen IS NULL AND properties ->> '$."$last_seen"' IS NOT NULL)
    FROM {table}
    WHERE distinct_id IS NULL OR last_seen IS NULL
        """,
    ),
}
"""Columns that may be NULL in what comes, and how often they are."""


Flat = Literal["build", "follow", "none"]
"""What becomes of the flat table: made anew, kept in step with what comes, or gone."""


class TableWriter:
    """A table inside an open transaction: it appears whole on commit, or not at all.

    A line of a body has at most `longest_line` bytes.
    `flat` says what becomes of its flat table, of at most `flat_columns` properties. `legacy_zone`
    is the zone of a project from before 2023, whose exports carry the wall clock of that zone as if
    it were UTC (contract, section 3.3). `nulls` counts, once it is made, the new rows whose id or
    time is missing or unreadable, by column.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        facts: TableMetadata,
        *,
        legacy_zone: str | None = None,
        deduplicate: bool = True,
        flat: Flat = "none",
        flat_columns: int = FLAT_COLUMNS,
        longest_line: int = LONGEST_LINE,
    ) -> None:
        self.facts = facts
        self.rows = 0
        self.duplicates = 0
        self.replaced = 0
        self.nulls: dict[str, int] = {}
        self.left_out: dict[str, int | None] = {}
        self._session = session
        self._name = name
        self._table = f"main.{quote(name)}"
        self._zone = legacy_zone
        self._time = _in_utc(legacy_zone, _TIME)
        self._deduplicate = deduplicate
        self._longest = max(longest_line, LONGEST_LINE)
        self._becomes = flat
        self._flat = FlatTable(session.connection, name, facts.type, limit=flat_columns)
        self._before: int | None = None
        self._reopened = ""
        self.is_aborted = False
        self._is_over = False
        self._execute("BEGIN")

    def create(self) -> None:
        """Begin with an empty table."""
        compression = _ZSTD if self._session.run(inventory.has_zstd) else ""
        columns = _COLUMNS[self.facts.type].format(compression=compression)
        self._execute(f"CREATE TABLE {self._table} ({columns})")

    def replace(self, kind: str) -> None:
        """Begin anew: the table (or view, says `kind`) of this name goes when this one appears."""
        self._execute(f"DROP {kind} {self._table}")
        self.create()

    def reopen(self, first: date, last: date) -> None:
        """Begin with the table that is there, without the days first..last of its exports."""
        start, end = (
            _in_utc(self._zone, f"TIMESTAMP {literal(str(day))}")
            for day in (first, last + timedelta(days=1))
        )
        condition = f"event_time >= {start} AND event_time < {end}"
        if self._becomes == "follow":
            self._session.run(lambda _: self._flat.remove(condition))
        self.replaced = self._count(f"DELETE FROM {self._table} WHERE {condition}")
        self._before = self._last_row()
        self._reopened = condition

    def add(self, body: Path, *, skipped_of: str | None = None) -> int:
        """Take in one body as Mixpanel sent it: an NDJSON export, or a page of profiles.

        An export with a line that is no event raises IncompleteExportError and adds nothing, or
        with a day as `skipped_of`, the line is left out and counted there. All copies of an event
        must be in one body: they are, since a body has whole days.
        """
        if body.stat().st_size == 0:
            return 0
        if self.facts.type == "events":
            rows = self._add_events(body, skipped_of)
        else:
            rows = self._add_profiles(body)
        self.rows += rows
        return rows

    def _add_events(self, body: Path, skipped_of: str | None) -> int:
        after = self._last_row()
        rows = self._read_events(body)
        if self._refused(after):
            self._execute(f"DELETE FROM {self._table} WHERE rowid > {after}")
            rows = self._read_repaired(body, after, skipped_of)
        copies = self._delete_copies(after) if self._deduplicate else 0
        self.duplicates += copies
        return rows - copies

    def _refused(self, after: int) -> int:
        return self._count(
            f"SELECT count(*) FROM {self._table} WHERE rowid > {after} AND event_name IS NULL"
        )

    def _delete_copies(self, after: int) -> int:
        if not self._count(dedupe.candidates(self._table, after)):
            return 0
        return self._delete(dedupe.events(self._table, after))

    def _delete_strays(self, before: int) -> None:
        """Delete the old copies of new rows that are in none of the reopened days."""
        is_stray = f"rowid > {before} AND ({self._reopened}) IS NOT true"
        if not self._count(f"SELECT count(*) FROM {self._table} WHERE {is_stray}"):
            return
        copies = self._delete(
            dedupe.strays(self._table, before, self._reopened, by_key=self._deduplicate)
        )
        self.replaced += copies
        if copies and self._becomes == "follow":
            self._becomes = "build"

    def _read_repaired(self, body: Path, after: int, skipped_of: str | None) -> int:
        strict = body.with_name(body.name + ".repaired")
        try:
            rows, skipped = repair_body(body, strict, skip=skipped_of is not None)
            read = self._read_events(strict)
        finally:
            strict.unlink(missing_ok=True)
        if read == rows and not self._refused(after):
            if skipped_of is not None and skipped:
                self.left_out[skipped_of] = skipped
            return rows
        self._execute(f"DELETE FROM {self._table} WHERE rowid > {after}")
        raise IncompleteExportError("DuckDB can't read a line of it", rows=0)

    def _read_events(self, body: Path) -> int:
        statement = _EVENTS.format(
            table=self._table,
            time=self._time,
            path=literal(str(body)),
            longest=self._longest,
        )
        try:
            return self._count(statement)
        except QueryError as error:
            if type(error) is not QueryError or error.message.startswith(NEEDS_MORE):
                raise
            self.is_aborted = True
            reason = error.message.splitlines()[0]
            raise IncompleteExportError(f"DuckDB can't read it: {reason}", rows=0) from error

    def _add_profiles(self, body: Path) -> int:
        page = body.read_bytes()
        whole = whole_characters(page)
        if whole != page:
            body.write_bytes(whole)
        return self._count(
            _PROFILES.format(
                table=self._table,
                time=_TIME,
                path=literal(str(body)),
                size=max(2 * len(whole), 1 << 20),
            )
        )

    def commit(self) -> int:
        """Make the table and all that goes with it visible together; the number of rows added."""
        if self.facts.type == "profiles":
            self.duplicates = self._delete(dedupe.profiles(self._table))
            self.rows -= self.duplicates
        if self._before is not None:
            self._delete_strays(self._before)
        columns, counts = _NULLS[self.facts.type]
        after = -1 if self._before is None else self._before
        found = self._row(counts.format(table=self._table, after=after))
        self.nulls = {column: count for column, count in zip(columns, found, strict=True) if count}
        self._session.run(lambda _: self._accompany())
        in_all = self._count(f"SELECT count(*) FROM {self._table}")
        self._session.run(
            lambda connection: metadata.write(connection, self._name, self.facts, in_all)
        )
        if self._before is not None:
            # Daily appends would leave ever more small row groups: some are merged each time.
            self._execute("SET GLOBAL max_vacuum_tasks = 1")
        self._commit()
        return self.rows

    def _commit(self) -> None:
        """Who loses the database during a COMMIT asks the next owner whether it was done."""
        self._is_over = True
        try:
            self._execute("COMMIT")
        except SessionLostError as lost:
            if lost.undone or self.facts.job is None:
                raise
            stored = self._session.run(metadata.read).get(self._name.lower())
            if stored is None or stored.job != self.facts.job:
                raise errors.session_lost("transaction") from lost

    def _accompany(self) -> None:
        if self._becomes == "follow" and self._before is not None:
            self._flat.catch_up(self._before)
        elif self._becomes == "build":
            self._flat.build()
        else:
            self._flat.drop()

    def rollback(self) -> None:
        """Leave the database as it was."""
        if not self._is_over:
            self._execute("ROLLBACK")

    def _last_row(self) -> int:
        return self._count(f"SELECT coalesce(max(rowid), -1) FROM {self._table}")

    def _delete(self, rowids: str) -> int:
        return self._count(f"DELETE FROM {self._table} WHERE rowid IN ({rowids})")

    def _execute(self, statement: str) -> None:
        self._session.run(lambda connection: connection.execute(statement))

    def _count(self, statement: str) -> int:
        return next(iter(self._row(statement)), 0)

    def _row(self, statement: str) -> tuple[int, ...]:
        def work(connection: Connection) -> tuple[int, ...]:
            return tuple(map(int, connection.execute(statement).fetchone() or ()))

        return self._session.run(work)


def _in_utc(zone: str | None, timestamp: str) -> str:
    """A wall clock of `zone` in UTC; None is UTC already."""
    if zone is None:
        return timestamp
    return f"timezone({literal(zone)}, {timestamp}) AT TIME ZONE 'UTC'"
