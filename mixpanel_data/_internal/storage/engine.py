"""StorageEngine: one DuckDB database, its tables, queries and life."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import date
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage import export, metadata, output, spool
from mixpanel_data._internal.storage.copying import Rewritten, as_given
from mixpanel_data._internal.storage.destination import Destination
from mixpanel_data._internal.storage.errors import file_failed
from mixpanel_data._internal.storage.flat import catalog, changes
from mixpanel_data._internal.storage.flat.table import FlatTable
from mixpanel_data._internal.storage.ingest import FLAT_COLUMNS, Flat, TableInTheMaking
from mixpanel_data._internal.storage.looks.source import Relation, Source, snapshot
from mixpanel_data._internal.storage.session import Params, Session
from mixpanel_data.exceptions import (
    DatabaseNotFoundError,
    InvalidArgumentError,
    QueryError,
    TableExistsError,
    TableNotFoundError,
    near,
)
from mixpanel_data.queries import Excerpt
from mixpanel_data.types import (
    ColumnInfo,
    ExportResult,
    FileFormat,
    Format,
    PropertyInfo,
    SqlExplanation,
    TableInfo,
    TableMetadata,
    TableSchema,
    TableType,
    Writable,
    WriteResult,
)

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from mixpanel_data._internal.storage.acceleration import Acceleration

T = TypeVar("T")
Mode = Literal["create", "append", "replace"]

_BATCH = 10_000
_DESCRIPTIONS = {
    "event_name": "name of the event",
    "event_time": "when it occurred, UTC",
    "distinct_id": "user",
    "insert_id": "$insert_id, which tells copies of an event",
    "last_seen": "$last_seen: last update of the profile, UTC",
    "properties": "all properties as JSON: properties->>'$.name'",
}


class StorageEngine:
    """A DuckDB database in a file, or in memory when `path` is None.

    Any thread may call it; statements run one at a time. Ctrl-C interrupts the running one.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = None if path is None else Path(path)
        self._temporary: Path | None = None
        if self._path is not None:
            _make_home(self._path.parent)
        self._session = Session.open(self._path)

    @classmethod
    def ephemeral(cls) -> StorageEngine:
        """A database in a temporary folder, deleted by `cleanup`; it may outgrow the memory."""
        folder = Path(tempfile.mkdtemp(prefix="mixpanel-data-"))
        engine = cls(folder / "ephemeral.duckdb")
        engine._temporary = folder
        return engine

    @classmethod
    def open_existing(cls, path: Path) -> StorageEngine:
        """A database that must be there already."""
        if not Path(path).is_file():
            raise DatabaseNotFoundError(Path(path))
        return cls(path)

    # -- tables ---------------------------------------------------------------------------------

    @contextmanager
    def new_table(
        self,
        name: str,
        facts: TableMetadata,
        *,
        mode: Mode = "create",
        legacy_zone: str | None = None,
        deduplicate: bool = False,
        flat: bool | None = None,
        flat_columns: int = FLAT_COLUMNS,
    ) -> Iterator[TableInTheMaking]:
        """A table to fill within the block: there as a whole after it, or not at all.

        "replace" puts it in the place of the one that is there; "append" goes on with that one,
        without the days of `facts`, which come again as a whole. `flat` False leaves out the flat
        table; None makes one, but for an append to a table that has none.
        """
        if mode == "create":
            self.check_new(name)
        becomes = self._flat_to_be(name, mode, flat)
        session = self._session.sibling()
        try:
            table = TableInTheMaking(
                session,
                name,
                facts,
                legacy_zone=legacy_zone,
                deduplicate=deduplicate,
                flat=becomes,
                flat_columns=flat_columns,
            )
            try:
                if mode == "append":
                    table.reopen(*_days(facts))
                elif self.table_exists(name):
                    table.replace(self._find(name)[1])
                else:
                    table.create()
                yield table
                table.commit()
            except BaseException:
                table.rollback()
                raise
        finally:
            session.close()

    def _flat_to_be(self, name: str, mode: Mode, wanted: bool | None) -> Flat:
        ours, in_step = self._companions().get(name.lower(), (None, False))
        if wanted is None:
            wanted = mode != "append" or ours is not None
        if not wanted:
            return "none"
        if ours is None and self.table_exists(catalog.flat_name(name)):
            raise TableExistsError(
                catalog.flat_name(name),
                hint=f"it is in the place of the flat table of {name!r}: drop it, or fetch --no-flat",
            )
        return "follow" if mode == "append" and in_step else "build"

    def flatten(self, name: str, *, flat_columns: int = FLAT_COLUMNS) -> list[PropertyInfo]:
        """Build the flat table of a fetched table from its JSON; what it holds."""
        facts = self.get_metadata(name)
        name = self._find(name)[0]
        self._flat_to_be(name, "replace", True)

        def work(connection: duckdb.DuckDBPyConnection) -> list[PropertyInfo]:
            with _transaction(connection):
                return FlatTable(connection, name, facts.type, limit=flat_columns).build()

        session = self._session.sibling()
        try:
            return session.run(work)
        finally:
            session.close()

    def flat_of(self, table: str) -> str | None:
        """The flat table of a table, where there is one and it is in step."""
        flat, in_step = self._companions().get(table.lower(), (None, False))
        return flat if in_step else None

    def properties(self, table: str) -> list[PropertyInfo]:
        """The properties of a table that has a flat one: columns in order, then the rest by use."""
        return self._session.run(lambda connection: catalog.read(connection, table))

    def properties_of(self, table: str, event: str) -> list[str]:
        """Names of the properties that an event carries in this table, sorted."""
        table = self._find(table)[0]
        if self.flat_of(table) is None:
            raise InvalidArgumentError(
                f"table {table!r} has no flat table that is up to date", hint=f"mp flatten {table}"
            )
        known = self.properties(table)
        found = sorted(info.property for info in known if event in info.events)
        if not found:
            events = {name for info in known for name in info.events}
            raise InvalidArgumentError(
                f"table {table!r} has no event {event!r}", hint=near(event, events)
            )
        return found

    def _companions(self) -> dict[str, tuple[str, bool]]:
        return self._session.run(catalog.companions)

    def create_events_table(
        self, name: str, data: Iterator[dict[str, Any]], metadata: TableMetadata
    ) -> int:
        """Store events as `export_events` gives them; the number of rows."""
        return self._create(name, data, metadata, "events")

    def create_profiles_table(
        self, name: str, data: Iterator[dict[str, Any]], metadata: TableMetadata
    ) -> int:
        """Store profiles as `export_profiles` gives them; the number of rows, one per user."""
        return self._create(name, data, metadata, "profiles")

    def _create(
        self, name: str, data: Iterator[dict[str, Any]], facts: TableMetadata, kind: TableType
    ) -> int:
        if facts.type != kind:
            raise InvalidArgumentError(f"metadata of {facts.type} can't describe {kind}")
        with self.temporary() as folder, self.new_table(name, facts) as table:
            for batch in _batches(data):
                table.add(_written(batch, folder / "batch.json", kind))
        return table.rows

    def check_new(self, name: str) -> None:
        """Raise unless a table of this name can be made."""
        if not name or name.startswith("_"):
            raise InvalidArgumentError(
                f"a table can't be named {name!r}",
                hint="names must not be empty; those that start with _ are ours",
            )
        if self.table_exists(name):
            raise TableExistsError(name)

    def drop_table(self, name: str) -> None:
        """Drop a table or view, and all that goes with it, together."""
        name, kind = self._find(name)

        def work(connection: duckdb.DuckDBPyConnection) -> None:
            known = metadata.exists(connection)
            flats = catalog.companions(connection)
            with _transaction(connection):
                connection.execute(f"DROP {kind} main.{quote(name)}")
                if flat := flats.get(name.lower()):
                    connection.execute(f"DROP TABLE main.{quote(flat[0])}")
                    catalog.delete(connection, name)
                for table, (flat_name, _) in flats.items():
                    if flat_name == name:
                        catalog.delete(connection, table)
                if known:
                    metadata.delete(connection, name)

        self._session.run(work)

    def table_exists(self, name: str) -> bool:
        """Whether a table or view of this name is there; case does not matter."""
        return name.lower() in {known.lower() for known, _ in self._relations()}

    def _relations(self) -> list[tuple[str, Relation]]:
        """Names and kinds of all tables and views but ours, by name."""
        rows = self.execute_rows(
            "SELECT table_name, table_type FROM information_schema.tables "
            "WHERE table_catalog = current_database() AND table_schema = 'main' "
            "AND NOT starts_with(table_name, '_') ORDER BY lower(table_name)"
        )
        return [(name, "VIEW" if kind == "VIEW" else "TABLE") for name, kind in rows]

    def _find(self, name: str) -> tuple[str, Relation]:
        """A relation as it is really spelled, and its kind."""
        relations = self._relations()
        for known, kind in relations:
            if known.lower() == name.lower():
                return known, kind
        raise TableNotFoundError(name, [known for known, _ in relations])

    # -- queries --------------------------------------------------------------------------------

    def execute(self, sql: str, params: Params = None) -> duckdb.DuckDBPyRelation:
        """Run SQL; a query gives a relation that has not been read yet."""

        def work(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
            return _some(connection.sql(changes.noted(connection, sql), params=params))

        return self._session.run(work)

    def execute_df(
        self, sql: str, params: Params = None, *, accelerate: bool = False
    ) -> pd.DataFrame:
        """Run SQL; all rows as a DataFrame."""
        return self._run(sql, params, lambda result: result.df(), accelerate=accelerate)

    def execute_scalar(self, sql: str, params: Params = None, *, accelerate: bool = False) -> Any:
        """Run SQL; the first value of the first row, None when there is no row."""
        rows = self.execute_rows(sql, params, accelerate=accelerate)
        return rows[0][0] if rows else None

    def execute_rows(
        self, sql: str, params: Params = None, *, accelerate: bool = False
    ) -> list[tuple[Any, ...]]:
        """Run SQL; all rows. With `accelerate`, flat tables answer where that is the same."""
        return self._run(sql, params, lambda result: result.fetchall(), accelerate=accelerate)

    def _run(
        self,
        sql: str,
        params: Params,
        read: Callable[[duckdb.DuckDBPyConnection], T],
        *,
        accelerate: bool,
    ) -> T:
        def work(connection: duckdb.DuckDBPyConnection) -> T:
            def run(statement: str) -> T:
                return read(_some(connection.execute(statement, params)))

            last = changes.noted(connection, sql)
            if accelerate:
                return self._acceleration.run(connection, last, params, run)
            return run(last)

        return self._session.run(work)

    def write(
        self,
        sql: str,
        file: Writable,
        *,
        format: Format,  # noqa: A002
        params: Params = None,
        excerpt: Excerpt | None = None,
        accelerate: bool = False,
    ) -> WriteResult:
        """Run SQL and write its rows, or an excerpt of them, to `file` as text, in flat memory."""
        return output.write(
            self._session,
            sql,
            params,
            file,
            format,
            excerpt or Excerpt(),
            self._rewritten(accelerate),
        )

    def explain(self, sql: str, params: Params = None) -> SqlExplanation:
        """What is run for a query, and why."""
        plan = self._session.run(
            lambda connection: self._acceleration.explain(connection, sql, params)
        )
        return SqlExplanation(
            query=sql, runs=plan.sql or sql, tables=plan.tables, reasons=plan.reasons
        )

    @cached_property
    def _acceleration(self) -> Acceleration:
        from mixpanel_data._internal.storage.acceleration import Acceleration

        return Acceleration()

    def export(
        self,
        what: str,
        path: str | Path,
        *,
        format: FileFormat | None = None,  # noqa: A002
        overwrite: bool = False,
        excerpt: Excerpt | None = None,
        accelerate: bool = False,
    ) -> ExportResult:
        """Write a table, a view or the rows of a query to a file: all of it, or nothing."""
        destination = Destination.of(path, format)
        if self._path is not None and destination.path == self._path.resolve():
            raise InvalidArgumentError(f"{path} is the database itself")
        return export.export(
            self._session,
            self._query(what),
            destination,
            excerpt or Excerpt(),
            overwrite=overwrite,
            rewritten=self._rewritten(accelerate),
        )

    def _rewritten(self, accelerate: bool) -> Rewritten:
        return self._acceleration.rewritten if accelerate else as_given

    def _query(self, what: str) -> str:
        """Any name of a table or view means that; another single word is a slip, not SQL."""
        known = {name.lower(): name for name, _ in self._relations()}
        if what.lower() in known:
            return f"FROM main.{quote(known[what.lower()])}"
        if re.fullmatch(r"\w+", what):
            raise TableNotFoundError(what, known.values())
        return what

    # -- introspection --------------------------------------------------------------------------

    def list_tables(self) -> list[TableInfo]:
        """All tables and views but flat ones, with their exact number of rows, by name."""
        facts = self._session.run(metadata.read)
        flats = self._companions()
        relations = self._relations()
        beside = {flats[name.lower()][0] for name, _ in relations if name.lower() in flats}
        return [
            self._info(name, kind, facts.get(name.lower()), flats.get(name.lower()))
            for name, kind in relations
            if name not in beside
        ]

    def _info(
        self,
        name: str,
        kind: str,
        facts: TableMetadata | None,
        companion: tuple[str, bool] | None = None,
    ) -> TableInfo:
        rows = self.execute_scalar(f"SELECT count(*) FROM main.{quote(name)}")
        if facts is None:
            return TableInfo(name=name, type="view" if kind == "VIEW" else "table", rows=rows)
        return TableInfo(
            name=name,
            type=facts.type,
            rows=rows,
            from_date=facts.from_date,
            to_date=facts.to_date,
            fetched_at=facts.fetched_at,
            source=facts.source,
            flat=companion[0] if companion and companion[1] else None,
        )

    def get_schema(self, table: str) -> TableSchema:
        """The columns of a table or view, in order."""
        table, kind = self._find(table)
        flats = self._companions()
        facts = self._session.run(metadata.read).get(table.lower())
        info = self._info(table, kind, facts, flats.get(table.lower()))
        described = self._descriptions(info, flats)
        columns = self.execute_rows(f"DESCRIBE main.{quote(table)}")
        return TableSchema(
            table=info.name,
            type=info.type,
            rows=info.rows,
            columns=tuple(
                ColumnInfo(name, column, described.get(name)) for name, column, *_ in columns
            ),
            flat=info.flat,
            properties=tuple(self.properties(table)) if info.flat else (),
        )

    def _descriptions(
        self, info: TableInfo, flats: Mapping[str, tuple[str, bool]]
    ) -> Mapping[str, str]:
        """What the columns of our own tables hold."""
        of = next((table for table, (flat, _) in flats.items() if flat == info.name), None)
        if of is not None:
            named = {
                found.column: f"property {found.property}, in {found.rows:,} rows"
                for found in self.properties(of)
                if found.column
            }
            return {**named, **_DESCRIPTIONS}
        return _DESCRIPTIONS if info.type in {"events", "profiles"} else {}

    def get_metadata(self, table: str) -> TableMetadata:
        """Where a fetched table came from."""
        facts = self._session.run(metadata.read)
        if table.lower() not in facts or not self.table_exists(table):
            raise TableNotFoundError(table, facts)
        return facts[table.lower()]

    def look(self, name: str, how: Callable[[Source], T]) -> T:
        """What `how` makes of a table or view, on one snapshot that it leaves as it was."""
        name, kind = self._find(name)

        def work(connection: duckdb.DuckDBPyConnection) -> T:
            with snapshot(connection):
                return how(Source(connection, name, kind))

        session = self._session.sibling()
        try:
            return session.run(work)
        finally:
            session.close()

    # -- life -----------------------------------------------------------------------------------

    def temporary(self) -> AbstractContextManager[Path]:
        """A folder for downloaded bodies, beside the database, gone after the block."""
        return spool.temporary(self._path)

    @contextmanager
    def job(
        self, question: Mapping[str, Any], *, finished: str | None = None, **facts: Any
    ) -> Iterator[spool.Job]:
        """The spool of a question, found or begun; without a database file it can't be resumed."""
        with ExitStack() as stack:
            if self._path is None:
                home = stack.enter_context(self.temporary())
            else:
                home = spool.home_of(self._path)
            yield stack.enter_context(spool.job(home, question, finished=finished, **facts))

    def find_job(self, question: Mapping[str, Any]) -> spool.Job | None:
        """The spool of a question, to look at."""
        return None if self._path is None else spool.find(spool.home_of(self._path), question)

    def finished_jobs(self) -> set[str]:
        """Ids of the downloads that are in the tables."""
        return {facts.job for facts in self._session.run(metadata.read).values() if facts.job}

    def jobs(self) -> list[spool.Job]:
        """What fetches that did not end have left to be continued, oldest first."""
        return [] if self._path is None else spool.jobs(spool.home_of(self._path))

    @staticmethod
    def body(path: Path) -> AbstractContextManager[spool.Write]:
        """A function that writes a downloaded body."""
        return spool.body(path)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Another connection to this database, for a thread of its own."""
        return self._session.run(lambda connection: connection.cursor())

    def close(self) -> None:
        """Let go of the database; closing twice is fine."""
        self._session.close()
        if "_acceleration" in self.__dict__:
            self._acceleration.close()

    def cleanup(self) -> None:
        """Close, and delete the files of an ephemeral database."""
        self.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection itself, for one thread at a time."""
        return self._session.connection

    @property
    def path(self) -> Path | None:
        """The database file; None in memory."""
        return self._path


def _some(result: T | None) -> T:
    if result is None:
        raise QueryError("there is no SQL statement here")
    return result


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _days(facts: TableMetadata) -> tuple[date, date]:
    return date.fromisoformat(facts.from_date or ""), date.fromisoformat(facts.to_date or "")


def _make_home(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise file_failed(error) from error


def _batches(data: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rows = iter(data)
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _written(batch: list[dict[str, Any]], path: Path, kind: TableType) -> Path:
    """The batch in the shape in which Mixpanel would have sent it."""
    with spool.body(path) as write:
        if kind == "profiles":
            write(json.dumps({"results": batch}).encode())
        else:
            write("".join(json.dumps(event) + "\n" for event in batch).encode())
    return path
