"""What becomes of SQL."""

from __future__ import annotations

from dataclasses import dataclass

from mixpanel_data.types.answers import Answer


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
