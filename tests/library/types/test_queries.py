"""Questions refuse what can't be meant, and say what to give instead."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries import (
    JQL,
    ActivityFeed,
    EventCounts,
    Exclusion,
    Flows,
    Frequency,
    Funnel,
    Insights,
    LocalFrequency,
    LocalFunnel,
    LocalNumericSegmentation,
    LocalRetention,
    LocalSegmentation,
    LocalSegmentationAverage,
    NumericSegmentation,
    PropertyCounts,
    Retention,
    Segmentation,
    SegmentationAverage,
    SegmentationSum,
    Step,
    TopEvents,
    parse_date,
)

DAYS = {"from_date": date(2024, 1, 1), "to_date": date(2024, 1, 31)}
BACK = {"from_date": date(2024, 2, 1), "to_date": date(2024, 1, 31)}
AB = (Step("A"), Step("B"))

WHOLE = {
    Segmentation: {"event": "A", **DAYS},
    NumericSegmentation: {"event": "A", "on": "n", **DAYS},
    SegmentationSum: {"event": "A", "on": "n", **DAYS},
    SegmentationAverage: {"event": "A", "on": "n", **DAYS},
    LocalSegmentation: {"event": "A", **DAYS},
    LocalNumericSegmentation: {"event": "A", "on": "n", **DAYS},
    LocalSegmentationAverage: {"event": "A", "on": "n", **DAYS},
    Funnel: {"funnel_id": 1, **DAYS},
    LocalFunnel: {"steps": AB, **DAYS},
    Retention: {"born_event": "A", **DAYS},
    LocalRetention: {"born_event": "A", **DAYS},
    Frequency: DAYS,
    LocalFrequency: DAYS,
    Flows: {"event": "A", **DAYS},
    EventCounts: {"events": ("A",), **DAYS},
    PropertyCounts: {"event": "A", "property": "p", **DAYS},
    ActivityFeed: {"distinct_ids": ("u",), **DAYS},
}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_range_has_a_day(kind):
    assert kind(**WHOLE[kind]) == kind(**WHOLE[kind])
    with pytest.raises(InvalidArgumentError, match="is after to_date"):
        kind(**{**WHOLE[kind], **BACK})


@pytest.mark.parametrize(
    ("kind", "more", "message"),
    [
        (Segmentation, {"event": ""}, "event is empty"),
        (Segmentation, {"unit": "year"}, "unit 'year' is unknown"),
        (Segmentation, {"type": "uniques"}, "type 'uniques' is unknown"),
        (Segmentation, {"limit": 0}, "limit 0 is not within 1..10000"),
        (Segmentation, {"limit": 10_001}, "limit 10001 is not within"),
        (Segmentation, {"on": " "}, "on is empty"),
        (Segmentation, {"where": ""}, "where is empty"),
        (Segmentation, {"interval": 2}, "interval goes with type unique"),
        (Segmentation, {"interval": 32, "type": "unique"}, "interval 32 is not within 1..31"),
        (Segmentation, {"interval": 2, "type": "unique", "unit": "week"}, "without unit"),
        (NumericSegmentation, {"on": ""}, "on is empty"),
        (NumericSegmentation, {"type": "total"}, "type 'total' is unknown"),
        (SegmentationSum, {"unit": "week"}, "unit 'week' is unknown"),
        (Funnel, {"unit": "hour"}, "unit 'hour' is unknown"),
        (Funnel, {"unit": "week", "interval": 2}, "unit and interval can't be combined"),
        (Funnel, {"interval": 32}, "interval 32 is not within"),
        (Funnel, {"length": 7}, "length and length_unit go together"),
        (Funnel, {"length": 91, "length_unit": "day"}, "length 91 is not within 1..90"),
        (LocalFunnel, {"steps": ()}, "a funnel needs steps"),
        (LocalFunnel, {"count": "users"}, "count 'users' is unknown"),
        (LocalFunnel, {"length": 367}, "length 367 is not within 1..366"),
        (LocalFunnel, {"grace_seconds": -1}, "grace_seconds -1 is not within 0..31622400"),
        (LocalFunnel, {"attribution": "any"}, "attribution 'any' is unknown"),
        (LocalFunnel, {"where_applies": "last_step"}, "where_applies 'last_step' is unknown"),
        (LocalFunnel, {"buckets": "joined"}, "buckets 'joined' is unknown"),
        (LocalFunnel, {"unit": "week", "interval": 2}, "unit and interval can't be combined"),
        (LocalFunnel, {"exclusions": (Exclusion("X", after_step=2),)}, "exclusion 'X' is not"),
        (LocalFunnel, {"exclusions": (Exclusion("X", before_step=3),)}, "exclusion 'X' is not"),
        (Retention, {"born_event": None}, "retention by birth needs a born_event"),
        (Retention, {"return_event": ""}, "return_event is empty"),
        (Retention, {"retention_type": "first"}, "retention_type 'first' is unknown"),
        (Retention, {"interval": 91}, "interval 91 is not within"),
        (Retention, {"interval_count": 0}, "interval_count 0 is not within"),
        (Retention, {"born_where": ""}, "born_where is empty"),
        (LocalSegmentation, {"average_per": "day"}, "average_per 'day' is unknown"),
        (LocalSegmentation, {"limit": 0}, "limit 0 is not within 1..10000"),
        (LocalNumericSegmentation, {"range_includes": "no"}, "range_includes 'no' is unknown"),
        (LocalSegmentationAverage, {"non_numbers": "null"}, "non_numbers 'null' is unknown"),
        (LocalFrequency, {"slots": "utc"}, "slots 'utc' is unknown"),
        (LocalRetention, {"on_event": "last"}, "on_event 'last' is unknown"),
        (LocalRetention, {"segment_sizes": "all"}, "segment_sizes 'all' is unknown"),
        (LocalRetention, {"birth_rows": "all"}, "birth_rows 'all' is unknown"),
        (Frequency, {"addiction_unit": "week"}, "addiction_unit 'week' is unknown"),
        (Frequency, {"event": ""}, "event is empty"),
        (Flows, {"forward": 0}, "neither forward nor back"),
        (Flows, {"reverse": 21}, "reverse 21 is not within"),
        (Flows, {"hide": ("A",)}, "can't be hidden"),
        (EventCounts, {"events": ()}, "events is empty"),
        (EventCounts, {"type": "unique", "unit": "hour"}, "per hour"),
        (PropertyCounts, {"values": ()}, "values is empty"),
        (PropertyCounts, {"property": ""}, "property is empty"),
        (ActivityFeed, {"distinct_ids": ("u", "")}, "distinct_ids is empty"),
    ],
)
def test_what_cannot_be_meant_is_refused(kind, more, message):
    with pytest.raises(InvalidArgumentError, match=message):
        kind(**{**WHOLE[kind], **more})


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: TopEvents(type="x"), "type 'x' is unknown"),
        (lambda: Insights(bookmark_id=0), "bookmark_id 0 is not within"),
        (lambda: JQL(script=" \n"), "script is empty"),
        (lambda: Step(""), "event of a step is empty"),
        (lambda: Exclusion("X", where=" "), "where is empty"),
    ],
)
def test_questions_without_days_check_themselves_too(ask, message):
    with pytest.raises(InvalidArgumentError, match=message):
        ask()


def test_windows_and_intervals_have_a_length():
    assert LocalFunnel(steps=AB, length=3, length_unit="hour", **DAYS).window_seconds == 10_800
    assert Flows(event="A", **DAYS).window_seconds == 604_800
    assert Retention(born_event="A", unit="month", interval=2, **DAYS).interval_days == 60


def test_dates_may_be_text_or_dates():
    assert parse_date("2024-02-29", "d") == date(2024, 2, 29)
    assert parse_date(datetime(2024, 2, 29, 12), "d") == date(2024, 2, 29)
    for wrong in (None, "20240229", "2023-02-29", "yesterday"):
        with pytest.raises(InvalidArgumentError, match="from_date"):
            parse_date(wrong, "from_date")
