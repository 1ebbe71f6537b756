"""Days and buckets, against a walk through the calendar by the quarter of an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mixpanel_data._internal.reports.calendar import Calendar, key
from tests.library.reports.asking import Project
from tests.oracles.history import History

zones = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/Santiago",
        "Asia/Beirut",
        "Pacific/Apia",
        "Atlantic/Azores",
        "Africa/Casablanca",
    ]
)
days = st.dates(date(2010, 1, 1), date(2030, 1, 1))
units = st.sampled_from(["hour", "day", "week", "month", "range"]) | st.integers(1, 5)


@example("Pacific/Apia", date(2011, 12, 28), 5, "day", "monday")
@given(zones, days, st.integers(0, 40), units, st.sampled_from(["monday", "sunday"]))
def test_buckets_are_those_that_the_clock_shows(zone, first, length, unit, week_start):
    last = first + timedelta(days=length)
    history = History.of([], zone, week_start=week_start)
    name = f"{unit} days" if isinstance(unit, int) else unit
    calendar = Calendar(zone, first, last, week_start)
    assert calendar.buckets(unit) == history.buckets(name, first, last)


@pytest.mark.parametrize("week_start", ["monday", "sunday"])
@pytest.mark.parametrize(
    ("unit", "first", "last"),
    [
        ("day", date(2024, 2, 5), date(2024, 2, 11)),
        ("range", date(2024, 2, 5), date(2024, 2, 11)),
        ("month", date(2024, 2, 1), date(2024, 2, 29)),
    ],
)
def test_a_whole_calendar_has_all_days_of_its_buckets(unit, first, last, week_start):
    asked = Calendar("UTC", date(2024, 2, 5), date(2024, 2, 11), week_start)
    assert asked.whole(unit) == Calendar("UTC", first, last, week_start)
    week = asked.whole("week")
    days = (5, 11) if week_start == "monday" else (4, 17)
    assert (week.first.day, week.last.day) == days


@given(zones, days, st.integers(0, 400), units, st.data())
def test_the_bucket_of_an_instant_is_the_same_in_sql(
    project: Project, zone, first, length, unit, data
):
    calendar = Calendar(zone, first, first + timedelta(days=length))
    seconds = int((calendar.end - calendar.start).total_seconds())
    at = calendar.start + timedelta(seconds=data.draw(st.integers(0, seconds - 1)))
    history = History.of([], zone)
    name = f"{unit} days" if isinstance(unit, int) else unit
    found = project.storage.execute_scalar(
        f"SELECT {calendar.bucket(unit)} FROM (SELECT CAST(? AS TIMESTAMP) AS event_time)", [at]
    )
    assert found == history.bucket(at.replace(tzinfo=UTC), name, first)


def test_a_calendar_without_a_change_of_clock_adds_one_offset():
    winter = Calendar("Europe/Berlin", date(2024, 1, 1), date(2024, 1, 31))
    assert winter.bucket("day") == "date_trunc('day', event_time + INTERVAL 1 HOUR)"
    assert winter.covers("t") == (
        "t >= TIMESTAMP '2023-12-31 23:00:00'",
        "t < TIMESTAMP '2024-01-31 23:00:00'",
    )


def test_a_change_of_clock_is_an_instant():
    spring = Calendar("Europe/Berlin", date(2024, 3, 31), date(2024, 3, 31))
    assert spring.bucket("hour") == (
        "date_trunc('hour', CASE WHEN event_time < TIMESTAMP '2024-03-31 01:00:00'"
        " THEN event_time + INTERVAL 1 HOUR ELSE event_time + INTERVAL 2 HOUR END)"
    )
    hours = [key(bucket, "hour")[11:13] for bucket in spring.buckets("hour")]
    assert hours == [f"{hour:02}" for hour in range(24) if hour != 2]


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "event_time"),
        ("Asia/Kathmandu", "event_time + INTERVAL 20700 SECOND"),
        ("America/Phoenix", "event_time - INTERVAL 7 HOUR"),
    ],
)
def test_offsets_are_read_easily(zone, shown):
    calendar = Calendar(zone, date(2024, 1, 1), date(2024, 12, 31))
    assert calendar.local("event_time") == shown


def test_a_midnight_that_does_not_exist_is_what_follows_it():
    beirut = Calendar("Asia/Beirut", date(2024, 3, 31), date(2024, 3, 31))
    assert beirut.start == datetime(2024, 3, 30, 22)
    assert beirut.end - beirut.start == timedelta(hours=23)
