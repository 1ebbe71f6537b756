"""The table or view that is looked at, on one snapshot of the database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from mixpanel_data._internal.sql import literal, quote
from mixpanel_data._internal.storage import metadata
from mixpanel_data._internal.storage.flat import catalog
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data.exceptions import InvalidArgumentError, command, near
from mixpanel_data.types import PropertyInfo, TableMetadata, TableType

Relation = Literal["TABLE", "VIEW"]

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_KEYWORD = """
    SELECT 1 FROM duckdb_keywords()
    WHERE keyword_name = ? AND keyword_category <> 'unreserved'
"""

EVENT_COLUMNS = frozenset({"event_name", "event_time", "distinct_id"})


@dataclass(frozen=True)
class TableSnapshot:
    """A table or view, whose connection is in a `snapshot`."""

    connection: Connection
    name: str
    kind: Relation

    @property
    def sql(self) -> str:
        """It in a FROM clause."""
        return f"main.{quote(self.name)}"

    @property
    def type(self) -> TableType | Literal["table", "view"]:
        """What `mp tables` calls it."""
        if self.facts is not None:
            return self.facts.type
        return "view" if self.kind == "VIEW" else "table"

    @cached_property
    def facts(self) -> TableMetadata | None:
        """Where it was fetched from."""
        return metadata.read(self.connection).get(self.name.lower())

    @cached_property
    def columns(self) -> dict[str, str]:
        """Its columns and their types."""
        return {name: kind for name, kind, *_ in self.rows(f"DESCRIBE {self.sql}")}

    @property
    def has_events(self) -> bool:
        """Whether its rows are events: of a fetched table, of its flat one, of a view on either."""
        return self.columns.keys() >= EVENT_COLUMNS

    @property
    def has_json(self) -> bool:
        """Whether its rows carry properties as JSON."""
        return self.columns.get("properties") == "JSON"

    @cached_property
    def flat(self) -> str | None:
        """Its flat table, where there is one and it is in step."""
        flat, in_step = catalog.flat_tables(self.connection).get(self.name.lower(), (None, False))
        return flat if in_step else None

    @cached_property
    def properties(self) -> list[PropertyInfo]:
        """What the catalog knows of the properties in its JSON."""
        return [] if self.flat is None else catalog.read(self.connection, self.name)

    @cached_property
    def events(self) -> dict[str | None, int]:
        """Its event names and their rows, the most frequent first."""
        if not self.has_events:
            return {}
        return dict(
            self.rows(
                f"SELECT event_name, count(*) AS rows FROM {self.sql} "
                "GROUP BY event_name ORDER BY rows DESC, event_name"
            )
        )

    @property
    def keeps_order(self) -> bool:
        """Whether DuckDB keeps to the order of a table where nothing sorts its rows."""
        return bool(self.row("SELECT current_setting('preserve_insertion_order')")[0])

    def spelled(self, name: str) -> str | None:
        """A column as it is really spelled: SQL does not tell `a` from `A`."""
        return next((known for known in self.columns if known.lower() == name.lower()), None)

    def named(self, name: str) -> str:
        """A name as people write it: quoted only where it must be."""
        if not _PLAIN_NAME.fullmatch(name) or self.rows(_KEYWORD, [name]):
            return quote(name)
        return name

    def only(self, event: str | None) -> str:
        """The condition of an event's rows, of all rows when it is None; unknown ones are refused."""
        if event is None:
            return "true"
        if not self.has_events:
            raise InvalidArgumentError(f"table {self.name!r} has no events, just rows")
        if event not in self.events:
            raise InvalidArgumentError(
                f"table {self.name!r} has no event {event!r}",
                hint=near(event, filter(None, self.events)) or command("breakdown", self.name),
            )
        return f"event_name = {literal(event)}"

    def count(self, condition: str = "true") -> int:
        """Rows that meet a condition."""
        return int(self.row(f"SELECT count(*) FROM {self.sql} WHERE {condition}")[0])

    def rows(self, sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.connection.execute(sql, params).fetchall()

    def row(self, sql: str) -> tuple[Any, ...]:
        """The one row of a query."""
        (row,) = self.rows(sql)
        return row
