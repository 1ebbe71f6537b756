"""Which references of a query mean which table, and which of its tables can do without the JSON.

A table is left as it is as soon as anything but extractions of single properties may touch its
`properties`, or any other thing that its flat table lacks. What is unknown counts as may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mixpanel_data._internal.storage.acceleration.scopes import (
    Columns,
    Fetched,
    FromItem,
    SelectScope,
    Use,
)
from mixpanel_data._internal.storage.acceleration.syntax import (
    PROPERTIES,
    Extraction,
    Tree,
    extraction,
    fold,
    names_in,
    property_of,
    simple_type,
)
from mixpanel_data._internal.storage.flat.columns import KEYS

EXPRESSIONS = {
    *("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION"),
    *("CONSTANT", "DEFAULT", "FUNCTION", "LAMBDA", "OPERATOR", "PARAMETER"),
    *("POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW"),
}
_TELLING = {
    *("alias", "stats", "vector_type", "current_query", "txid_current"),
    *("nextval", "currval", "write_log"),
}
"""Functions that see how a query is written or run, or that count."""

_SCHEMAS = {"", "main"}
_JOINS = {"REGULAR", "CROSS", "ASOF"}


class NotEligible(Exception):  # noqa: N818 - no error: the query runs as it is
    """Why a query as a whole is left as it is."""


@dataclass
class Item:
    """An expression of a SELECT list that may change, and what would change it."""

    node: Tree
    uses: list[Use]
    sources: list[FromItem]
    names_itself: bool

    @property
    def changes(self) -> bool:
        """Whether a flat table shows in it."""
        return any(source.is_accelerated for source in self.sources) or any(
            use.source.is_accelerated for use in self.uses
        )


class Analysis:
    """What a walk through the statement `tree` found.

    `tables` are the fetched ones that have a flat table, by folded name; `columns_of` gives the
    columns of any other by its folded name.
    """

    def __init__(
        self, tree: Tree, tables: Mapping[str, Fetched], columns_of: Callable[[str], Columns]
    ) -> None:
        self.sources: list[FromItem] = []
        self.uses: list[Use] = []
        self.items: list[Item] = []
        self.references: set[str] = set()
        self.table_functions: set[str] = set()
        self._tables = tables
        self._columns_of = columns_of
        self._expansions = 0
        self._cte_names: set[str] = set()
        self._survey(tree)
        self._query(tree["node"], SelectScope())

    def _survey(self, value: Any) -> None:
        """NotEligible queries that call something else `properties`, or sample; note the CTEs' names."""
        if isinstance(value, list):
            for item in value:
                self._survey(item)
        elif isinstance(value, dict):
            if value.get("sample"):
                raise NotEligible("a sample depends on how rows are stored")
            given = [value.get("alias"), value.get("table_name"), value.get("key")]
            for names in ("column_name_alias", "aliases", "expected_names"):
                given += value.get(names) or ()
            if PROPERTIES in {fold(name) for name in given if isinstance(name, str)}:
                raise NotEligible("something else is called properties")
            if "cte_map" in value:
                self._cte_names |= {fold(entry["key"]) for entry in value["cte_map"]["map"]}
            for item in value.values():
                self._survey(item)

    # -- queries --------------------------------------------------------------------------------

    def _query(self, node: Tree, outer: SelectScope) -> None:
        scope = SelectScope(outer)
        for entry in node["cte_map"]["map"]:
            self._cte(fold(entry["key"]), entry["value"], scope)
        if node["type"] == "SELECT_NODE":
            self._select(node, SelectScope(scope))
        elif node["type"] in {"SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"}:
            for part in _parts(node):
                self._query(part, scope)
            # ORDER BY sees the columns of the result, whatever they are.
            result = SelectScope(scope, [FromItem("", None)])
            for key in node.keys() - {"cte_map", "children", "left", "right"}:
                self._walk(node[key], result)
        else:
            raise NotEligible("it is not a plain SELECT")

    def _cte(self, name: str, cte: Tree, scope: SelectScope) -> None:
        # A recursive one sees itself.
        scope.ctes[name] = None
        self._query(cte["query_node"], scope)
        columns = _columns(cte["query_node"])
        scope.ctes[name] = None if columns is None else columns | _folded(cte.get("aliases"))
        for key in cte.keys() - {"query_node"}:
            self._walk(cte[key], scope)

    def _select(self, node: Tree, scope: SelectScope) -> None:
        later: list[tuple[Callable[[Any, SelectScope], None], Any]] = []
        self._from(node["from_table"], scope, later)
        for visit, value in later:
            visit(value, scope)
        for expression in node["select_list"]:
            self._item(expression, scope)
        for modifier in node["modifiers"]:
            orders = modifier.get("orders") or []
            # ORDER BY ALL means the SELECT list.
            self._walk([order for order in orders if not _is_all(order["expression"])], scope)
            self._walk({**modifier, "orders": []}, scope)
        done = {"type", "cte_map", "from_table", "select_list", "modifiers"}
        for key in node.keys() - done:
            self._walk(node[key], scope)

    def _item(self, expression: Tree, scope: SelectScope) -> None:
        uses, sources, expansions = len(self.uses), len(self.sources), self._expansions
        self._walk(expression, scope)
        self.items.append(
            Item(
                expression,
                self.uses[uses:],
                self.sources[sources:],
                names_itself=self._expansions > expansions,
            )
        )

    # -- FROM -----------------------------------------------------------------------------------

    def _from(
        self,
        ref: Tree,
        scope: SelectScope,
        later: list[tuple[Callable[[Any, SelectScope], None], Any]],
    ) -> None:
        """Collect the sources; what may look at all of them is visited `later`."""
        kind = ref["type"]
        if kind == "BASE_TABLE":
            scope.sources.append(self._base_table(ref, scope))
            later.append((self._walk, ref["at_clause"]))
        elif kind == "SUBQUERY":
            node = ref["subquery"]["node"]
            columns = _columns(node)
            if columns is not None:
                columns |= _folded(ref["column_name_alias"])
            scope.sources.append(FromItem(fold(ref["alias"]), columns))
            later.append((self._query, node))
        elif kind == "TABLE_FUNCTION":
            name = fold(ref["function"]["function_name"])
            self.table_functions.add(name)
            scope.sources.append(FromItem(fold(ref["alias"]) or name, None))
            later.append((self._walk, ref["function"]))
        elif kind == "JOIN":
            self._join(ref, scope, later)
        elif kind != "EMPTY":
            raise NotEligible(f"FROM has a {kind.lower().replace('_', ' ')}")

    def _join(
        self,
        ref: Tree,
        scope: SelectScope,
        later: list[tuple[Callable[[Any, SelectScope], None], Any]],
    ) -> None:
        if ref["alias"]:
            raise NotEligible("a join has an alias")
        before = len(scope.sources)
        self._from(ref["left"], scope, later)
        self._from(ref["right"], scope, later)
        if ref["ref_type"] not in _JOINS or PROPERTIES in _folded(ref["using_columns"]):
            for source in scope.sources[before:]:
                source.leave("it is joined by whatever columns there are")
        later.append((self._walk, [ref[key] for key in ref.keys() - {"left", "right"}]))

    def _base_table(self, ref: Tree, scope: SelectScope) -> FromItem:
        name = fold(ref["table_name"])
        alias = fold(ref["alias"]) or name
        is_qualified = bool(ref["schema_name"] or ref["catalog_name"])
        is_cte, columns = scope.cte(name)
        if is_cte and not is_qualified:
            return FromItem(alias, columns and columns | _folded(ref["column_name_alias"]))
        table = self._tables.get(name)
        if table is None or ref["catalog_name"] or fold(ref["schema_name"]) not in _SCHEMAS:
            known = None if is_qualified or name in self._cte_names else self._columns_of(name)
            return FromItem(alias, known and known | _folded(ref["column_name_alias"]))
        source = FromItem(alias, frozenset({*KEYS[table.type], PROPERTIES}), table, ref)
        self.sources.append(source)
        if ref["column_name_alias"] or ref["at_clause"]:
            source.columns = None
            source.leave("its columns are renamed, or it is asked for an older state")
        if name in self._cte_names and not is_qualified:
            source.columns = None
            source.leave("a CTE has its name")
        return source

    # -- expressions ----------------------------------------------------------------------------

    def _walk(self, value: Any, scope: SelectScope) -> None:
        if isinstance(value, list):
            for item in value:
                self._walk(item, scope)
        elif isinstance(value, dict):
            if "class" in value:
                self._expression(value, scope)
            elif value.keys() & {"from_table", "cte_map", "subquery", "table_name"}:
                raise NotEligible("it has a clause that is not known here")
            else:
                self._walk(list(value.values()), scope)

    def _expression(self, node: Tree, scope: SelectScope) -> None:
        kind = node["class"]
        if kind not in EXPRESSIONS:
            raise NotEligible(f"it has an expression that is not known here: {kind}")
        if found := extraction(node):
            self._extraction(found, node, None, scope)
        elif kind == "CAST" and (found := extraction(node["child"])):
            self._extraction(found, node["child"], simple_type(node["type_expr"]), scope)
        elif kind == "COLUMN_REF":
            self._reference(names_in(node), scope)
        elif kind == "SUBQUERY":
            self._walk(node["child"], scope)
            self._query(node["subquery"]["node"], scope)
        else:
            self._special(node, scope)
            self._walk([value for key, value in node.items() if key != "class"], scope)

    def _special(self, node: Tree, scope: SelectScope) -> None:
        """What takes columns without naming them, or sees more than values."""
        kind = node["class"]
        if kind == "STAR":
            self._expansions += 1
            of = fold(node["relation_name"])
            taken = [s for s in scope.visible() if s.alias == of] if of else scope.sources
            _leave(taken, "* takes all columns")
        elif kind == "POSITIONAL_REFERENCE":
            _leave(scope.sources, "a column is named by its position")
        elif kind in {"FUNCTION", "WINDOW"}:
            name = fold(node["function_name"])
            self._expansions += name == "unnest"
            if name in _TELLING:
                raise NotEligible(f"{name}() sees how a query is run")

    def _extraction(
        self, found: Extraction, node: Tree, cast: str | None, scope: SelectScope
    ) -> None:
        self.references.update(found.column)
        candidates = _candidates(found.column, scope)
        name = property_of(found.path)
        if len(candidates) > 1:
            _leave(candidates, f"{'.'.join(found.column)} may mean several tables")
        elif name is None:
            _leave(candidates, f"the path {found.path!r} is not that of one property")
        else:
            for source in candidates:
                if scope.named(source.alias) != [source]:
                    source.leave(f"{source.alias} means something else where a property is read")
                elif source.table is not None:
                    use = Use(source, source.table, name, cast, node)
                    source.uses.append(use)
                    self.uses.append(use)

    def _reference(self, names: tuple[str, ...], scope: SelectScope) -> None:
        self.references.update(names)
        whole = "it is used as a whole"
        if len(names) > 2:
            _leave(scope.visible(), "a column is named with more than its table")
            return
        if names[0] == PROPERTIES:
            _leave(scope.holding(PROPERTIES), "properties is used as a whole")
        if names == ("rowid",):
            _leave(scope.visible(), "rowid is that of the table")
        for source in scope.visible():
            if source.alias == names[-1]:
                source.leave(whole)
            elif source.alias == names[0] and source.table is not None:
                if names[1] == PROPERTIES:
                    source.leave("properties is used as a whole")
                elif names[1] not in KEYS[source.table.type]:
                    source.leave(f"it has no column {names[1]} in its flat table")


