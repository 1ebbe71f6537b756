"""What answers say: fields, rows, frames, JSON, HTML."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from html import escape

import pytest
from IPython.lib.pretty import pretty

from mixpanel_data.queries import (
    ActivityFeed,
    EventCounts,
    Flows,
    Frequency,
    Funnel,
    Insights,
    LocalFunnel,
    NumericSegmentation,
    PropertyCounts,
    Retention,
    Segmentation,
    SegmentationSum,
    Step,
    TopEvents,
)
from mixpanel_data.types import (
    ActivityEvent,
    ActivityFeedResult,
    CohortInfo,
    EventCountsResult,
    FlowLink,
    FlowPath,
    FlowsResult,
    FrequencyPeriod,
    FrequencyResult,
    FunnelResult,
    FunnelStep,
    InsightsResult,
    JQLResult,
    NumericBucketsResult,
    NumericSeriesResult,
    PropertyCountsResult,
    RetentionResult,
    SegmentationResult,
    TopEvent,
    TopEventsResult,
)
from mixpanel_data.types.answers import Answers
from mixpanel_data.types.display import Table, View, cell

DAYS = {"from_date": date(2024, 1, 1), "to_date": date(2024, 1, 2)}
HOSTILE = "<script>alert('&\")</script>"
SERIES = {"US": {"2024-01-01": 3, "2024-01-02": 0}, HOSTILE: {"2024-01-01": 1, "2024-01-02": 2}}

SEGMENTATION = SegmentationResult(
    query=Segmentation(event="A", on="country", **DAYS),
    series=SERIES,
    computed_at=datetime(2024, 1, 3, 4, 5, 6),
)


def step(event: str, count: int, *more: float | None) -> FunnelStep:
    return FunnelStep(event, count, 0.5, 0.5, *more)


FUNNEL = FunnelResult(
    query=Funnel(funnel_id=7, unit="day", on="plan", **DAYS),
    funnel_name="Signup",
    series={
        "2024-01-01": {
            "$overall": (step("A", 8), step("B", 6, 10.0, 10.0)),
            HOSTILE: (step("A", 8), step("B", 6, 10.0, 10.0)),
        },
        "2024-01-02": {"$overall": (step("A", 2), step("B", 2, 30.0, 30.0))},
        "2024-01-03": {"$overall": (step("A", 0), step("B", 0))},
    },
)
RETENTION = RetentionResult(
    query=Retention(born_event="A", return_event="B", interval_count=2, **DAYS),
    cohorts=[
        CohortInfo("2024-01-01", 1000, (0, 500), 2),
        CohortInfo("2024-01-02", 500, (600, 400), 2),
        CohortInfo("2024-01-03", 9, (9,), 0),
    ],
)
FREQUENCY = FrequencyResult(
    query=Frequency(event="A", **DAYS),
    periods=[FrequencyPeriod("2024-01-01", (4, 1)), FrequencyPeriod("2024-01-02", (), HOSTILE)],
)
FLOWS = FlowsResult(
    query=Flows(event="A", **DAYS),
    total=4,
    links=[FlowLink(1, "A", HOSTILE, 3, 0.75)],
    paths=[FlowPath(("A", HOSTILE), 3, 0.75)],
)
BUCKETS = NumericBucketsResult(
    query=NumericSegmentation(event="A", on="amount", **DAYS),
    series={
        "2,000 - 2,100": {"2024-01-01": 1},
        "undefined": {"2024-01-02": 4},
        "-10 - 0": {"2024-01-02": 2},
        "1.5 - 2.5": {"2024-01-01": 3},
        "1.5.2 - 2": {"2024-01-01": 3},
    },
)
SUM = NumericSeriesResult(
    query=SegmentationSum(event="A", on="amount", **DAYS), values={"2024-01-01": 1.5}
)
COUNTS = EventCountsResult(query=EventCounts(events=("US", HOSTILE), **DAYS), series=SERIES)
PROPERTY = PropertyCountsResult(
    query=PropertyCounts(event="A", property="p", type="average", **DAYS), series=SERIES
)
TOP = TopEventsResult(query=TopEvents(), events=[TopEvent("A", 2, -0.5), TopEvent("B", 1, None)])
FEED = ActivityFeedResult(
    query=ActivityFeed(distinct_ids=("u",), **DAYS),
    events=[ActivityEvent(datetime(2024, 1, 1, 2), HOSTILE, None, {"p": [1]})],
)
ALL = [SEGMENTATION, FUNNEL, RETENTION, FREQUENCY, FLOWS, BUCKETS, SUM, COUNTS, PROPERTY, TOP, FEED]


@pytest.mark.parametrize("report", ALL, ids=lambda it: type(it).__name__)
def test_a_frame_has_the_documented_columns_and_rows(report):
    assert {name: str(dtype) for name, dtype in report.df.dtypes.items()} == report.columns
    assert len(report.df) == len(report.rows()) > 0
    assert report.df is report.df
    assert all(list(row) == list(report.df.columns) for row in report.rows())


@pytest.mark.parametrize("report", ALL, ids=lambda it: type(it).__name__)
def test_an_empty_frame_has_the_documented_columns(report):
    data = {"series", "cohorts", "periods", "links", "values", "events"} & set(vars(report))
    empty = replace(report, **{name: {} for name in data})
    assert {name: str(dtype) for name, dtype in empty.df.dtypes.items()} == report.columns
    assert len(empty.df) == 0
    assert "nothing" in empty._repr_html_()
    json.dumps(empty.to_dict(), allow_nan=False)


@pytest.mark.parametrize("report", ALL, ids=lambda it: type(it).__name__)
def test_json_is_plain_and_html_is_harmless(report):
    plain = report.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["source"] == "mixpanel"
    assert HOSTILE not in report._repr_html_()
    assert len(repr(report)) < 300


@pytest.mark.parametrize("report", ALL, ids=lambda it: type(it).__name__)
def test_a_terminal_shows_what_a_notebook_shows(report):
    text, html = report.view().text(), report.view().html()
    for row in report.view().table.rows:
        for value in map(cell, row):
            assert value in text
            assert escape(value) in html


def test_a_list_of_answers_is_shown_as_a_table():
    listed = Answers(TOP.events)
    assert listed == [TopEvent("A", 2, -0.5), TopEvent("B", 1, None)]
    assert pretty(listed).splitlines() == [
        "event  count  percent_change",
        "A          2            -0.5",
        "B          1",
    ]
    assert "<td style='text-align:right'>-0.5</td>" in listed._repr_html_()
    assert pretty(Answers()) == "nothing"
    assert pretty(Answers([TopEvent("A", 0, None)])).splitlines() == [
        "event  count",
        "A          0",
    ]
    assert pretty([TopEvent("A", 2, -0.5)]) == repr([TopEvent("A", 2, -0.5)])


def test_answers_that_leave_out_what_is_empty_are_shown_with_all_that_they_have():
    table = Table.of_dicts([{"a": 1, "b": None}, {"a": False, "c": "x"}])
    assert (table.columns, table.rows) == (["a", "c"], [(1, None), (False, "x")])


def test_names_of_others_are_as_harmless_as_their_values():
    view = View("it", {"events": {"\x1b[2J<b>": 1}})
    assert "\x1b" not in view.text() + view.html()
    assert "<b>" not in view.html()


def test_an_answer_is_shown_as_its_facts_one_below_the_other():
    assert pretty(TopEvent("\x1b[2JA\nB", 12345, None)).splitlines() == [
        "TopEvent",
        r"  event           \x1b[2JA",
        "                  B",
        "  count           12,345",
        "  percent_change",
    ]


def test_a_segmentation_has_the_specified_fields():
    it = SEGMENTATION
    assert (it.event, it.from_date, it.to_date, it.unit) == ("A", "2024-01-01", "2024-01-02", "day")
    assert (it.segment_property, it.total) == ("country", 6)
    assert it.df["value"].tolist() == [3, 0, 1, 2]
    assert it.to_dict()["computed_at"] == "2024-01-03 04:05:06"
    assert it.to_dict()["series"] == SERIES
    assert repr(it).startswith("<SegmentationResult event='A', from_date='2024-01-01'")


def test_hours_and_minutes_are_times():
    it = SegmentationResult(
        query=Segmentation(event="A", unit="hour", **DAYS), series={"A": {"2024-01-01 07:00:00": 1}}
    )
    assert str(it.df["date"][0]) == "2024-01-01 07:00:00"


def test_averages_have_no_total():
    query = Segmentation(event="A", type="average", **DAYS)
    it = SegmentationResult(query=query, series={"A": {"2024-01-01": 1}})
    assert it.total is None
    assert str(it.df["value"].dtype) == "float64"


def test_case_68_funnels_of_several_buckets_count_entries_and_one_counts_users():
    it = FUNNEL
    assert (it.funnel_id, it.funnel_name) == (7, "Signup")
    assert (it.from_date, it.to_date) == ("2024-01-01", "2024-01-02")
    assert [(s.event, s.count, s.label) for s in it.steps] == [("A", 10, "A"), ("B", 8, "B")]
    assert (it.steps[1].step_conv_ratio, it.conversion_rate) == (0.8, 0.8)
    assert (it.steps[0].avg_time, it.steps[1].avg_time) == (None, 15.0)
    assert it.counted == it.to_dict()["counted"] == "entries"
    one = FunnelResult(
        query=LocalFunnel(steps=(Step("A"),), **DAYS),
        funnel_name=None,
        series={"2024-01-01": {"$overall": (step("A", 0),)}},
    )
    assert (one.counted, one.funnel_id, one.conversion_rate) == ("users", None, 1.0)
    assert "series" not in one.to_dict()
    again = LocalFunnel(steps=(Step("A"),), count="total", **DAYS)
    assert FunnelResult(query=again, funnel_name=None, series=one.series).counted == "entries"


def test_a_funnel_without_entries_divides_nothing():
    empty = {"2024-01-01": {"$overall": (step("A", 0), step("B", 0))}}
    it = FunnelResult(query=FUNNEL.query, funnel_name=None, series=empty)
    assert [s.overall_conv_ratio for s in it.steps] == [1.0, 0.0]
    assert FunnelResult(query=FUNNEL.query, funnel_name=None, series={}).conversion_rate == 0.0


def test_the_average_of_cohorts_is_weighted_and_leaves_out_what_may_grow():
    it = RETENTION
    assert it.average == [600 * 500 / (1000**2 + 500**2), pytest.approx(0.56)]
    assert it.cohorts[1].rates == (1.2, 0.8)
    assert (it.born_event, it.return_event, it.unit) == ("A", "B", "day")
    assert it.df["complete"].tolist() == [True, True, True, True, False]


def test_frequencies_are_shares_of_the_active_users():
    assert [row["rate"] for row in FREQUENCY.rows()] == [1.0, 0.25]


def test_ranges_are_numbers_in_order_and_what_is_no_range_comes_last():
    assert [(row["low"], row["high"]) for row in BUCKETS.rows()] == [
        (-10.0, 0.0),
        (1.5, 2.5),
        (2000.0, 2100.0),
        (None, None),
        (None, None),
    ]


def test_jql_rows_of_any_shape_have_columns():
    raw = [{"key": ["a", 1], "value": 2}, [1, None], 3, {"key": 1, "x": 2}]
    it = JQLResult(raw)
    names = ["key_1", "key_2", "value", "column_1", "column_2", "key", "x"]
    assert [list(row) for row in it.rows()] == [names] * 4
    assert [{k: v for k, v in row.items() if v is not None} for row in it.rows()] == [
        {"key_1": "a", "key_2": 1, "value": 2},
        {"column_1": 1},
        {"value": 3},
        {"key": 1, "x": 2},
    ]
    assert list(it.df.columns) == names
    assert it.to_dict() == {"source": "mixpanel", "raw": raw}
    assert repr(it) == "<JQLResult 4 rows>"
    assert JQLResult([]).df.empty


def test_a_long_answer_shows_its_beginning():
    many = {f"s{number}": {"2024-01-01": number} for number in range(1000)}
    html = SegmentationResult(query=SEGMENTATION.query, series=many)._repr_html_()
    assert html.count("<tr>") == 21
    assert "980 more rows: .df has all" in html


def test_a_saved_report_with_breakdowns_has_a_column_for_each():
    series = {
        "Purchase": {
            "$overall": {"2024-01-01T00:00:00+01:00": 5},
            "US": {
                "$overall": {"2024-01-01T00:00:00+01:00": 3},
                "Chrome": {"2024-01-01T00:00:00+01:00": 2, "2024-01-02T05:00:00+01:00": None},
            },
        },
        "Total": {"all": 7},
        HOSTILE: "nothing to see",
    }
    it = InsightsResult(
        query=Insights(bookmark_id=1),
        kind="insights",
        headers=("$event", "country", "value"),
        from_date=None,
        to_date=None,
        series=series,
    )
    assert list(it.columns) == ["metric", "country", "value_2", "date", "value"]
    assert [tuple(row.values()) for row in it.rows()] == [
        ("Purchase", "$overall", "$overall", "2024-01-01 00:00:00", 5),
        ("Purchase", "US", "$overall", "2024-01-01 00:00:00", 3),
        ("Purchase", "US", "Chrome", "2024-01-01 00:00:00", 2),
        ("Purchase", "US", "Chrome", "2024-01-02 05:00:00", None),
        ("Total", "$overall", "$overall", None, 7),
    ]
    assert [str(dtype) for dtype in it.df.dtypes] == list(it.columns.values())
    assert it.to_dict()["series"] == series
    assert HOSTILE not in it._repr_html_()


def test_a_saved_funnel_may_be_split_by_date_and_segment():
    steps = {"count": {"1. A": {"US": 4}, "2. B": {"US": 1}}, "new_measure": {"1. A": {"US": 0}}}
    it = InsightsResult(
        query=Insights(bookmark_id=1),
        kind="funnel",
        headers=("$funnel",),
        from_date=None,
        to_date=None,
        series={"F": {"2024-01-01": steps}, "G": {"count": 3}},
    )
    rows = it.rows()
    assert [(r["level"], r["date"], r["step"], r["count"]) for r in rows] == [
        ("US", "2024-01-01", "1. A", 4),
        ("US", "2024-01-01", "2. B", 1),
    ]
    assert {r["avg_time"] for r in rows} == {None}


def test_a_saved_retention_without_rates_gets_them():
    rows = {"US": {"2024-01-01": {"first": 4, "counts": [2, 1]}}, "note": "x"}
    it = InsightsResult(
        query=Insights(bookmark_id=1),
        kind="retention",
        headers=("$retention", "country"),
        from_date=None,
        to_date=None,
        series={"R": rows},
    )
    assert [(r["country"], r["interval"], r["rate"]) for r in it.rows()] == [
        ("US", 0, 0.5),
        ("US", 1, 0.25),
    ]
