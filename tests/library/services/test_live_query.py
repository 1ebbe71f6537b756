"""Reports that Mixpanel counts: what is asked, how documented answers are read."""

from __future__ import annotations

import json
import warnings
from datetime import date, datetime

import pytest

from mixpanel_data import (
    APIError,
    EndpointRetiredError,
    InvalidArgumentError,
    MixpanelDataWarning,
    PlanError,
    ResourceNotFoundError,
)
from tests.contract import documented
from tests.loopback import Reply, reply_json

DAYS = ("2024-01-01", "2024-01-31")
NOTHING = {"data": {"series": ["2024-01-01"], "values": {}}, "legend_size": 0}
LISTED = {"funnels/list": documented.FUNNELS}
KNOWN = {"events/names": ["Purchase", "Sign Up"], "events/properties/top": {"country": {}}}


def test_case_57_segmentation_sends_a_bare_event_and_expressions(mixpanel):
    it = mixpanel({"segmentation": documented.SEGMENTATION})
    it.workspace.segmentation(
        'say "hi" & \\', *DAYS, on='6" \\', where='user["plan"] == "pro"', unit="week", limit=3
    )
    assert it.asked == {
        "event": 'say "hi" & \\',
        "from_date": "2024-01-01",
        "to_date": "2024-01-31",
        "on": r'properties["6\" \\"]',
        "where": 'user["plan"] == "pro"',
        "unit": "week",
        "type": "general",
        "limit": "3",
    }


def test_case_58_buckets_are_in_order_and_a_missing_one_is_0(mixpanel):
    it = mixpanel({"segmentation": documented.SEGMENTATION})
    result = it.workspace.segmentation("Signed up", date(2011, 8, 6), "2011-08-09")
    assert list(result.series["Signed up"].items()) == [
        ("2011-08-06", 147),
        ("2011-08-07", 146),
        ("2011-08-08", 776),
        ("2011-08-09", 1376),
    ]
    assert (result.total, result.source) == (2445, "mixpanel")
    assert "limit" not in it.asked
    sparse = documented.SEGMENTATION_ON["data"]["values"]
    it = mixpanel({"segmentation": documented.SEGMENTATION_ON})
    result = it.workspace.segmentation("A", *DAYS, on="country")
    assert list(result.series) == list(sparse)
    assert result.series["null"] == {"2024-01-01": 0, "2024-01-02": 0}
    assert result.series["undefined"] == {"2024-01-01": 0, "2024-01-02": 3}


def test_case_58_csv_is_text(mixpanel):
    it = mixpanel({"segmentation": Reply(body=b"date,US\r\n2024-01-01,3\r\n")})
    assert it.workspace.api.segmentation("A", *DAYS, format="csv").startswith("date,US")


def test_case_59_segments_are_text_and_their_number_is_bounded(mixpanel):
    it = mixpanel({"segmentation": documented.SEGMENTATION_ON})
    result = it.workspace.segmentation("A", *DAYS, on="country")
    assert it.asked["limit"] == "60"
    assert [s for s in result.series if s != "US"] == ["undefined", "null", "true", "1"]
    assert result.df.groupby("segment")["value"].sum().to_dict() == {
        "US": 101,
        "undefined": 3,
        "null": 0,
        "true": 2,
        "1": 7,
    }
    with pytest.raises(InvalidArgumentError, match=r"1\.\.10000"):
        it.workspace.segmentation("A", *DAYS, on="country", limit=10_001)


def test_a_number_of_days_goes_instead_of_the_unit(mixpanel):
    it = mixpanel({"segmentation": documented.SEGMENTATION})
    it.workspace.segmentation("A", *DAYS, type="average", interval=5)
    assert (it.asked["interval"], it.asked["type"]) == ("5", "average")
    assert "unit" not in it.asked


def test_an_event_that_did_not_happen_is_0_and_known(mixpanel, recwarn):
    it = mixpanel({"segmentation": NOTHING, **KNOWN})
    assert it.workspace.segmentation("Purchase", *DAYS).series == {"Purchase": {"2024-01-01": 0}}
    assert it.paths == ["segmentation", "events/names", "schemas"]
    it.workspace.segmentation("Purchase", *DAYS)
    assert it.paths[3:] == ["segmentation"]
    assert len(recwarn) == 0


