"""Tree to SQL: the rules of `evaluator`, each as a term of its operands' terms."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from mixpanel_data._internal.expressions import nodes
from mixpanel_data._internal.expressions.compiler import conversions
from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.comparisons import (
    equal,
    membership,
    ordering,
    some,
)
from mixpanel_data._internal.expressions.compiler.conversions import FUNCTIONS
from mixpanel_data._internal.expressions.compiler.fragments import FALSE, NULL, TRUE, Sql
from mixpanel_data._internal.expressions.compiler.sources import (
    Columns,
    item_term,
    label,
    labels,
    property_term,
)
from mixpanel_data._internal.expressions.compiler.terms import (
    MISSING,
    Items,
    Number,
    Term,
    Truth,
    constant,
)
from mixpanel_data._internal.expressions.errors import (
    ExpressionSourceError,
    ExpressionTypeError,
    filter_type_error,
    operand_type_error,
    text_to_raise,
)
from mixpanel_data._internal.expressions.evaluator import Context, evaluate
from mixpanel_data._internal.expressions.functions import SystemField, system_field
from mixpanel_data._internal.expressions.nodes import Node
from mixpanel_data._internal.expressions.parser import parse

Scope = dict[str, Term]

_LAST_SECOND = 253_402_300_799.0


def compile_filter(expression: str | Node, columns: Columns) -> str:
    """BOOLEAN: TRUE where the row passes, else FALSE."""
    return Compiler(columns).filter(expression)


def compile_condition(expression: str | Node, columns: Columns) -> str:
    """BOOLEAN for WHERE, FILTER and CASE WHEN: TRUE where the row passes, else FALSE or NULL."""
    return Compiler(columns).condition(expression)


def compile_value(expression: str | Node, columns: Columns) -> str:
    """VARCHAR: the segment label, never NULL; that of a list names all its items."""
    return Compiler(columns).value(expression)


def compile_labels(expression: str | Node, columns: Columns) -> str:
    """VARCHAR[]: the segment labels, one per distinct item of a list and else just one."""
    return Compiler(columns).labels(expression)


def compile_number(expression: str | Node, columns: Columns) -> str:
    """DOUBLE: the value where it is a number, else NULL."""
    return Compiler(columns).number(expression)


class Compiler:
    """Compiles any number of expressions for the same row."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._text: str | None = None
        self._names = (Sql(f"x{number}") for number in itertools.count(1))

    def filter(self, expression: str | Node) -> str:
        """As `compile_filter`."""
        return str(self._passes(self._tree(expression)).exact)

    def condition(self, expression: str | Node) -> str:
        """As `compile_condition`."""
        return str(self._passes(self._tree(expression)).loose)

    def value(self, expression: str | Node) -> str:
        """As `compile_value`."""
        return str(label(self.term(self._tree(expression), {}), self.name()))

    def labels(self, expression: str | Node) -> str:
        """As `compile_labels`."""
        return str(labels(self.term(self._tree(expression), {}), self.name()))

    def number(self, expression: str | Node) -> str:
        """As `compile_number`."""
        number = self.term(self._tree(expression), {}).number or Number(NULL, double=False)
        return str(number.sql if number.double else sql.cast(number.sql, "DOUBLE"))

    def _tree(self, expression: str | Node) -> Node:
        if not isinstance(expression, str):
            self._text = None
            return expression
        self._text = expression
        return parse(expression, "profile" if self.columns.event_name is None else "event")

    def name(self) -> Sql:
        """A new name for the variable of a lambda."""
        return next(self._names)

    def _passes(self, node: Node) -> Truth:
        term = self.term(node, {})
        if not term.only("boolean", "null"):
            refused = [kind for kind in term.kinds if kind not in ("boolean", "null")]
            return self._checked(term, refused, filter_type_error(node))
        if term.boolean is None:
            return Truth.plain(FALSE)
        if term.boolean.exact.total:
            return term.boolean
        return Truth.of_condition(term.boolean.loose)

    def truth(self, node: Node, word: str, scope: Scope) -> tuple[Sql, bool]:
        """SQL that is TRUE where an operand of `word` is true, and whether it may raise."""
        term = self.term(node, scope)
        if term.only("boolean"):
            return (term.boolean.loose if term.boolean else FALSE), term.raises
        refused = [kind for kind in term.kinds if kind != "boolean"]
        return self._checked(term, refused, operand_type_error(word, node, self._text)).loose, True

    @staticmethod
    def _checked(
        term: Term, refused: list[str], error: Callable[[str], ExpressionTypeError]
    ) -> Truth:
        """The boolean, where the value has none of the refused types: there, an error."""

        def raised(kind: str) -> Sql:
            return sql.call("error", sql.text(text_to_raise(error(kind))))

        kinds = term.kinds
        value = term.boolean.loose if term.boolean else FALSE
        checked = sql.case(*((kinds[kind], raised(kind)) for kind in refused), otherwise=value)
        return Truth.of_condition(checked)

    def term(self, node: Node, scope: Scope) -> Term:
        """The value of a node; what is constant is computed here."""
        if _is_constant(node):
            context = Context(zone=ZoneInfo(self.columns.zone))
            try:
                return constant(evaluate(node, context))
            except ExpressionTypeError:
                pass  # SQL raises it for the rows that are asked, of which there may be none
        return _RULES[type(node)](self, node, scope)

    def look_up(self, node: nodes.Property, _scope: Scope) -> Term:
        columns = self.columns
        if node.source == "behaviors":
            raise ExpressionSourceError(
                "behaviors are only known to Mixpanel's profile queries",
                node,
                self._text,
                hint="ask the events themselves",
            )
        if node.source == "user" and columns.user is None:
            raise ExpressionSourceError(
                "the profiles of the events' users are not given",
                node,
                self._text,
                hint="fetch profiles, and name their table",
            )
        of_event = columns.event_name is not None
        if node.source == "event" and not of_event:
            return MISSING
        field = system_field(node.source, node.name, of_event=of_event)
        if field is not None:
            return _system_term(field, columns, of_user=node.source == "user")
        fields = columns.user if node.source == "user" else columns.properties
        return property_term(fields or columns.properties, node.name)

    def now(self, _node: nodes.Now, _scope: Scope) -> Term:
        if self.columns.now is not None:
            return constant(self.columns.now)
        seconds = Sql("CAST(floor(epoch(now())) AS BIGINT)")
        return Term(number=Number(seconds, double=False, bound=_LAST_SECOND, whole=seconds))

    def variable(self, node: nodes.Variable, scope: Scope) -> Term:
        return scope[node.name]

    def listed(self, node: nodes.ListOf, scope: Scope) -> Term:
        terms = tuple(self.term(item, scope) for item in node.items)
        return Term(items=(Items(TRUE, terms),), raises=any(term.raises for term in terms))

    def call(self, node: nodes.Call, scope: Scope) -> Term:
        arguments = [self.term(argument, scope) for argument in node.arguments]
        result = FUNCTIONS[node.function](*arguments)
        return replace(result, raises=any(term.raises for term in arguments))

    def negate(self, node: nodes.Negate, scope: Scope) -> Term:
        operand = self.term(node.operand, scope)
        return replace(conversions.negative(operand), raises=operand.raises)

    def arithmetic(self, node: nodes.Arithmetic, scope: Scope) -> Term:
        left, right = self.term(node.left, scope), self.term(node.right, scope)
        result = conversions.calculate(node.operator, left, right)
        return replace(result, raises=left.raises or right.raises)

    def compare(self, node: nodes.Compare, scope: Scope) -> Term:
        left, right = self.term(node.left, scope), self.term(node.right, scope)
        match node.operator:
            case "==":
                truth = equal(left, right, self.name)
            case "!=":
                truth = equal(left, right, self.name).reversed
            case "in":
                truth = membership(left, right, self.name)
            case "not in":
                truth = membership(left, right, self.name).reversed
            case sign:
                truth = ordering(sign, left, right)
        return truth.term(raises=left.raises or right.raises)

    def negation(self, node: nodes.Not, scope: Scope) -> Term:
        term = self.term(node.operand, scope)
        if term.only("boolean"):
            truth = term.boolean.reversed if term.boolean else Truth.plain(TRUE)
            return truth.term(raises=term.raises)
        value = sql.negated(term.boolean.exact) if term.boolean else NULL
        result = sql.case((term.missing, TRUE), otherwise=value)
        return Truth.plain(result).term(raises=term.raises)

    def both(self, node: nodes.And, scope: Scope) -> Term:
        truth, raises = _in_order([self.truth(part, "and", scope) for part in node.operands])
        return truth.term(raises=raises)

    def either(self, node: nodes.Or, scope: Scope) -> Term:
        truths = [self.truth(part, "or", scope) for part in node.operands]
        truth, raises = _in_order(truths, until=True)
        return truth.term(raises=raises)

    def any_item(self, node: nodes.AnyItem, scope: Scope) -> Term:
        listed = self.term(node.items, scope)
        found = [self._found(node, items, scope) for items in listed.items]
        truth = Truth(
            exact=sql.first(*(truth.exact for truth, _ in found)),
            loose=sql.any_of(*(truth.loose for truth, _ in found)),
        )
        return truth.term(raises=listed.raises or any(raises for _, raises in found))

    def _found(self, node: nodes.AnyItem, items: Items, scope: Scope) -> tuple[Truth, bool]:
        if items.terms is not None:
            truths = [
                self.truth(node.condition, "any", {**scope, node.variable: item})
                for item in items.terms
            ]
            found, raises = _in_order(truths, until=True)
            loose = sql.all_of(items.when, found.loose)
            return Truth(sql.case((items.when, found.exact)), loose), raises
        name = self.name()
        inner = {**scope, node.variable: item_term(name)}
        condition, raises = self.truth(node.condition, "any", inner)
        if not raises:
            exact, loose = (some(of, name, condition) for of in (items.json, items.every))
            return Truth(exact, loose), False
        before = self.name()
        step = sql.case((before, TRUE), otherwise=sql.is_true(condition))
        fold = Sql(f"lambda {before}, {name}: {step}")
        return Truth.plain(sql.call("list_reduce", items.json, fold, FALSE)), True


