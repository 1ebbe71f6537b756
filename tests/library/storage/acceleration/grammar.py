"""Queries over `events` and `profiles`, as people write them and worse."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.library.storage.acceleration.data import PROPERTIES

_NAMES = st.sampled_from([*PROPERTIES, "number", "text", "whole", "nope"])
_TYPES = st.sampled_from(
    ["DOUBLE", "BIGINT", "INTEGER", "DECIMAL(9, 2)", "VARCHAR", "BOOLEAN", "DATE", "float8", "JSON"]
)
_ALIASES = st.sampled_from(
    ["x", "text", "number", "event_name", "Properties", "rowid", '"text #1"', "events", "e"]
)
_LITERALS = st.sampled_from(["'a'", "'5'", "''", "'true'", "NULL", "'1e22'"])
_ODD_PATHS = st.sampled_from(
    ["$.object.b", "$.list[0]", "$.*", "$", "", "/object/b", "$.a.b", "a.b", "$..b", "list[0]"]
)

Text = st.SearchStrategy[str]


@dataclass(frozen=True)
class From:
    """A FROM clause, and how `properties` and a user are called there."""

    sql: str
    columns: tuple[str, ...]
    user: str = "distinct_id"
    names: tuple[str, ...] = ()


FROMS = [
    From("events", ("properties", "events.properties"), names=("events",)),
    From("events", ("EVENTS.Properties",), names=("events",)),
    From("main.events", ("properties", "events.properties"), names=("events",)),
    From("events e", ("properties", "e.properties"), names=("e",)),
    From("events AS event_name", ("properties", "event_name.properties")),
    From("events AS properties", ("properties", "properties.properties")),
    From("events AS e(event_name, event_time, u, i, properties)", ("properties",), "u"),
    From("events e JOIN profiles p USING (distinct_id)", ("e.properties", "p.properties"), "p.distinct_id", ("e", "p")),
    From("events e LEFT JOIN profiles p ON e.distinct_id = p.distinct_id", ("e.properties", "p.properties", "properties"), "e.distinct_id", ("e", "p")),
    From("events e JOIN profiles p ON e.properties->>'text' = p.properties->>'text'", ("e.properties", "p.properties"), "e.distinct_id", ("e", "p")),
    From("events a JOIN events b ON a.distinct_id = b.distinct_id", ("a.properties", "b.properties"), "b.distinct_id", ("a", "b")),
    From("events NATURAL JOIN profiles", ("properties", "events.properties"), names=("events",)),
    From("events JOIN profiles USING (properties)", ("properties",), "profiles.distinct_id"),
    From("events, mine m", ("properties", "m.properties", "events.properties"), "m.u", ("events",)),
    From("events e, plain", ("properties", "e.properties"), "plain.u", ("e",)),
    From("events e, LATERAL (SELECT e.properties->>'text' AS t, properties->>'whole' AS w) l", ("properties", "e.properties"), "e.distinct_id", ("e",)),
    From("events e, unnest([1, 2]) AS u(i)", ("properties", "e.properties"), "e.distinct_id", ("e",)),
    From("(SELECT * FROM events) e", ("properties", "e.properties")),
    From("(SELECT distinct_id, properties FROM events) e", ("properties",)),
    From("(SELECT distinct_id, properties->>'text' AS text, properties FROM events WHERE properties->>'text' <> 'b') e", ("properties", "e.properties")),
    From("seen", ("properties", "seen.properties")),
    From("events TABLESAMPLE 100%", ("properties",)),
    From("(FROM events SELECT distinct_id, properties->>'number' AS properties)", ("properties",)),
]  # fmt: skip

PLACES = st.sampled_from([*FROMS, *FROMS[:4] * 3, *FROMS[7:11] * 2])
"""The usual ones more often."""


_ANY = ("properties", "e.properties", "events.properties", "p.properties")
INNER = [
    *FROMS[:4],
    From("mine", _ANY),
    From("plain e", _ANY),
    From("plain AS events", _ANY),
    From("odd", _ANY),
    From("(SELECT '{}'::JSON AS e, '{}'::JSON AS events) s", _ANY),
    From("(SELECT properties AS e, u FROM mine) s", _ANY),
    From("query_table('mine')", _ANY),
    From("texts('a')", _ANY),
    From("profiles e", _ANY),
]
"""For subqueries, where a name may mean something of the query around."""


def extractions(columns: tuple[str, ...]) -> Text:
    """One property as text, by every way to write it."""
    column = st.sampled_from(columns)
    path = st.one_of(
        _NAMES.map(_quoted),
        _NAMES.filter(lambda name: "." not in name and '"' not in name).map("$.{}".format),
        _NAMES.filter(lambda name: '"' not in name),
        _NAMES.map("/{}".format),
    )
    usual = st.builds(_extraction, column, path)
    odd = st.builds(_extraction, column, _ODD_PATHS) | column.map("{}->>1".format)
    return st.sampled_from([usual] * 9 + [odd]).flatmap(lambda chosen: chosen)


def _quoted(name: str) -> str:
    return '$."' + name.replace('"', '\\"') + '"'


def _extraction(column: str, path: str) -> str:
    literal = "'" + path.replace("'", "''") + "'"
    if len(path) % 3 == 0:
        return f"json_extract_string({column}, {literal})"
    return f"({column} ->> {literal})"


def values(place: From) -> Text:
    """Expressions that don't fail."""
    text = extractions(place.columns)
    cast = st.builds("TRY_CAST({} AS {})".format, text, _TYPES)
    built = st.one_of(
        st.builds("upper({})".format, text),
        st.builds("coalesce({}, {})".format, text, text),
        st.builds("{} || '!'".format, text),
        st.builds("CASE WHEN {} = {} THEN {} ELSE 'other' END".format, text, _LITERALS, text),
        st.builds("length(trim({}))".format, text),
        st.builds("{{'k': {}}}".format, text),
        st.builds("[{}, {}]".format, text, text),
        st.builds("CAST({} AS VARCHAR)".format, text),
    )
    whole = st.sampled_from([*place.columns, *place.names, f"{place.columns[0]}->'$.object'"])
    inside = st.sampled_from(INNER).flatmap(
        lambda other: st.builds(
            "(SELECT min(upper({})) FROM {})".format, extractions(other.columns), st.just(other.sql)
        )
    )
    keys = st.sampled_from([place.user, place.user, "event_name", "event_time", "rowid"])
    usual = [text, text, text, cast, cast, cast, built, built, keys, keys, whole, inside]
    return st.sampled_from(usual).flatmap(lambda chosen: chosen)