def test_an_unknown_event_is_warned_of(mixpanel):
    it = mixpanel({"segmentation": NOTHING, **KNOWN})
    with pytest.warns(MixpanelDataWarning, match="no event 'purchse'; did you mean 'Purchase'"):
        it.workspace.segmentation("purchse", *DAYS)


NO_NUMBERS = {"results": {"2024-01-01": 0}, "status": "ok"}
ZEROS = {
    "segmentation": (NOTHING, lambda ws: ws.segmentation("purchse", *DAYS)),
    "segmentation/numeric": (NOTHING, lambda ws: ws.segmentation_numeric("purchse", *DAYS, on="x")),
    "segmentation/sum": (NO_NUMBERS, lambda ws: ws.segmentation_sum("purchse", *DAYS, on="x")),
    "segmentation/average": (
        NO_NUMBERS,
        lambda ws: ws.segmentation_average("purchse", *DAYS, on="x"),
    ),
    "events": (NOTHING, lambda ws: ws.event_counts(["purchse"], *DAYS)),
    "events/properties": (NOTHING, lambda ws: ws.property_counts("purchse", "x", *DAYS)),
    "retention": ({}, lambda ws: ws.retention("purchse", None, *DAYS)),
    "retention/addiction": ({}, lambda ws: ws.frequency(*DAYS, "purchse")),
}


@pytest.mark.parametrize("path", ZEROS)
def test_every_report_of_an_unknown_event_warns_and_asks_for_names_once(mixpanel, path):
    answer, ask = ZEROS[path]
    it = mixpanel({path: answer, **KNOWN})
    for paths in ([path, "events/names", "schemas"], [path]):
        before = len(it.paths)
        with pytest.warns(MixpanelDataWarning, match="no event 'purchse'"):
            result = ask(it.workspace)
        assert it.paths[before:] == paths
        assert result.warnings == ("Mixpanel has no event 'purchse'; did you mean 'Purchase'?",)
        assert result.to_dict()["warnings"] == list(result.warnings)


def test_a_filter_on_a_property_that_the_event_has_not_is_warned_of(mixpanel):
    it = mixpanel({"segmentation": NOTHING, **KNOWN})
    with pytest.warns(MixpanelDataWarning, match="no property 'contry'; did you mean 'country'"):
        it.workspace.segmentation("Purchase", *DAYS, where='properties["contry"] == "US"')


def test_an_unknown_property_is_warned_of(mixpanel):
    values = {"undefined": {"2024-01-01": 4}}
    answer = {"data": {"series": ["2024-01-01"], "values": values}}
    it = mixpanel({"segmentation": answer, **KNOWN})
    with pytest.warns(MixpanelDataWarning, match="no property 'contry'; did you mean 'country'"):
        it.workspace.segmentation("Purchase", *DAYS, on="contry")
    asked = len(it.paths)
    it.workspace.segmentation("Purchase", *DAYS, on='string(properties["contry"])')
    assert len(it.paths) == asked + 1


def test_what_mixpanel_makes_up_is_never_in_doubt(mixpanel):
    it = mixpanel({"segmentation": NOTHING, **KNOWN})
    it.workspace.segmentation("$custom_event:7", *DAYS)
    assert it.paths == ["segmentation"]


def test_names_that_cannot_be_read_spoil_no_report(mixpanel):
    it = mixpanel({"segmentation": NOTHING, "events/names": Reply(403, b"no")})
    assert it.workspace.segmentation("purchse", *DAYS).total == 0


def test_numeric_buckets_are_sparse_and_named_by_ranges(mixpanel):
    it = mixpanel({"segmentation/numeric": documented.NUMERIC})
    result = it.workspace.segmentation_numeric("A", *DAYS, "amount", where="paid", type="unique")
    assert it.asked == {
        "event": "A",
        "from_date": "2024-01-01",
        "to_date": "2024-01-31",
        "on": 'properties["amount"]',
        "where": 'properties["paid"]',
        "unit": "day",
        "type": "unique",
    }
    assert [tuple(row.values()) for row in result.rows()] == [
        ("2011-08-07", "100 - 200", 100.0, 200.0, 4),
        ("2011-08-06", "2,000 - 2,100", 2000.0, 2100.0, 1),
    ]