_RULES: dict[type[Node], Callable[[Compiler, Any, Scope], Term]] = {
    nodes.Undefined: lambda _compiler, _node, _scope: MISSING,
    nodes.Now: Compiler.now,
    nodes.Property: Compiler.look_up,
    nodes.Variable: Compiler.variable,
    nodes.ListOf: Compiler.listed,
    nodes.Call: Compiler.call,
    nodes.AnyItem: Compiler.any_item,
    nodes.Negate: Compiler.negate,
    nodes.Arithmetic: Compiler.arithmetic,
    nodes.Compare: Compiler.compare,
    nodes.Not: Compiler.negation,
    nodes.And: Compiler.both,
    nodes.Or: Compiler.either,
}


def _is_constant(node: Node) -> bool:
    return not any(
        isinstance(part, (nodes.Property, nodes.Variable, nodes.Now)) for part in nodes.walk(node)
    )


def _system_term(field: SystemField, columns: Columns, *, of_user: bool) -> Term:
    if field == "time":
        return _time(columns)
    if field == "event_name":
        return Term(string=Sql(columns.event_name or "NULL"))
    name = Sql((columns.user_id if of_user else columns.distinct_id) or "NULL")
    return Term(string=name, missing=sql.is_null(name))


def _time(columns: Columns) -> Term:
    moment = Sql(columns.event_time or "NULL")
    seconds = Sql(f"CAST(floor(epoch({moment})) AS BIGINT)")
    number = Number(seconds, double=False, bound=_LAST_SECOND, whole=seconds, moment=moment)
    return Term(number=number, missing=sql.is_null(moment))


def _in_order(truths: list[tuple[Sql, bool]], *, until: bool = False) -> tuple[Truth, bool]:
    """Operands from left to right as far as the first that is `until`, if any of them may raise.

    DuckDB is free to compute the sides of AND and OR in any order, the branches of CASE are not.
    """
    join, neutral = (sql.any_of, FALSE) if until else (sql.all_of, TRUE)
    result, raises = neutral, False
    for condition, may_raise in reversed(truths):
        raises = raises or may_raise
        if result == neutral:
            result = condition
        elif not raises:
            result = join(condition, result)
        elif until:
            result = sql.either(condition, TRUE, result)
        else:
            result = sql.either(condition, result, FALSE)
    return Truth.of_condition(result), raises
