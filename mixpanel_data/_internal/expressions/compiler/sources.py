"""Properties as terms: from typed columns where they tell all, else from JSON."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from mixpanel_data._internal.expressions.compiler import fragments as sql
from mixpanel_data._internal.expressions.compiler.columns import Fields
from mixpanel_data._internal.expressions.compiler.fragments import FALSE, NULL, Sql
from mixpanel_data._internal.expressions.compiler.terms import (
    MISSING,
    Items,
    Number,
    Term,
    Truth,
)
from mixpanel_data._internal.sql import quote
from mixpanel_data.types import PropertyInfo

ALL_KINDS = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})

_NUMBERS = {
    frozenset({"integer", "number"}): ["BIGINT", "UBIGINT", "DOUBLE"],
    frozenset({"integer"}): ["BIGINT", "UBIGINT"],
    frozenset({"number"}): ["DOUBLE"],
}
_INT64 = float(2**63)
_UINT64 = float(2**64)


@dataclass(frozen=True)
class JsonValue:
    """A JSON value: all of `document`, or what is at a pointer in it.

    `kinds` are the JSON types it may have, as `PropertyInfo` names them.
    """

    document: Sql
    pointer: str | None = None
    kinds: Collection[str] = field(default=ALL_KINDS)
    optional: bool = True

    @classmethod
    def item(cls, variable: str) -> JsonValue:
        """The item of a list, in a lambda."""
        return cls(Sql(variable), optional=False)

    def _at(self, function: str, *, otherwise: str | None = None) -> Sql:
        pointer = self.pointer if self.pointer is not None else otherwise
        path = () if pointer is None else (sql.text(pointer),)
        return sql.call(function, self.document, *path)

    @property
    def json(self) -> Sql:
        """The value, of type JSON."""
        return self.document if self.pointer is None else self._at("json_extract")

    @property
    def text(self) -> Sql:
        """The text of a string, the spelling of anything else."""
        return self._at("json_extract_string", otherwise="$")

    @property
    def type(self) -> Sql:
        """The name of the type, NULL where there is no value."""
        return self._at("json_type")

    @property
    def structure(self) -> Sql:
        """The JSON of a list or an object."""
        return sql.case((self._is(["ARRAY", "OBJECT"]), self.json))

    def _only(self, types: list[str], value: Sql) -> Sql:
        if len(self.kinds) == 1:
            return value
        return sql.case((self._is(types), value))

    def _is(self, types: list[str]) -> Sql:
        if len(types) > 1:
            return sql.one_of(self.type, list(map(sql.text, types)))
        return sql.infix(self.type, "=", sql.text(types[0]))

    def term(self, column: Sql | None = None) -> Term:
        """The value as a term; `column` has its text."""
        kinds = self.kinds
        return Term(
            string=self._only(["VARCHAR"], self.text) if "string" in kinds else None,
            number=self._number(),
            boolean=(
                Truth.plain(self._only(["BOOLEAN"], sql.infix(self.text, "=", sql.text("true"))))
                if "boolean" in kinds
                else None
            ),
            items=(self._items(),) if "array" in kinds else (),
            record=self._only(["OBJECT"], self.json) if "object" in kinds else None,
            null=self._is(["NULL"]) if "null" in kinds else FALSE,
            missing=sql.is_null(self.type) if self.optional else FALSE,
            json=self.json,
            column=column,
        )

    def _number(self) -> Number | None:
        kinds = frozenset({"integer", "number"} & set(self.kinds))
        if not kinds:
            return None
        integers = _NUMBERS[frozenset({"integer"})]
        whole = NULL
        if "integer" in kinds:
            whole = sql.case((self._is(integers), sql.cast(self.text, "HUGEINT")))
        return Number(
            sql.case((self._is(_NUMBERS[kinds]), sql.cast(self.text, "DOUBLE"))),
            bound=_UINT64 if kinds == {"integer"} else float("inf"),
            whole=whole,
            text=self.text,
        )

    def _items(self) -> Items:
        value = self._only(["ARRAY"], sql.call("json_extract", self.json, sql.text("$[*]")))
        return Items(sql.infix(self.type, "=", sql.text("ARRAY")), json=value)


def property_term(fields: Fields, name: str) -> Term:
    """The property of this name."""
    value = JsonValue(Sql(fields.json), "/" + name.replace("~", "~0").replace("/", "~1"))
    if fields.known is None:
        return value.term()
    info = fields.known.get(name)
    if info is None:
        return MISSING
    value = JsonValue(value.document, value.pointer, frozenset(info.kinds))
    if info.column is None or fields.flat is None:
        return value.term()
    column = Sql(f"{quote(fields.flat)}.{quote(info.column)}")
    return _of_column(info, column, value)


def _of_column(info: PropertyInfo, column: Sql, value: JsonValue) -> Term:
    kinds = value.kinds - {"null"} if isinstance(value.kinds, frozenset) else set(value.kinds)
    nulls = "null" in value.kinds
    null = value.term().null
    missing = value.term().missing if nulls else sql.is_null(column)
    match info.type:
        case "BIGINT":
            number = Number(column, double=False, bound=_INT64, whole=column)
            return Term(number=number, null=null, missing=missing)
        case "DOUBLE":
            number = Number(column, text=sql.cast(column, "VARCHAR"))
            return Term(number=number, null=null, missing=missing)
        case "BOOLEAN":
            return Term(boolean=Truth.plain(column), null=null, missing=missing)
        case "JSON":
            return JsonValue(column, None, kinds).term() if not nulls else value.term()
    if kinds == {"string"}:
        return Term(string=column, null=null, missing=missing, column=column)
    return value.term(column)