def predicates(place: From) -> Text:
    """Conditions that don't fail, subqueries included."""
    text = extractions(place.columns)
    inner = st.sampled_from(INNER)
    exists = inner.flatmap(
        lambda other: st.builds(
            "EXISTS (SELECT 1 FROM {} WHERE {} = {})".format,
            st.just(other.sql),
            extractions(other.columns),
            extractions(place.columns),
        )
    )
    within = inner.flatmap(
        lambda other: st.builds(
            "{} IN (SELECT {} FROM {})".format, text, extractions(other.columns), st.just(other.sql)
        )
    )
    simple = st.one_of(
        st.builds("{} = {}".format, text, _LITERALS),
        st.builds("{} IN ({}, {})".format, text, _LITERALS, _LITERALS),
        st.builds("TRY_CAST({} AS DOUBLE) > 1".format, text),
        st.builds("TRY_CAST({} AS BIGINT) BETWEEN 0 AND 5".format, text),
        st.builds("{} IS NOT NULL".format, text),
        st.builds("{} LIKE '%a%'".format, text),
        exists,
        within,
    )
    return simple | st.builds("({} OR NOT {})".format, simple, simple)


@st.composite
def lists(draw: st.DrawFn, place: From) -> str:
    """A SELECT list, some of it under other names."""
    items = []
    for value in draw(st.lists(values(place), min_size=1, max_size=3)):
        items.append(f"{value} AS {draw(_ALIASES)}" if draw(st.booleans()) else value)
    return ", ".join(items)


@st.composite
def plain(draw: st.DrawFn, place: From) -> str:
    condition = draw(st.none() | predicates(place))
    where = f" WHERE {condition}" if condition else ""
    ending = draw(st.sampled_from(["", "", " ORDER BY 1", " ORDER BY ALL", " ORDER BY x"]))
    distinct = draw(st.sampled_from(["", "", "DISTINCT "]))
    return f"SELECT {distinct}{draw(lists(place))} FROM {place.sql}{where}{ending}"


