"""StorageEngine: one DuckDB database, its tables, queries and life."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import date
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage import export, inventory, metadata, output, spool
from mixpanel_data._internal.storage.copying import Rewritten, as_given
from mixpanel_data._internal.storage.destination import Destination
from mixpanel_data._internal.storage.errors import file_failed
from mixpanel_data._internal.storage.flat import catalog, changes
from mixpanel_data._internal.storage.flat.table import FlatTable
from mixpanel_data._internal.storage.ingest import FLAT_COLUMNS, Flat, TableInTheMaking
from mixpanel_data._internal.storage.looks.source import Relation, Source
from mixpanel_data._internal.storage.result import SqlResult
from mixpanel_data._internal.storage.session import Params, Progress, Session, source
from mixpanel_data._internal.storage.sharing import Connection, Frames
from mixpanel_data._internal.storage.transactions import snapshot, transaction
from mixpanel_data.exceptions import (
    DatabaseNotFoundError,
    InvalidArgumentError,
    TableExistsError,
    TableNotFoundError,
)
from mixpanel_data.queries import Excerpt
from mixpanel_data.types import (
    ExportResult,
    FileFormat,
    Format,
    Process,
    PropertyInfo,
    SqlExplanation,
    TableDetails,
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
    from mixpanel_data._internal.storage.acceleration.planning import Plan

T = TypeVar("T")
Mode = Literal["create", "append", "replace"]

_BATCH = 10_000


class StorageEngine:
    """A DuckDB database in a file, or in memory when `path` is None.

    Any thread may call it; statements run one at a time. Ctrl-C interrupts the running one. Other
    processes may have the file open at the same time, unless it is `private`.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        private: bool = False,
        _beside: Session | None = None,
        _temporary: Path | None = None,
    ) -> None:
        self._path = None if path is None else Path(path)
        self._temporary = _temporary
        if _beside is not None:
            self._source = _beside.source
            self._source.use()
        else:
            if self._path is not None:
                _make_home(self._path.parent)
            self._source = source(self._path, private=private)
        # The garbage collector works in any thread, and this may wait for some of them.
        self._forgotten = weakref.finalize(self, _in_a_thread_of_its_own, self._source.detach)
        self._forgotten.atexit = False
        try:
            self._session = _beside.sibling() if _beside else Session(self._source)
        except BaseException:
            self._release()
            raise

    @classmethod
    def ephemeral(cls) -> StorageEngine:
        """A database in a temporary folder, deleted by `cleanup`; it may outgrow the memory."""
        folder = Path(tempfile.mkdtemp(prefix="mixpanel-data-"))
        return cls(folder / "ephemeral.duckdb", private=True, _temporary=folder)

    @classmethod
    def open_existing(cls, path: Path) -> StorageEngine:
        """A database that must be there already."""
        if not Path(path).is_file():
            raise DatabaseNotFoundError(Path(path))
        return cls(path)

    def sibling(self) -> StorageEngine:
        """The same database on a connection of its own; each is closed for itself."""
        return StorageEngine(self._path, _beside=self._session, _temporary=self._temporary)

    def _release(self) -> None:
        if self._forgotten.detach():
            self._source.detach()

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
        with self._session.aside() as session:
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

        def work(connection: Connection) -> list[PropertyInfo]:
            with transaction(connection):
                return FlatTable(connection, name, facts.type, limit=flat_columns).build()

        with self._session.aside() as session:
            return session.run_whole(work)

    def flat_of(self, table: str) -> str | None:
        """The flat table of a table, where there is one and it is in step."""
        flat, in_step = self._companions().get(table.lower(), (None, False))
        return flat if in_step else None

    def properties(self, table: str) -> list[PropertyInfo]:
        """The properties of a table that has a flat one: columns in order, then the rest by use."""
        return self._session.run(lambda connection: catalog.read(connection, table))

    def properties_of(self, table: str, event: str) -> list[str]:
        """Names of the properties that an event carries in this table, sorted."""
        return self._session.run_whole(
            lambda connection: inventory.properties_of(connection, table, event)
        )

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

        def work(connection: Connection) -> None:
            with transaction(connection):
                known = metadata.exists(connection)
                flats = catalog.companions(connection)
                found, kind = inventory.find(connection, name)
                connection.execute(f"DROP {kind} main.{quote(found)}")
                if flat := flats.get(found.lower()):
                    connection.execute(f"DROP TABLE main.{quote(flat[0])}")
                    catalog.delete(connection, found)
                for table, (flat_name, _) in flats.items():
                    if flat_name == found:
                        catalog.delete(connection, table)
                if known:
                    metadata.delete(connection, found)

        self._session.run_whole(work)

    def table_exists(self, name: str) -> bool:
        """Whether a table or view of this name is there; case does not matter."""
        return self._session.run(lambda connection: inventory.exists(connection, name))

    def _find(self, name: str) -> tuple[str, Relation]:
        return self._session.run(lambda connection: inventory.find(connection, name))

    # -- queries --------------------------------------------------------------------------------

    def execute(self, sql: str, params: Params = None) -> duckdb.DuckDBPyRelation:
        """Run SQL; a query gives a relation that has not been read yet."""

        def work(connection: Connection) -> duckdb.DuckDBPyRelation:
            return connection.sql(changes.noted(connection, sql), params)

        return self._session.run(work)

    def execute_df(
        self,
        sql: str,
        params: Params = None,
        *,
        frames: Frames | None = None,
        progress: Progress | None = None,
        accelerate: bool = False,
    ) -> pd.DataFrame:
        """Run SQL; all rows as a DataFrame."""
        return self._run(
            sql,
            params,
            lambda done: done.df(),
            frames=frames,
            progress=progress,
            accelerate=accelerate,
        )

    def execute_scalar(
        self,
        sql: str,
        params: Params = None,
        *,
        frames: Frames | None = None,
        accelerate: bool = False,
    ) -> Any:
        """Run SQL; the first value of the first row, None when there is no row."""
        rows = self.execute_rows(sql, params, frames=frames, accelerate=accelerate)
        return rows[0][0] if rows else None

    def execute_rows(
        self,
        sql: str,
        params: Params = None,
        *,
        frames: Frames | None = None,
        accelerate: bool = False,
    ) -> list[tuple[Any, ...]]:
        """Run SQL; all rows. With `accelerate`, flat tables answer where that is the same."""
        return self._run(
            sql, params, lambda done: done.fetchall(), frames=frames, accelerate=accelerate
        )

    def result(
        self,
        sql: str,
        params: Params = None,
        *,
        most: int | None = None,
        frames: Frames | None = None,
        progress: Progress | None = None,
        accelerate: bool = False,
    ) -> SqlResult:
        """Run SQL once and keep its rows, the first `most` of them."""

        def keep(connection: Connection, statement: str) -> SqlResult:
            return SqlResult(connection.kept(statement, params, most), most)

        return self._read(
            sql, params, keep, frames=frames, progress=progress, accelerate=accelerate
        )

    def _run(
        self,
        sql: str,
        params: Params,
        read: Callable[[Connection], T],
        *,
        frames: Frames | None = None,
        progress: Progress | None = None,
        accelerate: bool,
    ) -> T:
        def run(connection: Connection, statement: str) -> T:
            return read(connection.execute(statement, params))

        return self._read(sql, params, run, frames=frames, progress=progress, accelerate=accelerate)

    def _read(
        self,
        sql: str,
        params: Params,
        run: Callable[[Connection, str], T],
        *,
        frames: Frames | None,
        progress: Progress | None,
        accelerate: bool,
    ) -> T:
        def work(connection: Connection) -> T:
            counting = nullcontext() if progress is None else connection.counting()
            with connection.showing(frames or {}, sql), counting:
                last = changes.noted(connection, sql)
                if accelerate:
                    own = partial(run, connection)
                    return self._acceleration.run(connection, last, params, own)
                return run(connection, last)

        return self._session.run(work, progress)

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

    def explain(
        self, sql: str, params: Params = None, *, frames: Frames | None = None
    ) -> SqlExplanation:
        """What is run for a query, and why."""

        def work(connection: Connection) -> Plan:
            with connection.showing(frames or {}, sql):
                return self._acceleration.explain(connection, sql, params)

        plan = self._session.run(work)
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
        known = {name.lower(): name for name, _ in self._session.run(inventory.relations)}
        if what.lower() in known:
            return f"FROM main.{quote(known[what.lower()])}"
        if re.fullmatch(r"\w+", what):
            raise TableNotFoundError(what, known.values())
        return what

    # -- introspection --------------------------------------------------------------------------

    def list_tables(self) -> list[TableInfo]:
        """All tables and views but flat ones, with their exact number of rows, by name."""
        return self._session.run_whole(inventory.tables)

    def get_schema(self, table: str) -> TableSchema:
        """The columns of a table or view, in order."""
        return self._session.run_whole(lambda connection: inventory.schema(connection, table))

    def details(self, table: str) -> TableDetails:
        """How a table was fetched, and its size on disk."""
        return self._session.run_whole(lambda connection: inventory.details(connection, table))

    def get_metadata(self, table: str) -> TableMetadata:
        """Where a fetched table came from."""
        return self._session.run_whole(lambda connection: inventory.source_of(connection, table))

    def look(self, name: str, how: Callable[[Source], T]) -> T:
        """What `how` makes of a table or view, on one snapshot that it leaves as it was."""

        def work(connection: Connection) -> T:
            with snapshot(connection):
                return how(Source(connection, *inventory.find(connection, name)))

        with self._session.aside() as session:
            return session.run_whole(work)

    # -- life -----------------------------------------------------------------------------------

    def temporary(self) -> AbstractContextManager[Path]:
        """A folder for downloaded bodies, beside the database, gone after the block."""
        return spool.temporary(self._path)

    @contextmanager
    def job(self, question: Mapping[str, Any], **facts: Any) -> Iterator[spool.Job]:
        """The spool of a question, found or begun; without a database file it can't be resumed."""
        with ExitStack() as stack:
            if self._path is None:
                home = stack.enter_context(self.temporary())
            else:
                home = spool.home_of(self._path)
            yield stack.enter_context(
                spool.job(home, question, finished=self.finished_jobs(), **facts)
            )

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
        return self._session.run(lambda connection: connection.native().cursor())

    def interrupt(self) -> None:
        """Stop what runs, from another thread; its caller gets QueryInterruptedError."""
        self._session.interrupt()

    def close(self) -> None:
        """Let go of the database; closing twice is fine."""
        self._session.close()
        self._release()
        if "_acceleration" in self.__dict__:
            self._acceleration.close()

    def cleanup(self) -> None:
        """Close, and delete the files of an ephemeral database that nobody else has open."""
        self.close()
        if self._temporary is not None and not self._source.users:
            shutil.rmtree(self._temporary, ignore_errors=True)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's connection itself, for one thread at a time; the owner of the file has it."""
        return self._session.connection.native()

    def participants(self) -> list[Process]:
        """The process that owns the database file, then the others that have it open."""
        return self._source.participants()

    @property
    def path(self) -> Path | None:
        """The database file; None in memory."""
        return self._path


def _in_a_thread_of_its_own(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="mp leaving").start()


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
