"""Days that several tables have are read from one of them: nothing counts twice, in any report."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data import InvalidArgumentError, queries
from mixpanel_data.queries import LocalOptions
from mixpanel_data.types import TableMetadata
from tests.histories import NAMES, Past, pasts
from tests.library.reports.asking import AS_OF, Project, store, store_users
from tests.library.reports.conftest import FETCHED, JANUARY
from tests.library.reports.test_cases import event
from tests.library.reports.test_coverage import told
from tests.library.reports.test_oracles import figures, funnels, rounded
from tests.oracles import day_of, flows, funnel, retention, segmentation
from tests.oracles.history import History
from tests.oracles.tables import Fetched, UndecidedError, read_once

UTC_DAYS = {"timezone": "UTC"}
FILTERS = [None, None, None, 'defined(properties["p"])', 'properties["p"] != null']
names = st.sampled_from(NAMES)


@st.composite
def fetched(draw: st.DrawFn, past: Past, arrived: list[int]) -> Fetched:
    """A fetch of some of the days: it has what had arrived by then, passes, and is asked for."""
    first = past.first + timedelta(days=draw(st.sampled_from([-40, -2, -1, 0, 1])))
    last = first + timedelta(days=draw(st.sampled_from([0, 1, 3, 80])))
    turn = draw(st.integers(0, 2))
    listed = draw(st.none() | st.just(set(NAMES)) | st.sets(names, min_size=1))
    where = draw(st.sampled_from(FILTERS))
    limit = draw(st.sampled_from([None, None, None, None, 3]))
    everything = History.of(past.events, "UTC", past.users)
    came = [
        sent
        for sent, act, turn_of in zip(past.events, everything.acts, arrived, strict=True)
        if first <= day_of(sent) <= last and turn_of <= turn and everything.passes(act, where)
        if listed is None or sent["event"] in listed
    ]
    at = AS_OF + timedelta(seconds=turn)
    asked = None if listed is None else frozenset(listed)
    return Fetched(first, last, at, came[:limit], asked, where, limit)


@st.composite
def questions(draw: st.DrawFn, past: Past) -> tuple[Any, set[str] | None, timedelta, timedelta]:
    """A question, the names that it reads, and how long before and after its days."""
    asked: dict[str, Any] = dict(past.days)
    nothing, one = timedelta(), draw(names)
    match draw(st.sampled_from(["segmentation", "funnel", "retention", "frequency", "flows"])):
        case "segmentation":
            return queries.LocalSegmentation(event=one, **asked), {one}, nothing, nothing
        case "funnel":
            steps = draw(funnels(past))
            read = {it.event for it in (*steps.steps, *steps.exclusions)}
            early = timedelta(seconds=steps.grace_seconds * len(steps.steps))
            return steps, read, early, timedelta(seconds=steps.window_seconds)
        case "retention":
            back = draw(st.none() | names)
            query = queries.LocalRetention(
                born_event=one, return_event=back, retention_type="birth", as_of=AS_OF, **asked
            )
            days = query.interval_days * (query.interval_count + 1)
            return query, None if back is None else {one, back}, nothing, timedelta(days=days)
        case "frequency":
            event = draw(st.none() | names)
            query = queries.LocalFrequency(unit="day", addiction_unit="hour", event=event, **asked)
            return query, None if event is None else {event}, nothing, nothing
    window = timedelta(days=1)
    return queries.Flows(event=one, forward=1, length=1, **asked), None, nothing, window


def answers(
    query: Any, options: LocalOptions, project: Project, history: History
) -> tuple[Any, Any]:
    """What the report says, and what the oracle does."""
    match query:
        case queries.LocalSegmentation():
            found = project.ask(query, options).series
            return found, segmentation.segmentation(query, history)
        case queries.LocalFunnel():
            found = figures(project.ask(query, options))
            return rounded(found), rounded(funnel.funnel(query, history))
        case queries.LocalRetention():
            cohorts = project.ask(query, options).cohorts
            found = [(it.segment, it.date, it.size, it.counts, it.complete) for it in cohorts]
            return found, retention.retention(query, history, AS_OF.replace(tzinfo=UTC))
        case queries.LocalFrequency():
            periods = project.ask(query, options).periods
            found = [(it.segment, it.date, it.counts) for it in periods]
            return found, retention.frequency(query, history)
    links = project.ask(query, options).links
    expected = flows.links(query, flows.paths(query, history))
    return {(it.step, it.source, it.target): it.count for it in links}, expected


@pytest.mark.filterwarnings("ignore::mixpanel_data.MixpanelDataWarning")
@given(st.data(), pasts(), st.booleans())
def test_each_event_counts_once(project: Project, data, past: Past, flat: bool):
    for sent in past.events:
        if data.draw(st.booleans()):
            del sent["properties"]["$insert_id"]
    turns = st.lists(st.integers(0, 2), min_size=len(past.events), max_size=len(past.events))
    arrived = data.draw(turns)
    tables = data.draw(st.lists(fetched(past, arrived), min_size=2, max_size=3))
    called = tuple(f"fetched_{number}" for number in range(len(tables)))
    for name, table in zip(called, tables, strict=True):
        facts = TableMetadata(
            "events", table.at, str(table.first), str(table.last),
            filter_events=None if table.names is None else sorted(table.names),
            filter_where=table.where, filter_limit=table.limit,
        )  # fmt: skip
        store(project.storage, name, table.events, flat=flat, facts=facts)
    store_users(project.storage, past.users, flat=flat)
    query, read, early, late = data.draw(questions(past))
    days = History.of([], past.zone)
    start = datetime.combine(past.first, datetime.min.time(), days.zone) - early
    end = datetime.combine(past.last + timedelta(days=1), datetime.min.time(), days.zone) + late
    last = (end.astimezone(UTC) - timedelta(microseconds=1)).date()
    options: LocalOptions = {"table": called, "timezone": past.zone}
    try:
        counted = read_once(tables, read, start.astimezone(UTC).date(), last)
    except UndecidedError:
        with pytest.raises(
            InvalidArgumentError, match=r"share .*, and none of them has all events"
        ):
            project.local.explain(replace(query, **options))
        return
    project.local.explain(replace(query, **options))
    history = History.of(counted, past.zone, past.users)
    try:
        found, expected = answers(query, options, project, history)
    except InvalidArgumentError as error:
        if not re.search("no local data for|has no event|was fetched for", error.message):
            raise
    else:
        assert found == expected


# -- the rules, one by one -------------------------------------------------------------------------

MONTHS = ("2024-01-01", "2024-02-29")
FEBRUARY = ("2024-01-31", "2024-02-29")


def earlier(days: int = 1) -> datetime:
    return FETCHED - timedelta(days=days)


def ask(ws, *tables: str, **more: Any) -> tuple[int, list[str]]:
    found: list[Any] = []
    asked = {"table": list(tables), **UTC_DAYS, **more}
    said = told(lambda: found.append(ws.local.segmentation("A", *MONTHS, **asked)))
    return found[0].total, said


@pytest.fixture
def months(put):
    """Two tables that share a day, of which the later fetch saw one event more."""

    def hold(jan: dict[str, Any], feb: dict[str, Any]) -> None:
        on_both = event("A", "u", "2024-01-31 12:00")
        put(event("A", "u", "2024-01-05"), on_both, table="jan", **jan)
        late = event("A", "v", "2024-01-31 13:00")
        put(on_both, late, event("A", "u", "2024-02-05"), table="feb", **dict(zip(("first", "last"), FEBRUARY, strict=True)), **feb)  # fmt: skip

    return hold


@pytest.mark.parametrize("tables", [("jan", "feb"), ("feb", "jan")])
def test_a_shared_day_is_read_from_the_table_that_was_fetched_last(ws, months, tables):
    months({"fetched": earlier()}, {})
    share = f"tables {tables[0]!r} and {tables[1]!r} share 2024-01-31"
    assert ask(ws, *tables) == (4, [f"{share}: read from 'feb', which was fetched last"])
    assert ask(ws, *tables, dedupe=False)[0] == 4
    months({}, {"fetched": earlier()})
    assert ask(ws, *tables) == (3, [f"{share}: read from 'jan', which was fetched last"])


def test_of_tables_fetched_in_the_same_second_the_one_named_last_is_read(ws, months):
    months({}, {})
    assert ask(ws, "jan", "feb")[0] == 4
    assert ask(ws, "feb", "jan")[0] == 3


@pytest.mark.parametrize(
    "how", [{"filter_where": 'properties["x"] == 1'}, {"filter_limit": 3}, {"filter_events": ["B"]}]
)
def test_a_full_copy_is_read_before_a_part(ws, months, how):
    months({"fetched": earlier()}, how)
    total, said = ask(ws, "jan", "feb")
    if "filter_events" in how:  # which has none of the events that are asked for
        assert total == 5
        assert not any("share" in it for it in said)
        return
    assert total == 3
    assert said[0] == (
        "tables 'jan' and 'feb' share 2024-01-31: read from 'jan', which was fetched last of those"
        " that have all of them"
    )


def test_a_part_without_an_event_of_the_report_gives_way(ws, put):
    day = {"first": "2024-01-31", "last": "2024-01-31"}
    put(event("A", "u", "2024-01-31 01:00"), event("B", "u", "2024-01-31 02:00"), table="all", fetched=earlier(), **day)  # fmt: skip
    put(event("A", "u", "2024-01-31 01:00"), table="some", filter_events=["A"], **day)
    local = ws.local.on("all", "some", **UTC_DAYS)
    days = ("2024-01-31", "2024-01-31")
    found: list[Any] = []
    hour = {"length": 1, "length_unit": "hour"}
    said = [
        *told(lambda: found.append(local.funnel(["A", "B"], *days, **hour))),
        *told(lambda: found.append(local.segmentation("A", *days))),
        *told(lambda: found.append(local.frequency(*days))),
    ]
    funnel, segmentation, frequency = found
    assert [it.count for it in funnel.steps] == [1, 1]
    assert segmentation.total == 1
    assert frequency.periods[0].counts[:3] == (1, 1, 0)
    share = "tables 'all' and 'some' share 2024-01-31: read from"
    full = f"{share} 'all', which was fetched last of those that have all of them"
    last = f"{share} 'some', which was fetched last"
    assert [it for it in said if "share" in it] == [full, last, full]


def test_tables_of_different_events_share_nothing(ws, put):
    days = dict(zip(("first", "last"), JANUARY, strict=True))
    put(event("A", "u", "2024-01-05"), table="a", filter_events=["A", "C"], **days)
    put(event("B", "u", "2024-01-06"), event("C", "u", "2024-01-07"), table="b", filter_events=["B", "C"], fetched=earlier(), **days)  # fmt: skip
    local = ws.local.on("a", "b", **UTC_DAYS)
    found: list[Any] = []
    funnel = told(lambda: found.append(local.funnel(["A", "B"], "2024-01-01", "2024-01-20")))
    assert [it.count for it in found[0].steps] == [1, 1]
    assert not any("share" in it for it in funnel)
    said = told(lambda: found.append(local.frequency(*JANUARY, unit="month")))
    assert found[1].periods[0].counts[:3] == (1, 1, 0)
    assert said[0] == (
        "tables 'a' and 'b' share 2024-01-01..2024-01-31: 'C' from 'a', which was fetched last"
    )


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (
            {"filter_limit": 3},
            {"filter_limit": 3},
            "'jan' was fetched with a limit of 3; 'feb' was",
        ),
        (
            {"filter_where": 'properties["x"] == 1'},
            {"filter_where": 'properties["x"] == 2'},
            "'jan' was fetched where properties",
        ),
    ],
)
def test_where_no_table_has_a_day_whole_the_report_is_refused(ws, months, one, other, why):
    months(one, other)
    with pytest.raises(InvalidArgumentError) as caught:
        ask(ws, "jan", "feb")
    assert caught.value.message.startswith("tables 'jan' and 'feb' share 2024-01-31, and none of")
    assert why in caught.value.message
    assert caught.value.hint == "name one of them: --table feb (table='feb')"
    before = {"from_date": JANUARY[0], "to_date": "2024-01-30", "table": ["jan", "feb"]}
    assert not any("share" in it for it in told(lambda: ws.local.segmentation("A", **before)))


def test_tables_with_the_same_filter_are_copies_of_the_same(ws, months):
    how = {"filter_where": 'properties["x"] == 1'}
    months({**how, "fetched": earlier()}, how)
    assert ask(ws, "jan", "feb")[0] == 4


def test_a_day_that_the_table_read_has_in_part_is_told(ws, months):
    months({"fetched": datetime(2024, 1, 31, 12, 30)}, {"filter_where": 'properties["x"] == 1'})
    total, said = ask(ws, "jan", "feb")
    assert total == 3
    assert any("from 2024-01-31 12:30 UTC to 2024-02-01 00:00 UTC" in it for it in said)


def test_tables_that_share_no_day_have_the_sql_of_always(ws, put):
    put(event("A", "u", "2024-01-05"), table="jan")
    put(event("A", "u", "2024-02-05"), table="feb", first="2024-02-01", last="2024-02-29")
    text = ws.local.on("jan", "feb", **UTC_DAYS).as_sql.segmentation("A", *MONTHS)
    assert " OR " not in text
    put(event("A", "u", "2024-02-05"), table="feb", first="2024-01-31", last="2024-02-29")
    text = ws.local.on("jan", "feb", **UTC_DAYS).as_sql.segmentation("A", *MONTHS)
    left_out = "(e.event_time < TIMESTAMP '2024-01-31 00:00:00' OR e.event_time >= TIMESTAMP '2024-02-01 00:00:00')"
    assert text.count(left_out) == 1
    text = ws.local.on("jan", "feb", **UTC_DAYS).as_sql.segmentation(
        "A", "2024-02-02", "2024-02-03"
    )
    assert " OR " not in text


def test_a_table_of_unknown_days_may_not_have_events_of_another(ws, put):
    put(event("A", "u", "2024-01-05"), event("A", "v", "2024-01-07"), event("B", "u", "2024-01-09"))
    ws.sql_rows("CREATE VIEW again AS SELECT * FROM events WHERE event_name = 'A'")
    ws.sql_rows("CREATE TABLE offline AS SELECT * REPLACE ('shop' AS distinct_id) FROM events")
    both = {"table": ["events", "again"], **UTC_DAYS}
    with pytest.raises(InvalidArgumentError) as caught:
        ws.local.segmentation("A", *JANUARY, **both)
    assert caught.value.message == (
        "tables 'events' and 'again' have the same events of 2024-01-05..2024-01-07, which have no"
        " $insert_id and would count twice: which days of them 'again' has is not known"
    )
    assert caught.value.hint == "name one of them: --table events (table='events')"
    with pytest.raises(InvalidArgumentError, match="of 2024-01-05, which"):
        ws.local.segmentation("A", *JANUARY[:1], "2024-01-06", **both)
    assert ws.local.segmentation("A", "2024-01-10", "2024-01-11", **both).total == 0
    assert ws.local.segmentation("B", *JANUARY, **both).total == 1
    assert ws.local.segmentation("A", *JANUARY, table=["events", "offline"], **UTC_DAYS).total == 4


def test_a_legacy_project_shares_days_of_its_zone():
    table = TableMetadata("events", FETCHED, *JANUARY)
    from mixpanel_data._internal.services.known_tables import KnownTable
    from mixpanel_data._internal.services.shared_days import Wanted
    from mixpanel_data._internal.services.shared_days import read_once as once
    from mixpanel_data.types import TableSchema

    jan, feb = (
        KnownTable(TableSchema(name, "events", 0, ()), facts, "America/New_York")
        for name, facts in (
            ("jan", table),
            ("feb", replace(table, from_date="2024-01-31", to_date="2024-02-29")),
        )
    )
    (one, other), shared = once(
        [jan, feb], Wanted(("A",), datetime(2024, 1, 1), datetime(2024, 3, 1))
    )
    assert [str(it) for it in one.left_out] == [
        "(e.event_time < TIMESTAMP '2024-01-31 05:00:00' OR e.event_time >= TIMESTAMP '2024-02-01 05:00:00')"
    ]
    assert (other.left_out, shared[0].days.first) == ((), date(2024, 1, 31))