def test_sums_and_averages_are_in_order(mixpanel):
    it = mixpanel({"segmentation/sum": documented.SUM, "segmentation/average": documented.AVERAGE})
    total = it.workspace.segmentation_sum("A", *DAYS, "amount", "hour")
    assert it.asked["unit"] == "hour"
    assert list(total.values.items()) == [("2019-10-06", 7), ("2019-10-07", 4)]
    assert total.computed_at == datetime(2019, 10, 7, 23, 2, 11, 666218)
    average = it.workspace.segmentation_average("A", *DAYS, "amount")
    assert average.values == {"2011-08-06": 8.64705882352939}


def test_case_62_counts_take_an_array_and_properties_a_bare_event(mixpanel):
    known = {"events/names": ["account-page", "new & rare"]}
    it = mixpanel({"events": documented.EVENTS, "events/properties": documented.EVENTS, **known})
    counts = it.workspace.event_counts(["account-page", "new & rare"], *DAYS, type="unique")
    first, *_ = it.server.requests
    assert first.query["event"] == '["account-page", "new & rare"]'
    assert (first.query["type"], first.query["unit"]) == ("unique", "day")
    assert counts.series["account-page"] == {"2010-05-29": 0, "2010-05-30": 1, "2010-05-31": 0}
    assert set(counts.series["new & rare"].values()) == {0}
    values = it.workspace.property_counts("a & b", "page", *DAYS, values=["account-page", "x"])
    assert it.asked["event"] == "a & b"
    assert (it.asked["name"], json.loads(it.asked["values"])) == ("page", ["account-page", "x"])
    assert it.asked["limit"] == "255"
    assert set(values.series["x"].values()) == {0}
    with pytest.raises(InvalidArgumentError, match="not one string") as caught:
        it.workspace.event_counts("A", *DAYS)
    assert caught.value.hint == "events=['A']"


def test_today_has_top_events(mixpanel):
    it = mixpanel({"events/top": documented.EVENTS_TOP})
    result = it.workspace.top_events("unique", limit=5)
    assert it.asked == {"type": "unique", "limit": "5"}
    assert result.rows() == [{"event": "funnel", "count": 2, "percent_change": -0.356}]


def test_case_66_steps_are_read_with_and_without_segments(mixpanel):
    it = mixpanel({**LISTED, "funnels": documented.FUNNEL})
    result = it.workspace.funnel(7509, "2016-09-12", "2016-09-25", "week")
    assert it.asked == {
        "funnel_id": "7509",
        "from_date": "2016-09-12",
        "to_date": "2016-09-25",
        "unit": "week",
    }
    assert list(result.series) == ["2016-09-12", "2016-09-19"]
    opened, played = result.steps
    assert (opened.count, opened.avg_time) == (32688, 2.0)
    assert (played.event, played.label) == ("$custom_event:12345", "Game Played")
    assert (played.count, played.avg_time_from_start) == (20524, 133.0)
    assert result.conversion_rate == 20524 / 32688
    empty = result.series["2016-09-19"]["$overall"]
    assert [(step.step_conv_ratio, step.avg_time) for step in empty] == [(1, None), (0, None)]

    it = mixpanel({**LISTED, "funnels": documented.FUNNEL_ON})
    result = it.workspace.funnel(7509, "2016-09-12", "2016-09-25", on="$browser")
    assert (it.asked["on"], it.asked["limit"]) == ('properties["$browser"]', "255")
    assert {day: list(found) for day, found in result.series.items()} == {
        "2016-09-12": ["$overall", "Chrome"]
    }
    assert result.steps[1].count == 20524
    assert result.computed_at == datetime(2016, 9, 20, 1, 2, 3)


