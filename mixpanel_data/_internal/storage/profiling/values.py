"""The values of one property or column, wherever they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mixpanel_data._internal.sql import literal, pointer, quote
from mixpanel_data._internal.storage.flat import columns
from mixpanel_data._internal.storage.flat.survey import KINDS
from mixpanel_data._internal.storage.profiling.measures import FLOATING, WHOLE
from mixpanel_data._internal.storage.snapshot import TableSnapshot
from mixpanel_data.exceptions import InvalidArgumentError, command, near
from mixpanel_data.types import PropertyInfo

_LOOKED = "temp.main._looked"
_PLAIN = WHOLE | FLOATING | {"BOOLEAN", "VARCHAR", "JSON", "DATE", "TIMESTAMP"}
_NUMBERS = {"integer", "number"}


@dataclass(frozen=True)
class Values:
    """The values of a property in the rows that are looked at.

    `sql` has columns `event`, `value` and `kind` (of JSON, or time), without rows that have no
    value; `value` is of `type`. `null` counts rows that have the property but no value, `column`
    is the column that has them.
    """

    sql: str
    type: str
    null: int
    column: str | None = None

    @property
    def numbers(self) -> tuple[str, str]:
        """SQL of those that are numbers, and its type."""
        if is_number(self.type):
            return self.sql, self.type
        number = f"TRY_CAST({self._text} AS DOUBLE)"
        return f"SELECT {number} AS value FROM ({self._of('number')}) WHERE isfinite({number})", (
            "DOUBLE"
        )

    @property
    def texts(self) -> str:
        """SQL of those that are strings."""
        return f"SELECT {self._text} AS value FROM ({self._of('string')})"

    @property
    def times(self) -> str:
        """SQL of those that are dates or times."""
        return self._of("time")

    def nested(self, kind: str) -> str:
        """SQL of the arrays, or of the objects, as JSON."""
        return f"SELECT CAST(value AS JSON) AS value FROM ({self._of(kind)})"

    @property
    def _text(self) -> str:
        return "value ->> '$'" if self.type == "JSON" else "value"

    def _of(self, kind: str) -> str:
        return f"SELECT value FROM ({self.sql}) WHERE kind = {literal(kind)}"


def find(source: TableSnapshot, name: str, event: str | None) -> Values:
    """The values of a property, else of a column, in the rows of an event or in all."""
    info = next((info for info in source.properties if info.property == name), None)
    if info is not None and info.column is not None and not is_mixed(info):
        return _in_flat(source, info, event)
    found = None
    if source.has_json and (info is not None or source.flat is None):
        found = _in_json(source, name, event, info.column if info else None)
    return found or _in_column(source, name, event)


def is_mixed(info: PropertyInfo) -> bool:
    """Whether its column, being text, has lost which values were strings."""
    return info.type == "VARCHAR" and not info.kinds.keys() <= {"string", "null"}


def is_number(kind: str) -> bool:
    """Whether a type holds numbers only."""
    return kind in WHOLE | FLOATING or kind.startswith("DECIMAL")


def read(declared: str, column: str) -> tuple[str, str]:
    """The type in which a column of any table is looked at, and SQL of its values in that type.

    Nested values are JSON; what JSON has no kind for is text.
    """
    if declared in _PLAIN or is_number(declared):
        return declared, column
    if declared.startswith("TIMESTAMP"):
        return "TIMESTAMP", f"CAST({column} AS TIMESTAMP)"
    if declared.endswith("]") or declared.startswith(("STRUCT", "MAP", "UNION")):
        return "JSON", f"to_json({column})"
    return "VARCHAR", f"CAST({column} AS VARCHAR)"


# -- the three places ---------------------------------------------------------------------------


def _in_flat(source: TableSnapshot, info: PropertyInfo, event: str | None) -> Values:
    where = source.only(event)
    null = info.kinds.get("null", 0)
    if null and event is not None:
        null = source.count(f"{where} AND json_type(properties, {_at(info.property)}) = 'NULL'")
    column, type_ = quote(str(info.column)), str(info.type)
    flat = f"main.{quote(str(source.flat))}"
    return Values(_values(source, flat, column, type_, where), type_, null, info.column)


def _in_column(source: TableSnapshot, name: str, event: str | None) -> Values:
    where = source.only(event)
    spelled = _spelled(source, name)
    column = quote(spelled)
    type_, value = read(source.columns[spelled], column)
    null = source.count(f"{where} AND {column} IS NULL")
    return Values(_values(source, source.sql, value, type_, where), type_, null, spelled)


def _in_json(
    source: TableSnapshot, name: str, event: str | None, column: str | None
) -> Values | None:
    """Values from the JSON, of the type that a flat table would have; None if no row has any."""
    where = source.only(event)
    kind = f"json_type(properties, {_at(name)})"
    source.connection.execute(f"""
        CREATE TEMP TABLE _looked AS
        SELECT {_event(source)} AS event_name, {kind} AS kind, properties ->> {_at(name)} AS text
        FROM {source.sql}
        WHERE {kind} IS NOT NULL
    """)
    kinds = [KINDS[kind] for (kind,) in source.rows(f"SELECT DISTINCT kind FROM {_LOOKED}")]
    if not kinds:
        return None
    type_ = _fitting(source, kinds)
    (null,) = source.row(f"SELECT count(*) FROM {_LOOKED} WHERE kind = 'NULL' AND {where}")
    sql = (
        f"SELECT event_name AS event, {_of_text(type_)} AS value, {_named('kind')} AS kind "
        f"FROM {_LOOKED} WHERE kind <> 'NULL' AND {where}"
    )
    return Values(sql, type_, null, column)


# -- SQL ----------------------------------------------------------------------------------------


def _values(source: TableSnapshot, table: str, value: str, type_: str, where: str) -> str:
    return (
        f"SELECT event, value, {_kind(type_)} AS kind FROM ("
        f"SELECT {_event(source)} AS event, {value} AS value FROM {table} WHERE {where}"
        ") WHERE value IS NOT NULL"
    )


def _event(source: TableSnapshot) -> str:
    return "event_name" if source.has_events else "NULL"


def _at(name: str) -> str:
    return literal(pointer(name))


def _kind(type_: str) -> str:
    """SQL of the kind that a value of this type has."""
    if type_ == "JSON":
        return _named("json_type(value)")
    if is_number(type_):
        return "'number'"
    return {"BOOLEAN": "'boolean'", "VARCHAR": "'string'"}.get(type_, "'time'")


def _named(kind: str) -> str:
    """SQL of our name for DuckDB's name of a JSON kind; JSON itself has one kind of number."""
    pairs = {theirs: "number" if ours in _NUMBERS else ours for theirs, ours in KINDS.items()}
    listed = ", ".join(f"{literal(theirs)}: {literal(ours)}" for theirs, ours in pairs.items())
    return f"map {{{listed}}}[{kind}]"


def _fitting(source: TableSnapshot, kinds: Iterable[str]) -> str:
    """The type of the column that a flat table would have for these values."""
    type_ = columns.type_of(kinds)
    if not is_number(type_):
        return type_
    fits = f"coalesce(isfinite(CAST({_of_text(type_)} AS DOUBLE)), false)"
    (all_fit,) = source.row(f"SELECT bool_and({fits}) FROM {_LOOKED} WHERE kind <> 'NULL'")
    return type_ if all_fit else "VARCHAR"


def _of_text(type_: str) -> str:
    if type_ == "VARCHAR":
        return "text"
    return columns.double("text") if type_ == "DOUBLE" else f"TRY_CAST(text AS {type_})"


def _spelled(source: TableSnapshot, name: str) -> str:
    """A column as it is really spelled."""
    if (column := source.spelled(name)) is not None:
        return column
    names = [*(info.property for info in source.properties), *source.columns]
    raise InvalidArgumentError(
        f"table {source.name!r} has no {'property' if source.has_json else 'column'} {name!r}",
        hint=near(name, names) or command("schema", source.name),
    )
