"""Section of `StorageEngine`: tables, made as a whole, looked at and dropped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage import inventory, metadata, naming
from mixpanel_data._internal.storage.engine.opened import Opened
from mixpanel_data._internal.storage.flat import catalog
from mixpanel_data._internal.storage.flat.table import FlatTable
from mixpanel_data._internal.storage.ingest import spool
from mixpanel_data._internal.storage.ingest.table import (
    FLAT_COLUMNS,
    LONGEST_LINE,
    Flat,
    TableWriter,
)
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data._internal.storage.snapshot import Relation, TableSnapshot
from mixpanel_data._internal.storage.transactions import snapshot, transaction
from mixpanel_data.exceptions import InvalidArgumentError, TableExistsError
from mixpanel_data.types import (
    PropertyInfo,
    TableDetails,
    TableInfo,
    TableMetadata,
    TableSchema,
    TableType,
)

if TYPE_CHECKING:
    from mixpanel_data.queries import Mode

T = TypeVar("T")

_BATCH = 10_000


class Tables(Opened):
    """Tables are there as a whole or not at all, each with its flat one and its metadata."""

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
        longest_line: int = LONGEST_LINE,
    ) -> Iterator[TableWriter]:
        """A table to fill within the block: there as a whole after it, or not at all.

        "replace" puts it in the place of the one that is there; "append" goes on with that one,
        without the days of `facts`, which come again as a whole. `flat` False leaves out the flat
        table; None makes one, but for an append to a table that has none.
        """
        becomes = self._flat_to_be(name, mode, flat)
        with self._session.aside() as session:
            table = TableWriter(
                session,
                name,
                facts,
                legacy_zone=legacy_zone,
                deduplicate=deduplicate,
                flat=becomes,
                flat_columns=flat_columns,
                longest_line=longest_line,
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
        ours, in_step = self._flat_tables().get(name.lower(), (None, False))
        if wanted is None:
            wanted = mode != "append" or ours is not None
        self.check_name(name, mode, flat=wanted)
        if not wanted:
            return "none"
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
        flat, in_step = self._flat_tables().get(table.lower(), (None, False))
        return flat if in_step else None

    def properties(self, table: str) -> list[PropertyInfo]:
        """The properties of a table that has a flat one: columns in order, then the rest by use."""
        return self._session.run(lambda connection: catalog.read(connection, table))

    def properties_of(self, table: str, event: str) -> list[str]:
        """Names of the properties that an event carries in this table, sorted."""
        return self._session.run_whole(
            lambda connection: inventory.properties_of(connection, table, event)
        )

    def _flat_tables(self) -> dict[str, tuple[str, bool]]:
        return self._session.run(catalog.flat_tables)

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
        with spool.temporary(self._path) as folder, self.new_table(name, facts) as table:
            for batch in _batches(data):
                table.add(_written(batch, folder / "batch.json", kind))
        return table.rows

    def check_name(self, name: str, mode: Mode, *, flat: bool = False) -> None:
        """Raise unless a table of this name can be made, replaced or appended to in this way.

        With `flat`, its flat table needs its place, too.
        """
        self._session.run(lambda connection: naming.check(connection, name, flat=flat))
        if mode == "create" and self.table_exists(name):
            raise TableExistsError(name)

    def drop_table(self, name: str) -> None:
        """Drop a table or view, and all that goes with it, together."""

        def work(connection: Connection) -> None:
            with transaction(connection):
                known = metadata.exists(connection)
                flats = catalog.flat_tables(connection)
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

    def look(self, name: str, how: Callable[[TableSnapshot], T]) -> T:
        """What `how` makes of a table or view, on one snapshot that it leaves as it was."""

        def work(connection: Connection) -> T:
            with snapshot(connection):
                return how(TableSnapshot(connection, *inventory.find(connection, name)))

        with self._session.aside() as session:
            return session.run_whole(work)


def _days(facts: TableMetadata) -> tuple[date, date]:
    return date.fromisoformat(facts.from_date or ""), date.fromisoformat(facts.to_date or "")


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
