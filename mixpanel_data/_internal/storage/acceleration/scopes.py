"""What a name may mean at a place in a query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mixpanel_data._internal.storage.acceleration.syntax import Tree
from mixpanel_data.types import TableType

Columns = frozenset[str] | None
"""Folded names of all columns there may be; None where there may be any."""


@dataclass(frozen=True)
class Fetched:
    """A fetched table whose flat table is in step with it."""

    name: str
    flat: str
    type: TableType


@dataclass(eq=False)
class Use:
    """An extraction of a property; `cast` is the type that a cast right around it asks for."""

    source: FromItem
    table: Fetched
    property: str
    cast: str | None
    node: Tree


@dataclass(eq=False)
class FromItem:
    """What stands in a FROM clause. `reason` says why a fetched table there stays as it is."""

    alias: str
    columns: Columns
    table: Fetched | None = None
    ref: Tree = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    reason: str | None = None

    def leave(self, reason: str) -> None:
        """Let it stay as it is; the first reason is told."""
        self.reason = self.reason or reason

    @property
    def is_accelerated(self) -> bool:
        """Whether the flat table takes its place."""
        return self.table is not None and bool(self.uses) and self.reason is None


@dataclass(eq=False)
class SelectScope:
    """The sources of one SELECT, inside those of the query around it."""

    outer: SelectScope | None = None
    sources: list[FromItem] = field(default_factory=list)
    ctes: dict[str, Columns] = field(default_factory=dict)

    def __iter__(self) -> Iterator[SelectScope]:
        """From the inside out."""
        scope: SelectScope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def visible(self) -> Iterator[FromItem]:
        """All sources, the nearest first."""
        for scope in self:
            yield from scope.sources

    def holding(self, column: str) -> list[FromItem]:
        """Every source that an unqualified column may come from."""
        found: list[FromItem] = []
        for scope in self:
            here = [s for s in scope.sources if s.columns is None or column in s.columns]
            found += here
            if any(source.columns is not None for source in here):
                break
        return found

    def named(self, alias: str) -> list[FromItem]:
        """Every source that `alias.column` may come from: one of that alias, or a STRUCT nearer."""
        found: list[FromItem] = []
        for scope in self:
            here = [source for source in scope.sources if source.alias == alias]
            if here:
                return found + here
            found += [s for s in scope.sources if s.columns is None or alias in s.columns]
        return found

    def cte(self, name: str) -> tuple[bool, Columns]:
        """Whether a name is a CTE here, and its columns."""
        for scope in self:
            if name in scope.ctes:
                return True, scope.ctes[name]
        return False, None