@st.composite
def grouped(draw: st.DrawFn, place: From) -> str:
    """By position, by all, by an alias or by an expression that is there, or nearly."""
    text = extractions(place.columns)
    key = draw(values(place))
    counted = draw(
        st.one_of(
            st.builds("count({})".format, text),
            st.builds("count(DISTINCT {})".format, text),
            st.builds("max(TRY_CAST({} AS DOUBLE))".format, text),
            st.builds("min({})".format, text),
            st.builds("count(*) FILTER ({})".format, predicates(place)),
            st.builds("TRY_CAST({} AS DOUBLE)".format, st.just(key)),
            st.just("count(*)"),
        )
    )
    by = draw(st.sampled_from(["1", "ALL", "x", key]))
    having = draw(
        st.sampled_from(["", "", " HAVING count(*) > 1", f" HAVING {counted} IS NOT NULL"])
    )
    order = draw(st.sampled_from(["", " ORDER BY 2", " ORDER BY ALL DESC", f" ORDER BY {key}"]))
    return f"SELECT {key} AS x, {counted} FROM {place.sql} GROUP BY {by}{having}{order}"


@st.composite
def windowed(draw: st.DrawFn, place: From) -> str:
    text = extractions(place.columns)
    over = f"PARTITION BY {draw(text)} ORDER BY {draw(values(place))}"
    ranked = f"rank() OVER ({over}), count({draw(text)}) OVER w"
    qualify = draw(st.sampled_from(["", f" QUALIFY rank() OVER ({over}) = 1"]))
    return f"SELECT {ranked} FROM {place.sql} WINDOW w AS ({over}){qualify}"


@st.composite
def starred(draw: st.DrawFn, place: From) -> str:
    of = draw(st.sampled_from(["*", "COLUMNS('event.*')", "* EXCLUDE (properties)", "count(*)"]))
    more = draw(st.sampled_from(["", f", {draw(extractions(place.columns))}"]))
    return f"SELECT {of}{more} FROM {place.sql} WHERE {draw(predicates(place))}"


@st.composite
def wrapped(draw: st.DrawFn) -> str:
    """CTEs, among them ones that take the name of a table, and queries of queries."""
    name = draw(st.sampled_from(["c", "events", "profiles", "e"]))
    inner = draw(selects())
    place = draw(PLACES)
    outer = draw(
        st.one_of(
            st.just(f"SELECT * FROM {name}"),
            st.just(f"SELECT x, count(*) FROM {name} GROUP BY ALL"),
            plain(place),
            grouped(place),
            st.builds("SELECT *, {} FROM {}, {}".format, extractions(place.columns), st.just(place.sql), st.just(name)),
        )
    )  # fmt: skip
    if draw(st.booleans()):
        return f"WITH {name} AS ({inner}) {outer}"
    return f"SELECT * FROM ({inner}) AS {name}"


@st.composite
def combined(draw: st.DrawFn) -> str:
    places = draw(st.tuples(PLACES, PLACES))
    one, other = (f"SELECT {draw(extractions(p.columns))} FROM {p.sql}" for p in places)
    by = draw(st.sampled_from(["UNION", "UNION ALL", "EXCEPT", "INTERSECT", "UNION ALL BY NAME"]))
    return f"{one} {by} {other}{draw(st.sampled_from(['', ' ORDER BY 1']))}"


def selects() -> Text:
    kinds = [plain, plain, plain, grouped, grouped, grouped, windowed, starred]
    return st.tuples(st.sampled_from(kinds), PLACES).flatmap(lambda chosen: chosen[0](chosen[1]))


def queries() -> Text:
    return st.one_of(selects(), selects(), combined(), wrapped())


def failing() -> Text:
    """Casts that may fail, where every row is cast whatever the plan."""
    return st.sampled_from(FROMS[:4]).flatmap(
        lambda place: st.builds(
            "SELECT CAST({} AS {}) FROM {}".format,
            extractions(place.columns),
            _TYPES,
            st.just(place.sql),
        )
    )
