"""A query's tree with flat tables in the place of fetched ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.acceleration import syntax
from mixpanel_data._internal.storage.acceleration.analysis import Analysis, NotEligible
from mixpanel_data._internal.storage.acceleration.scopes import Fetched, FromItem, Use
from mixpanel_data._internal.storage.acceleration.syntax import Tree, column_ref, fold, texts
from mixpanel_data._internal.storage.flat.columns import KEYS
from mixpanel_data.types import PropertyInfo

Known = Mapping[str, Mapping[str, PropertyInfo]]
"""Fetched table → property → what the catalog knows of it."""

Exposed = dict[FromItem, dict[str, str]]
"""Reference → SQL of a column → the name under which the query has it."""


class Rewriting:
    """Chooses columns of the flat tables for what an analysis found, then puts them in.

    With `by_type`, a cast may read the typed column itself instead of its text.
    """

    def __init__(self, tree: Tree, analysis: Analysis, known: Known, *, by_type: bool) -> None:
        self._tree = tree
        self._analysis = analysis
        self._known = known
        self._by_type = by_type
        for source in analysis.sources:
            for use in source.uses:
                if self._sql(use) is None:
                    source.leave(self._why_not(use))
        self.accelerated = [source for source in analysis.sources if source.is_accelerated]

    @property
    def reads_types(self) -> bool:
        """Whether a typed column stands where its text might have."""
        uses = [use for source in self.accelerated for use in source.uses]
        return any(self._reads_type(use) for use in uses)

    def name(self, described: Sequence[str], spell: Callable[[Tree], str]) -> None:
        """Give the expressions that will change the names that they have now, as aliases.

        `described` are the names of the result's columns, `spell` gives the text of an expression,
        which is its name elsewhere.
        """
        listed = self._tree["node"].get("select_list", [])
        told = dict(zip(map(id, listed), described, strict=False))
        if len(listed) != len(described):
            told.clear()
        changing = [i for i in self._analysis.items if i.changes and not i.node["alias"]]
        if any(item.names_itself for item in changing):
            raise NotEligible("a column of the result is named by what it holds")
        aliases = [told.get(id(item.node)) or spell(item.node) for item in changing]
        for item, alias in zip(changing, aliases, strict=True):
            if fold(alias) in self._analysis.references:
                raise NotEligible(f"{alias!r} would become the name of two things")
            item.node["alias"] = alias

    def apply(self, database: str, parse: Callable[[str], Sequence[Tree]]) -> None:
        """Put the flat tables of `database` in: what is there knows nothing of `properties`."""
        exposed = self._exposed()
        selects = [
            f"SELECT * FROM ({_select(source.uses[0].table, exposed[source], database)})"
            for source in self.accelerated
        ]
        for source, statement in zip(self.accelerated, parse("; ".join(selects)), strict=True):
            alias = source.ref["alias"] or source.ref["table_name"]
            for use in source.uses:
                name = exposed[source][str(self._sql(use))]
                reference = column_ref(alias, name, like=use.node)
                use.node.clear()
                use.node.update(reference)
            source.ref.clear()
            source.ref.update(statement["node"]["from_table"], alias=alias)

    def _exposed(self) -> Exposed:
        """Names that nothing else in the query has, each used for one reference alone."""
        taken = {fold(text) for text in texts(self._tree)}
        numbers = count(1)
        exposed: Exposed = {}
        for source in self.accelerated:
            named: dict[str, str] = {}
            for use in source.uses:
                sql = str(self._sql(use))
                while sql not in named:
                    name = f"{use.property} #{next(numbers)}"
                    if fold(name) not in taken:
                        named[sql] = name
            exposed[source] = named
        return exposed

    def _info(self, use: Use) -> PropertyInfo | None:
        return self._known[use.table.name].get(use.property)

    def _reads_type(self, use: Use) -> bool:
        return syntax.is_exact(self._info(use), use.cast)

    def _sql(self, use: Use) -> str | None:
        info = self._info(use)
        text = syntax.text(info)
        if info is not None and self._reads_type(use) and (self._by_type or text is None):
            return quote(str(info.column))
        return text

    def _why_not(self, use: Use) -> str:
        info = self._info(use)
        if info is None or info.column is None:
            return f"property {use.property!r} has no column of its own"
        return f"the numbers of property {use.property!r} are spelled as no column can tell"


def _select(table: Fetched, named: Mapping[str, str], database: str) -> str:
    listed = [*KEYS[table.type], *(f"{sql} AS {quote(name)}" for sql, name in named.items())]
    return f"SELECT {', '.join(listed)} FROM {quote(database)}.main.{quote(table.flat)}"
