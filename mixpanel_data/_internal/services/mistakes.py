"""Names and types in a question that its tables can't answer, told from the catalog of properties.

It is asked of every question, since it costs no scan; `zeros` looks at events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mixpanel_data._internal.expressions import (
    UNDEFINED,
    as_expression,
    nodes,
    parse,
    system_field,
)
from mixpanel_data._internal.expressions.values import instant
from mixpanel_data._internal.reports.events import Table
from mixpanel_data._internal.reports.registry import Filter, needs
from mixpanel_data.exceptions import near, warn
from mixpanel_data.queries import LocalQuestion

_NUMBERS = {"integer", "number"}
_WORDS = {"string": "text", "integer": "a number", "number": "a number", "boolean": "a boolean"}
_SYSTEM = {"time": "integer", "event_name": "string", "distinct_id": "string"}
"""The JSON kinds of what every row has."""


def check(query: LocalQuestion, tables: Sequence[Table], profiles: Table | None) -> None:
    """Warn of properties that are missing, and of values of a type that a property never has."""
    events = _Catalog.of(tables)
    users = _Catalog.of([profiles]) if profiles is not None else None
    needed = needs(query)
    for asked in dict.fromkeys(needed.filters):
        for node in nodes.walk(parse(as_expression(asked.text))):
            if isinstance(node, nodes.Property):
                known = users if node.source == "user" else events
                if known is not None:
                    known.check_name(node, asked)
            elif isinstance(node, nodes.Compare) and isinstance(node.left, nodes.Property):
                known = users if node.left.source == "user" else events
                if known is not None:
                    known.check_comparison(node, node.left)
    if needed.number is not None and events is not None:
        number = parse(as_expression(needed.number))
        if isinstance(number, nodes.Property) and number.source != "user":
            events.check_number(number)


@dataclass(frozen=True)
class _Catalog:
    """The properties of tables: by name, how many values there are of a kind, and on which event."""

    kinds: dict[str, Counter[str]]
    events: dict[str, set[str]]
    rows: dict[str, int]

    @classmethod
    def of(cls, tables: Sequence[Table]) -> _Catalog | None:
        """None where nobody has looked which properties there are."""
        if any(table.flat is None for table in tables):
            return None
        catalog = cls({}, {}, {})
        for table in tables:
            for name, info in (table.properties or {}).items():
                catalog.kinds.setdefault(name, Counter()).update(info.kinds)
                catalog.events.setdefault(name, set()).update(info.events)
                catalog.rows[name] = catalog.rows.get(name, 0) + info.rows
        return catalog

    def check_name(self, node: nodes.Property, asked: Filter) -> None:
        """Of properties that nobody has, all that can be said is "undefined"."""
        name = node.name
        if _system_kind(node) is not None:
            return
        if name not in self.kinds:
            who = "profile" if node.source == "user" else "event"
            warn(f"no {who} here has the property {name!r}{_meant(name, self.kinds)}")
        elif (
            node.source != "user"
            and asked.events
            and self.events[name].isdisjoint(asked.events)
            and self.events[name]
        ):
            of = " or ".join(map(repr, asked.events))
            known = {it for it, names in self.events.items() if not names.isdisjoint(asked.events)}
            others = ", ".join(map(repr, sorted(self.events[name])[:3]))
            warn(f"no {of} has the property {name!r}, which {others} has{_meant(name, known)}")

    def check_comparison(self, node: nodes.Compare, prop: nodes.Property) -> None:
        """A value of a type that the property never has is never equal, smaller or larger."""
        values = literals(node.right)
        found = self._kinds(prop)
        kinds = [_kinds(value) for value in values]
        if not found or not all(kinds) or not kinds:
            return
        if not found.isdisjoint(set().union(*kinds)):
            return
        truth = "always true" if node.operator in {"!=", "not in"} else "never true"
        is_of = " or ".join(sorted({_WORDS.get(kind, f"an {kind}") for kind in found}))
        other = None if node.operator in {"in", "not in"} else _in_kind(node, prop, found)
        meant = "" if other is None else f"; did you mean {other}?"
        warn(f"{node} is {truth}: {prop.name!r} is {is_of} in every event{meant}")

    def _kinds(self, prop: nodes.Property) -> set[str]:
        """The JSON kinds of its values."""
        reserved = _system_kind(prop)
        if reserved is not None:
            return {reserved}
        return (+self.kinds.get(prop.name, Counter())).keys() - {"null"}

    def check_number(self, prop: nodes.Property) -> None:
        """What is no number counts as 0, or not at all."""
        name = prop.name
        kinds = +self.kinds.get(name, Counter())
        numbers = sum(kinds[kind] for kind in _NUMBERS)
        others = {kind: rows for kind, rows in kinds.items() if kind not in {*_NUMBERS, "null"}}
        if not others or _system_kind(prop) is not None:
            return
        is_of = " or ".join(sorted({_WORDS.get(kind, f"an {kind}") for kind in others}))
        text = (
            f'; number(properties["{name}"]) reads text as a number' if "string" in others else ""
        )
        if not numbers:
            warn(f"{name!r} is no number in any event, but {is_of}{text}")
        else:
            share = f"{sum(others.values()):,} of {self.rows[name]:,}"
            warn(f"{name!r} is no number in {share} events of the table, but {is_of}{text}")


def literals(node: nodes.Node) -> tuple[nodes.Node, ...]:
    return node.items if isinstance(node, nodes.ListOf) else (node,)


def _kinds(node: nodes.Node) -> set[str]:
    """The JSON kinds that a literal is comparable to; none for what is no literal."""
    match node:
        case nodes.String():
            return {"string"}
        case nodes.Number() | nodes.Negate(operand=nodes.Number()):
            return _NUMBERS
        case nodes.Boolean():
            return {"boolean"}
    return set()


def _in_kind(node: nodes.Compare, prop: nodes.Property, found: set[str]) -> nodes.Compare | None:
    """The comparison in other words, for both sides to be of one type."""
    value = node.right
    if isinstance(value, nodes.String) and found <= _NUMBERS:
        if instant(value.value) is not UNDEFINED:
            return replace(node, right=nodes.Call("datetime", (value,)))
        number = _number(value.value)
        return None if number is None else replace(node, right=number)
    if isinstance(value, nodes.String) and found == {"boolean"}:
        spelled = value.value.strip().lower()
        is_one = spelled in {"true", "false"}
        return replace(node, right=nodes.Boolean(spelled == "true")) if is_one else None
    if found == {"string"} and node.operator in {"==", "!="}:
        return replace(node, right=nodes.String(str(value)))
    if found == {"string"} and _kinds(value) == _NUMBERS:
        return replace(node, left=nodes.Call("number", (prop,)))
    return None


def _system_kind(node: nodes.Property) -> str | None:
    field = system_field(node.source, node.name, of_event=True)
    return None if field is None else _SYSTEM[field]


def _number(text: str) -> nodes.Node | None:
    """The number that a text spells."""
    try:
        value = float(text)
        number = nodes.Number(int(value) if value.is_integer() else value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number


def _meant(name: str, known: set[str] | dict[str, Counter[str]]) -> str:
    bare = name.removeprefix("properties.")
    hint = f"did you mean {bare!r}?" if bare in known and bare != name else near(bare, known)
    return f": {hint}" if hint else ""