def _candidates(column: tuple[str, ...], scope: SelectScope) -> list[FromItem]:
    return scope.holding(PROPERTIES) if len(column) == 1 else scope.named(column[0])


def _leave(sources: Iterable[FromItem], reason: str) -> None:
    for source in sources:
        source.leave(reason)


def _is_all(expression: Tree) -> bool:
    star = {key: value for key, value in expression.items() if value}
    return (
        star.pop("columns", False)
        and star.keys()
        <= {
            "class",
            "type",
            "query_location",
            "query_location_length",
        }
        and star["class"] == "STAR"
    )


def _parts(node: Tree) -> list[Tree]:
    """The queries that a set operation or a recursion is made of."""
    return node["children"] if "children" in node else [node["left"], node["right"]]


def _columns(node: Tree) -> Columns:
    """Names of the columns of a query, where its SELECT lists tell."""
    if node["type"] in {"SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"}:
        found: frozenset[str] = frozenset()
        for part in _parts(node):
            columns = _columns(part)
            if columns is None:
                return None
            found |= columns
        return found
    if node["type"] != "SELECT_NODE" or any(map(_expands, node["select_list"])):
        return None
    return frozenset(
        fold(item["alias"] or (item.get("column_names") or [""])[-1])
        for item in node["select_list"]
    )


def _expands(value: Any) -> bool:
    """Whether an expression may become several columns, or take its name from its value."""
    if isinstance(value, list):
        return any(map(_expands, value))
    if not isinstance(value, dict):
        return False
    is_several = value.get("class") == "STAR" or fold(value.get("function_name", "")) == "unnest"
    return is_several or any(map(_expands, value.values()))


def _folded(names: Iterable[str] | None) -> frozenset[str]:
    return frozenset(map(fold, names or ()))
