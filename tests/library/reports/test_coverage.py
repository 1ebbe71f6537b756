"""What tables can't tell is said: nothing that is missing counts as zero without a word."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from mixpanel_data import (
    InvalidArgumentError,
    MixpanelDataWarning,
    QueryError,
    TableNotFoundError,
    Workspace,
)
from mixpanel_data.types import TableMetadata
from tests.library.reports.asking import store, store_users
from tests.library.reports.conftest import FETCHED, JANUARY
from tests.library.reports.test_cases import event


def told(ask: Callable[[], Any]) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ask()
    assert {it.category for it in caught} <= {MixpanelDataWarning}
    return [str(it.message) for it in caught]


UTC = {"timezone": "UTC"}


def test_what_is_there_is_counted_without_a_word(ws, put):
    put(event("A", "u", "2024-01-01", plan="pro"))
    asked = {"on": "plan", "where": 'properties["time"] > 0', **UTC}
    assert told(lambda: ws.local.segmentation("A", *JANUARY, **asked)) == []
    assert told(lambda: ws.local.retention("A", None, *JANUARY, **UTC)) == []


def test_tables_that_touch_do_not_overlap(ws, put):
    copy = event("A", "u", "2024-01-15", **{"$insert_id": "i"})
    put(copy, copy, table="early", first="2024-01-01", last="2024-01-15")
    put(event("A", "u", "2024-01-20"), table="late", first="2024-01-16", last="2024-01-31")
    local = ws.local.on("early", "late", **UTC)
    assert local.segmentation("A", *JANUARY).total == 3


@pytest.mark.parametrize("tables", [("early", "late"), ("late", "early")])
def test_tables_have_all_days_in_whatever_order_they_are_named(ws, put, tables):
    put(event("A", "u", "2024-01-01"), table="early", first="2024-01-01", last="2024-01-15")
    put(event("A", "u", "2024-01-20"), table="late", first="2024-01-16", last="2024-01-31")
    local = ws.local.on(*tables, **UTC)
    assert told(lambda: local.segmentation("A", *JANUARY)) == []


@pytest.mark.parametrize("flat", [True, False])
def test_an_event_that_is_not_there_is_an_error_with_the_nearest_name(ws, put, flat):
    put(event("Purchase", "u", "2024-01-01"), event("Sign Up", "u", "2024-01-01"), flat=flat)
    with pytest.raises(InvalidArgumentError, match="table 'events' has no event 'Purchse'") as it:
        ws.local.segmentation("Purchse", *JANUARY, **UTC)
    assert it.value.hint == "did you mean 'Purchase'?"
    with pytest.raises(InvalidArgumentError) as it:
        ws.local.funnel(["Sign Up", "xyz"], *JANUARY, **UTC)
    assert it.value.hint == "events here: Purchase, Sign Up"
    with pytest.raises(InvalidArgumentError) as it:
        ws.local.funnel(["sign up;Purchase"], *JANUARY, **UTC)
    assert it.value.hint == "a comma separates names; did you mean 'Sign Up,Purchase'?"
    with pytest.raises(InvalidArgumentError, match="has no event 'X'"):
        ws.local.funnel(["Sign Up", "Purchase"], *JANUARY, exclusions=["X"], **UTC)
    with pytest.raises(InvalidArgumentError, match="has no event 'X'"):
        ws.local.retention("X", None, *JANUARY, **UTC)
    with pytest.raises(InvalidArgumentError, match="has no event 'X'"):
        ws.local.frequency(*JANUARY, "X", **UTC)
    with pytest.raises(InvalidArgumentError, match="has no event 'X'"):
        ws.local.flows("X", *JANUARY, **UTC)


def test_an_event_that_was_fetched_and_did_not_happen_is_zero(ws, put):
    put(event("A", "u", "2024-01-01"), filter_events=["A", "B"])
    assert ws.local.segmentation("B", *JANUARY, **UTC).total == 0
    with pytest.raises(InvalidArgumentError, match="was fetched for A, B only, not for 'C'") as it:
        ws.local.segmentation("C", *JANUARY, **UTC)
    assert it.value.hint == (
        "mp fetch events events --replace --from 2024-01-01 --to 2024-01-31 --events A,B,C"
    )
    (only,) = told(lambda: ws.local.retention("A", None, *JANUARY, **UTC))
    assert only == "table 'events' was fetched for A, B only: other events are not seen"


def test_days_that_no_table_has_are_told(ws, put):
    put(event("A", "u", "2024-01-01"))
    with pytest.raises(InvalidArgumentError, match="no local data for 2024-03") as it:
        ws.local.segmentation("A", "2024-03-01", "2024-03-31", **UTC)
    assert it.value.hint == "mp fetch events events --append --from 2024-02-01 --to 2024-03-31"
    (later,) = told(lambda: ws.local.segmentation("A", "2024-01-30", "2024-02-02", **UTC))
    assert later == (
        "the tables lack events of 2024-01-30..2024-02-02 in UTC, from 2024-02-01 00:00 UTC to"
        " 2024-02-03 00:00 UTC: events has 2024-01-01..2024-01-31"
    )
    (zone,) = told(lambda: ws.local.segmentation("A", *JANUARY, timezone="Europe/Berlin"))
    assert "from 2023-12-31 23:00 UTC to 2024-01-01 00:00 UTC" in zone


@pytest.mark.parametrize(
    ("days", "how", "hint"),
    [
        (("2023-12-01", "2023-12-05"), {}, "--append --from 2023-12-01 --to 2023-12-31"),
        (
            ("2024-03-01", "2024-03-02"),
            {"fetched": datetime(2024, 1, 31, 9)},
            "--append --from 2024-01-31 --to 2024-03-02",
        ),
        (
            ("2024-03-01", "2024-03-02"),
            {"filter_events": ["A", "B, C"], "filter_where": 'properties["a"] == "it\'s"'},
            (
                """--append --from 2024-02-01 --to 2024-03-02 --events 'A,"B, C"'"""
                """ --where 'properties["a"] == "it'"'"'s"'"""
            ),
        ),
        (
            ("2024-03-01", "2024-03-02"),
            {"filter_limit": 10},
            "--replace --from 2024-03-01 --to 2024-03-02 --limit 10",
        ),
    ],
)
def test_a_report_on_other_days_names_the_fetch_that_adds_them(ws, put, days, how, hint):
    put(event("A", "u", "2024-01-01"), **how)
    with pytest.raises(InvalidArgumentError, match="no local data for") as it:
        ws.local.segmentation("A", *days, **UTC)
    assert it.value.hint == f"mp fetch events events {hint}"


def test_of_several_tables_the_nearest_is_added_to(ws, put):
    put(event("A", "u", "2024-01-01"), table="jan")
    put(event("A", "u", "2024-05-10"), table="may", first="2024-05-01", last="2024-05-30")
    for tables in (["jan", "may"], ["may", "jan"]):
        with pytest.raises(InvalidArgumentError) as it:
            ws.local.segmentation("A", "2024-02-10", "2024-02-12", table=tables, **UTC)
        assert it.value.hint == "mp fetch events jan --append --from 2024-02-01 --to 2024-02-12"


def test_days_that_are_to_come_can_not_be_fetched(ws, put):
    put(event("A", "u", "2024-01-01"))
    with pytest.raises(InvalidArgumentError) as it:
        ws.local.segmentation("A", "2924-03-01", "2924-03-02", **UTC)
    assert it.value.hint == "these days are to come: choose earlier ones"


def test_days_between_two_tables_are_told(ws, put):
    put(event("A", "u", "2024-01-01"), table="jan")
    put(event("A", "u", "2024-02-10"), table="feb", first="2024-02-10", last="2024-02-29")
    both = {"table": ["jan", "feb"], **UTC}
    (gap,) = told(lambda: ws.local.segmentation("A", "2024-01-01", "2024-03-05", **both))
    assert "from 2024-02-01 00:00 UTC to 2024-02-10 00:00 UTC and 1 more times" in gap
    found = ws.local.segmentation("A", "2024-02-10", "2024-02-29", **both)
    assert (found.total, found.tables) == (1, ("jan", "feb"))


def test_a_day_that_was_not_over_when_it_was_fetched_is_told(ws, put):
    put(event("A", "u", "2024-01-01"), fetched=datetime(2024, 1, 31, 9, 30))
    (cut,) = told(lambda: ws.local.segmentation("A", *JANUARY, **UTC))
    assert "from 2024-01-31 09:30 UTC to 2024-02-01 00:00 UTC" in cut


def test_steps_after_the_last_day_are_told_where_mixpanel_has_them(ws, put):
    put(event("A", "u", "2024-01-01"), event("B", "u", "2024-01-01"))
    (funnel,) = told(lambda: ws.local.funnel(["A", "B"], *JANUARY, **UTC))
    assert funnel == (
        "what follows within 7 days of the last events is missing from 2024-02-01 00:00 UTC on:"
        " fetch more days, or ask for fewer"
    )
    assert told(lambda: ws.local.funnel(["A", "B"], "2024-01-01", "2024-01-24", **UTC)) == []
    before = told(lambda: ws.local.flows("A", "2024-01-03", "2024-01-20", reverse=1, **UTC))
    assert before == [
        (
            "what came within 7 days before the first events is missing until 2024-01-01 00:00 UTC:"
            " fetch more days, or ask for fewer"
        )
    ]


def test_a_fetch_with_a_filter_is_told(ws, put):
    put(event("A", "u", "2024-01-01"), filter_where='properties["x"] == 1')
    (filtered,) = told(lambda: ws.local.segmentation("A", *JANUARY, **UTC))
    assert filtered.startswith("table 'events' has no other events than those with properties")


def test_a_fetch_with_a_limit_is_told(ws, put):
    put(event("A", "u", "2024-01-01"), filter_limit=1000)
    (limited,) = told(lambda: ws.local.segmentation("A", *JANUARY, **UTC))
    assert limited == "table 'events' is a sample: it was fetched with a limit of 1,000 events"


def test_a_property_that_no_event_has_is_told(ws, put):
    put(event("A", "u", "2024-01-01", country="US"))
    asked = [
        told(lambda on=on: ws.local.segmentation("A", *JANUARY, on=on, **UTC))
        for on in ("contry", "properties.contry", "xyz", "country", "$time")
    ]
    assert asked[:3] == [
        ["no event here has the property 'contry': did you mean 'country'?"],
        ["no event here has the property 'contry': did you mean 'country'?"],
        ["no event here has the property 'xyz'"],
    ]
    assert asked[3:] == [[], []]
    store_users(ws._storage, {"u": {"plan": "pro"}}, flat=True)
    (missing,) = told(lambda: ws.local.segmentation("A", *JANUARY, on='user["paln"]', **UTC))
    assert missing == "no profile here has the property 'paln': did you mean 'plan'?"


def test_an_unknown_zone_is_counted_as_utc_and_told_once(ws, put):
    put(event("A", "u", "2024-01-01"))
    (note,) = told(lambda: ws.local.segmentation("A", *JANUARY))
    assert note.startswith("days are counted in UTC: the project's time zone is not known")
    assert told(lambda: ws.local.segmentation("A", *JANUARY)) == []
    with pytest.raises(InvalidArgumentError, match="timezone 'Europe/Berln' is unknown"):
        ws.local.segmentation("A", *JANUARY, timezone="Europe/Berln")


def test_tables_that_are_no_events_are_refused(ws, put):
    put(event("A", "u", "2024-01-01"))
    store_users(ws._storage, {"u": {}}, flat=True)
    with pytest.raises(TableNotFoundError):
        ws.local.segmentation("A", *JANUARY, table="evnts", **UTC)
    with pytest.raises(InvalidArgumentError, match="'events_flat' has no events"):
        ws.local.segmentation("A", *JANUARY, table="events_flat", **UTC)
    with pytest.raises(InvalidArgumentError, match="'profiles' has no events"):
        ws.local.segmentation("A", *JANUARY, table="profiles", **UTC)
    with pytest.raises(InvalidArgumentError, match="named twice"):
        ws.local.segmentation("A", *JANUARY, table=["events", "EVENTS"], **UTC)


def test_tables_and_views_made_with_sql_are_read_as_they_are(ws, put):
    put(event("A", "u", "2024-01-01", n=1), event("A", "v", "2024-01-02", n=2))
    ws.sql_rows("CREATE VIEW few AS SELECT * FROM events WHERE distinct_id = 'u'")
    ws.sql_rows("CREATE TABLE others AS SELECT * FROM events WHERE distinct_id = 'v'")
    for table in ("few", "others"):
        assert ws.local.segmentation("A", *JANUARY, table=table, **UTC).total == 1
        found = ws.local.funnel(["A", "A"], *JANUARY, table=table, count="total", **UTC)
        assert [it.count for it in found.steps] == [1, 0]
    retained = ws.local.retention("A", None, *JANUARY, table="others", **UTC)
    assert retained.query.as_of == datetime(2024, 1, 2)


def test_copies_in_tables_whose_days_are_not_known_are_left_out(ws, put):
    one = event("A", "u", "2024-01-31 12:00", **{"$insert_id": "i"})
    put(one, event("A", "u", "2024-02-01"), first="2024-01-31", last="2024-02-29")
    ws.sql_rows("CREATE VIEW jan AS SELECT * FROM events WHERE event_time < '2024-02-01'")
    both = {"table": ["jan", "events"], **UTC}
    assert ws.local.segmentation("A", "2024-01-01", "2024-02-29", **both).total == 2
    assert ws.local.segmentation("A", "2024-01-01", "2024-02-29", dedupe=False, **both).total == 3
    funnel = ws.local.funnel(["A", "A"], "2024-01-01", "2024-02-20", **both)
    assert [it.count for it in funnel.steps] == [1, 1]


def test_invented_data_says_so(ws, put):
    put(event("A", "u", "2024-01-01"), source="sandbox")
    found = ws.local.segmentation("A", *JANUARY, **UTC)
    assert found.to_dict()["source"] == "sandbox"
    assert found.to_dict()["tables"] == ["events"]


def test_a_profile_is_asked_where_there_are_profiles(ws, put):
    put(event("A", "u", "2024-01-01"), event("A", "v", "2024-01-01"))
    with pytest.raises(
        InvalidArgumentError, match="the profiles of the events' users are not given"
    ):
        ws.local.segmentation("A", *JANUARY, on='user["plan"]', **UTC)
    store_users(ws._storage, {"u": {"plan": "pro"}}, flat=True)
    found = ws.local.segmentation("A", *JANUARY, on='user["plan"]', **UTC)
    assert set(found.series) == {"pro", "undefined"}


def test_lists_are_lists(ws):
    with pytest.raises(InvalidArgumentError) as it:
        ws.local.funnel("A", *JANUARY, **UTC)
    assert it.value.hint == "steps=['A']"


def test_projects_from_before_2023_have_days_of_their_zone(tmp_path):
    from mixpanel_data._internal.config import ConfigManager

    config = ConfigManager(tmp_path / "config.toml")
    config.add_account(
        "old", username="u", secret="s", project_id="1", region="us",
        timezone="Europe/Berlin", legacy_time=True,
    )  # fmt: skip
    with Workspace("old", path=tmp_path / "old.duckdb", _config_manager=config) as ws:
        facts = TableMetadata("events", FETCHED, *JANUARY)
        one = event("A", "u", "2023-12-31 23:30")
        store(
            ws._storage,
            "events",
            [one],
            flat=True,
            facts=facts,
        )
        found: list[Any] = []
        assert told(lambda: found.append(ws.local.segmentation("A", *JANUARY))) == []
        assert found[0].series["A"]["2024-01-01"] == 1


@pytest.mark.parametrize("dedupe", [True, False])
def test_only_the_event_itself_is_asked_by_a_filter(ws, put, dedupe):
    put(event("A", "u", "2024-01-11", flag="text"), event("B", "u", "2024-01-11 01:00", flag=True))
    asked: dict[str, Any] = {"dedupe": dedupe, **UTC}
    days = ("2024-01-11", "2024-01-20")
    funnel = ws.local.funnel(["A", ("B", 'properties["flag"]')], *days, **asked)
    assert [it.count for it in funnel.steps] == [1, 1]
    back = ws.local.retention("A", "B", *days, where='properties["flag"]', **asked)
    assert back.cohorts[0].counts[0] == 1
    flows = ws.local.flows("B", *days, where='properties["flag"]', reverse=1, forward=0, **asked)
    assert [it.events for it in flows.paths] == [("A", "B")]
    with pytest.raises(QueryError, match="a filter must give true or false"):
        ws.local.segmentation("A", *days, where='properties["flag"]', **asked)


def test_any_name_and_any_text_can_be_asked_for(ws, put):
    name, value = 'it\'s\n    "odd"', "a\n  'b'"
    put(event(name, "u", "2024-01-01", **{name: value}), table="no 'quote\"")
    found = ws.local.segmentation(
        name,
        *JANUARY,
        on=name,
        where=f"properties[{json.dumps(name)}] == {json.dumps(value)}".replace("\\n", "\n"),
        table="no 'quote\"",
        **UTC,
    )
    assert found.series[value]["2024-01-01"] == 1


def test_sql_is_shown_without_asking(ws, put):
    put(event("A", "u", "2024-01-01"))
    local = ws.local.on("events", timezone="Europe/Berlin")
    found = local.segmentation("A", "2024-01-02", "2024-01-03")
    text = local.as_sql.segmentation("A", "2024-01-02", "2024-01-03")
    assert text == local.explain(found.query)
    assert "event_time + INTERVAL 1 HOUR" in text
    assert ws.sql_rows(text) == []
    assert "segmentation" in dir(local.as_sql)
    assert local.as_sql.funnel(["none"], *JANUARY).startswith("WITH events AS")