def test_a_step_without_ratios_gets_them(mixpanel):
    steps = [{"count": count, "goal": name} for name, count in zip("abc", (4, 2, 1), strict=True)]
    answer = {"data": {"2024-01-01": {"$overall": {"steps": steps}}, "2024-01-02": {}}}
    result = mixpanel({**LISTED, "funnels": answer}).workspace.funnel(7509, *DAYS)
    found = result.series["2024-01-01"]["$overall"]
    assert [(s.event, s.step_conv_ratio, s.overall_conv_ratio) for s in found] == [
        ("a", 1.0, 1.0),
        ("b", 0.5, 0.5),
        ("c", 0.5, 0.25),
    ]
    assert list(result.series) == ["2024-01-01"]


def test_segments_without_their_total_are_no_funnel(mixpanel):
    answer = {"data": {"2024-01-01": {"Chrome": documented.FUNNEL_STEPS}}}
    with pytest.raises(APIError, match="unexpected shape"):
        mixpanel({**LISTED, "funnels": answer}).workspace.funnel(7509, *DAYS)


def test_case_67_the_name_comes_from_the_list_once(mixpanel):
    it = mixpanel({**LISTED, "funnels": documented.FUNNEL})
    assert it.workspace.funnel(7509, *DAYS).funnel_name == "Signup funnel"
    assert it.workspace.funnel(7509, *DAYS).funnel_name == "Signup funnel"
    assert it.paths == ["funnels/list", "funnels", "funnels"]


def test_case_67_an_unknown_id_is_not_found_and_asked_for_once_more(mixpanel):
    it = mixpanel({**LISTED, "funnels": documented.FUNNEL})
    with pytest.raises(ResourceNotFoundError, match="no saved funnel 1") as caught:
        it.workspace.funnel(1, *DAYS)
    assert "7509 (Signup funnel)" in caught.value.hint
    with pytest.raises(ResourceNotFoundError):
        it.workspace.funnel(1, *DAYS)
    assert it.paths == ["funnels/list"] * 2
    with pytest.raises(ResourceNotFoundError, match="no saved funnel"):
        mixpanel({"funnels/list": []}).workspace.funnel(1, *DAYS)


def test_case_67_without_the_list_a_funnel_has_no_name(mixpanel):
    it = mixpanel({"funnels/list": Reply(403, b"no"), "funnels": documented.FUNNEL})
    assert it.workspace.funnel(7509, *DAYS).funnel_name is None
    it = mixpanel({"funnels/list": Reply(403, b"no")})
    with pytest.raises(ResourceNotFoundError, match="404") as caught:
        it.workspace.funnel(7509, *DAYS)
    assert not isinstance(caught.value, EndpointRetiredError)


def test_case_68_a_whole_range_is_one_bucket_and_days_are_entries(mixpanel):
    one = {"data": {"2024-01-01": documented.FUNNEL["data"]["2016-09-12"]}}
    it = mixpanel({**LISTED, "funnels": one})
    assert it.workspace.funnel(7509, *DAYS).counted == "users"
    assert it.asked["interval"] == "31"
    assert "unit" not in it.asked
    it = mixpanel({**LISTED, "funnels": documented.FUNNEL})
    result = it.workspace.funnel(7509, *DAYS, interval=7, length=3, length_unit="hour")
    assert (it.asked["interval"], it.asked["length"], it.asked["length_unit"]) == ("7", "3", "hour")
    assert result.counted == "entries"


def test_case_69_cohorts_are_in_order_and_rows_are_ragged(mixpanel):
    answer = {**documented.RETENTION, "2026-03-09": {"counts": [3], "first": 4}}
    it = mixpanel({"retention": answer})
    result = it.workspace.retention("A", "B", "2012-01-01", "2026-03-10", interval_count=2)
    assert it.asked == {
        "from_date": "2012-01-01",
        "to_date": "2026-03-10",
        "event": "B",
        "born_event": "A",
        "retention_type": "birth",
        "unit": "day",
        "interval_count": "2",
        "unbounded_retention": "false",
    }
    assert [(c.date, c.size, c.counts, c.complete) for c in result.cohorts] == [
        ("2012-01-01", 2, (2, 1, 2), 3),
        ("2012-01-02", 10, (9, 7, 6), 3),
        ("2026-03-09", 4, (3,), 0),
    ]
    assert result.cohorts[1].rates == (0.9, 0.7, 0.6)
    assert result.average == [(2 * 2 + 9 * 10) / 104, (1 * 2 + 7 * 10) / 104, (4 + 60) / 104]


