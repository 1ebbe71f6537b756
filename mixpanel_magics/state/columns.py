"""What the columns and properties of a table hold: types and coverage at once, values on request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mixpanel_magics.state.part import Part

if TYPE_CHECKING:
    from mixpanel_data import PropertyStats, TableDetails, TableSchema, Workspace


@dataclass(frozen=True)
class Described:
    """A column or property; `coverage` is the share of rows that carry it, where that is known."""

    name: str
    type: str
    rows: int | None
    coverage: float | None
    description: str


class Columns(Part):
    """A table's columns and properties."""

    def __init__(self, workspace: Workspace, told: Callable[[], None]) -> None:
        super().__init__(workspace, told)
        self._forget()

    def clear(self) -> None:
        """Nothing is known any more."""
        self.stop()
        self._forget()

    def _forget(self) -> None:
        self.schema: TableSchema | None = None
        self.details: TableDetails | None = None
        self.stats: PropertyStats | None = None
        self.problem = None

    def open(self, table: str) -> None:
        """What the catalogs know of a table; none of its rows is read."""
        self._forget()

        def known(found: tuple[TableSchema, TableDetails]) -> None:
            self.schema, self.details = found

        self._do(lambda: (self._workspace.schema(table), self._workspace.details(table)), known)

    def look(self, name: str, event: str | None = None) -> None:
        """Count the values of a column or property: all rows are read."""
        if (schema := self.schema) is not None:

            def counted(stats: PropertyStats) -> None:
                self.stats = stats

            self._do(lambda: self._workspace.property_stats(schema.table, name, event), counted)

    @property
    def listed(self) -> list[Described]:
        """Columns as they come, then properties, the most used ones first."""
        if self.schema is None:
            return []
        rows = self.schema.rows
        columns = [
            Described(c.name, c.type, None, None, c.description or "") for c in self.schema.columns
        ]
        properties = [
            Described(
                p.property,
                p.type or " or ".join(sorted(p.kinds)),
                p.rows,
                p.rows / rows if rows else None,
                "" if p.column == p.property else f"column {p.column}" if p.column else "JSON only",
            )
            for p in sorted(self.schema.properties, key=lambda p: (-p.rows, p.property))
        ]
        return columns + properties

    @property
    def events(self) -> list[str]:
        """Names of the events of a fetched table, the most frequent ones first."""
        rows: dict[str, int] = {}
        for found in self.schema.properties if self.schema else ():
            for event, count in found.events.items():
                rows[event] = max(rows.get(event, 0), count)
        return sorted(rows, key=lambda event: (-rows[event], event))

    @property
    def names(self) -> list[str]:
        """What can be looked at and filtered by, columns first."""
        return list(
            dict.fromkeys(found.name for found in self.listed if found.name != "properties")
        )

    def values(self, name: str) -> list[str]:
        """The most common values of a property, if they were counted."""
        if self.stats is None or self.stats.property != name:
            return []
        return [text_of(count.value) for count in self.stats.top]

    def meant(self, name: str, text: str) -> Any:
        """The value that was typed for a property: a number where all its values are."""
        types = {found.name: found.type for found in reversed(self.listed)}
        if types.get(name) in {"BIGINT", "DOUBLE"}:
            try:
                return int(text)
            except ValueError:
                try:
                    return float(text)
                except ValueError:
                    return text
        return text


def text_of(value: Any) -> str:
    """A value as `->>` spells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