@pytest.mark.parametrize(
    ("unit", "cohort", "complete"),
    [
        ("day", "2026-03-09", 0),
        ("day", "2026-03-08", 1),
        ("week", "2026-02-23", 1),
        ("month", "2026-01-01", 1),
    ],
)
def test_an_interval_is_over_when_it_is_for_all_of_a_cohort(mixpanel, unit, cohort, complete):
    # It is noon of 10 March 2026 in UTC, where it is earliest the day has just begun.
    it = mixpanel({"retention": {cohort: {"counts": [1, 1], "first": 1}}})
    result = it.workspace.retention("A", None, "2026-01-01", "2026-03-10", unit=unit)
    assert result.cohorts[0].complete == complete


def test_case_69_an_interval_of_weeks_is_refused_and_of_days_goes_alone(mixpanel):
    it = mixpanel({"retention": documented.RETENTION})
    with pytest.raises(InvalidArgumentError, match="not of 2 weeks") as caught:
        it.workspace.retention("A", "B", *DAYS, unit="week", interval=2)
    assert caught.value.hint == "unit='day', interval=14"
    it.workspace.retention("A", "B", *DAYS, interval=14, born_where="new", where="paid")
    assert it.asked["interval"] == "14"
    assert "unit" not in it.asked
    assert it.asked["born_where"] == 'properties["new"]'
    assert it.asked["where"] == 'properties["paid"]'


@pytest.mark.parametrize("date_first", [True, False])
def test_segmented_cohorts_are_read_whichever_key_comes_first(mixpanel, date_first):
    row = {"counts": [1], "first": 1}
    answer = (
        {"2024-01-02": {"US": row}, "2024-01-01": {"US": row, "CA": row}}
        if date_first
        else {"US": {"2024-01-02": row, "2024-01-01": row}, "CA": {"2024-01-01": row}}
    )
    it = mixpanel({"retention": answer})
    result = it.workspace.retention("A", "B", *DAYS, on="country", limit=5)
    assert (it.asked["on"], it.asked["limit"]) == ('properties["country"]', "5")
    assert [(c.segment, c.date) for c in result.cohorts] == [
        ("US", "2024-01-01"),
        ("US", "2024-01-02"),
        ("CA", "2024-01-01"),
    ]


def test_a_segment_may_be_one_cohort(mixpanel):
    it = mixpanel({"retention": {"US": {"counts": [3, 1], "first": 4}}})
    (cohort,) = it.workspace.retention("A", "B", *DAYS, on="country").cohorts
    assert (cohort.segment, cohort.date, cohort.complete) == ("US", None, 2)


def test_compounded_retention_needs_no_first_event(mixpanel):
    it = mixpanel({"retention": documented.RETENTION})
    result = it.workspace.retention(None, "B", *DAYS, "compounded")
    assert it.asked["retention_type"] == "compounded"
    assert result.born_event is None


@pytest.mark.parametrize("wrapped", [True, False])
def test_case_70_frequency_is_read_with_and_without_its_envelope(mixpanel, wrapped):
    answer = documented.ADDICTION if wrapped else documented.ADDICTION["data"]
    it = mixpanel({"retention/addiction": answer})
    result = it.workspace.frequency(*DAYS, "A", where="paid")
    assert it.asked == {
        "from_date": "2024-01-01",
        "to_date": "2024-01-31",
        "event": "A",
        "unit": "day",
        "addiction_unit": "hour",
        "where": 'properties["paid"]',
    }
    assert [(p.date, len(p.counts)) for p in result.periods] == [
        ("2012-01-01", 24),
        ("2012-01-02", 24),
    ]
    assert result.rows()[1] == {
        "date": "2012-01-01",
        "segment": None,
        "slots": 2,
        "users": 107,
        "rate": 107 / 305,
    }


def test_frequency_by_segment(mixpanel):
    it = mixpanel({"retention/addiction": {"data": {"US": {"2024-01-01": [2, 1]}}}})
    (period,) = it.workspace.frequency(*DAYS, on="country").periods
    assert (period.segment, period.date, period.counts) == ("US", "2024-01-01", (2, 1))
    assert "event" not in it.asked


def test_case_71_saved_reports_of_each_kind_are_rows(mixpanel):
    it = mixpanel({"insights": documented.INSIGHTS})
    result = it.workspace.insights(42)
    assert it.asked == {"bookmark_id": "42"}
    assert (result.kind, result.from_date, result.to_date) == (
        "insights",
        "2020-08-31",
        "2020-09-12",
    )
    assert result.rows() == [
        {"metric": "Logged in", "date": "2020-08-31 00:00:00", "value": 9852},
        {"metric": "Logged in", "date": "2020-09-07 00:00:00", "value": 4325},
    ]
    funnel = mixpanel({"insights": documented.INSIGHTS_FUNNEL}).workspace.insights(1)
    assert funnel.kind == "funnel"
    assert [(row["step"], row["count"], row["avg_time"]) for row in funnel.rows()] == [
        ("1. Signup", 1000, None),
        ("2. Purchase", 250, 60.5),
    ]
    retention = mixpanel({"insights": documented.INSIGHTS_RETENTION}).workspace.insights(1)
    assert retention.kind == "retention"
    assert [tuple(row.values()) for row in retention.rows()] == [
        ("Came back", "2025-01-01 00:00:00", 100, 0, 100, 1),
        ("Came back", "2025-01-01 00:00:00", 100, 1, 40, 0.4),
        ("Came back", None, 100, 0, 100, 1),
        ("Came back", None, 100, 1, 40, 0.4),
    ]
    for report in (result, funnel, retention):
        dtypes = {name: str(dtype) for name, dtype in report.df.dtypes.items()}
        assert dtypes == report.columns


def test_case_71_without_a_series_there_is_no_report(mixpanel):
    it = mixpanel({"insights": {"headers": []}})
    with pytest.raises(APIError, match="unexpected shape: series"):
        it.workspace.insights(42)
    it = mixpanel({"insights": {"error": "the report is broken"}})
    with pytest.raises(APIError, match="the report is broken"):
        it.workspace.insights(42)


def test_case_72_activity_is_in_order_whatever_the_id_is_called(mixpanel):
    events = [
        {"event": "late", "properties": {"time": 1599589453000, "distinct_id": 7}},
        {"event": "none", "properties": {"time": 1599589452}},
        *documented.ACTIVITY["results"]["events"],
    ]
    it = mixpanel({"stream/query": {"status": "ok", "results": {"events": events}}})
    result = it.workspace.activity_feed("12a3", *DAYS)
    assert json.loads(it.asked["distinct_ids"]) == ["12a3"]
    assert [(e.event, e.distinct_id) for e in result.events] == [
        ("none", None),
        ("late", "7"),
        ("Game Played", "12a3"),
    ]
    assert result.events[2].time == datetime(2020, 9, 8, 18, 24, 13)
    it.workspace.activity_feed(["a", "b"], *DAYS)
    assert json.loads(it.asked["distinct_ids"]) == ["a", "b"]


@pytest.mark.parametrize("time", [None, "soon", True, -1, 1e300])
def test_an_event_without_a_time_is_refused(mixpanel, time):
    answer = {"results": {"events": [{"event": "A", "properties": {"time": time}}]}}
    with pytest.raises(APIError, match="an event needs a time"):
        mixpanel({"stream/query": answer}).workspace.activity_feed("u", *DAYS)


def test_case_72_what_will_be_retired_is_warned_of(mixpanel):
    old = reply_json(
        documented.ACTIVITY, Deprecation="true", Sunset="Sun, 01 Nov 2026 00:00:00 GMT"
    )
    it = mixpanel({"stream/query": old, "x": reply_json({}, Deprecation="true")})
    with pytest.warns(MixpanelDataWarning, match=r"stream/query on Sun, 01 Nov.*mp fetch events"):
        it.workspace.activity_feed("12a3", *DAYS)
    with pytest.warns(MixpanelDataWarning, match=r"retire /api/query/x$"):
        it.workspace.api.get("x")


RETIRED = {
    "segmentation": (lambda ws: ws.segmentation("A", *DAYS), "ws.local.segmentation(…)"),
    "segmentation/numeric": (
        lambda ws: ws.segmentation_numeric("A", *DAYS, "n"),
        "ws.local.segmentation_numeric(…)",
    ),
    "segmentation/sum": (
        lambda ws: ws.segmentation_sum("A", *DAYS, "n"),
        "mp segmentation-sum … --local",
    ),
    "segmentation/average": (
        lambda ws: ws.segmentation_average("A", *DAYS, "n"),
        "mp segmentation-average … --local",
    ),
    "funnels": (lambda ws: ws.funnel(7509, *DAYS), "mp funnel --steps A,B … --local"),
    "retention": (lambda ws: ws.retention("A", "B", *DAYS), "mp retention … --local"),
    "retention/addiction": (lambda ws: ws.frequency(*DAYS), "mp frequency … --local"),
    "stream/query": (lambda ws: ws.activity_feed("u", *DAYS), "mp fetch events … --where"),
    "jql": (lambda ws: ws.jql("function main() {}"), "mp sql"),
}


@pytest.mark.filterwarnings("ignore:JQL is in maintenance")
@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("path", RETIRED)
def test_case_73_a_retired_endpoint_is_named_with_its_local_equivalent(mixpanel, path, status):
    ask, instead = RETIRED[path]
    it = mixpanel({**LISTED, path: Reply(status, b"gone")})
    with pytest.raises(EndpointRetiredError, match="retired") as caught:
        ask(it.workspace)
    assert instead in caught.value.hint
    assert (caught.value.status, caught.value.endpoint) == (status, f"/api/query/{path}")


def test_case_74_a_script_goes_as_a_form_and_any_array_comes_back(mixpanel):
    rows = [{"key": ["a"], "value": 3}, 1, [2]]
    it = mixpanel({"jql": rows})
    with pytest.warns(MixpanelDataWarning, match="maintenance mode") as told:
        result = it.workspace.jql("function main() {}", {"from": "2024-01-01"})
    assert len(told) == 1
    assert result.raw == rows
    request = it.server.requests[0]
    assert (request.method, request.query) == ("POST", {"project_id": "12345"})
    assert request.form["script"] == "function main() {}"
    assert json.loads(request.form["params"]) == {"from": "2024-01-01"}


def test_case_74_without_params_none_are_sent(mixpanel):
    it = mixpanel({"jql": []})
    with pytest.warns(MixpanelDataWarning, match="maintenance mode"):
        assert it.workspace.jql("function main() {}").df.empty
    assert set(it.server.requests[0].form) == {"script"}


@pytest.mark.filterwarnings("ignore:JQL is in maintenance")
def test_case_74_a_failed_script_is_shown_up_to_its_stack(mixpanel):
    it = mixpanel({"jql": reply_json(documented.JQL_ERROR, 412)})
    with pytest.raises(APIError, match=r"limit is not a function \.limit\(10\); \^$") as caught:
        it.workspace.jql("function main() {}")
    assert len(it.server.requests) == 1
    assert caught.value.status == 412


@pytest.mark.filterwarnings("ignore:JQL is in maintenance")
def test_a_project_without_jql_is_told_so(mixpanel):
    it = mixpanel({"jql": Reply(403, b"JQL is off")})
    with pytest.raises(EndpointRetiredError, match="JQL is off") as caught:
        it.workspace.jql("function main() {}")
    assert "mp sql" in caught.value.hint


def test_an_error_in_a_200_is_an_error_of_every_report(mixpanel):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MixpanelDataWarning)
        for path, (ask, _) in RETIRED.items():
            it = mixpanel({**LISTED, path: {"error": "something went wrong"}})
            with pytest.raises(APIError, match="something went wrong"):
                ask(it.workspace)


def test_a_plan_without_the_query_api_says_so(mixpanel):
    it = mixpanel(
        {"segmentation": reply_json({"error": "Your plan does not allow API calls"}, 402)}
    )
    with pytest.raises(PlanError, match="does not allow"):
        it.workspace.segmentation("A", *DAYS)
