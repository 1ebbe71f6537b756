"""The worked examples of the contract, each with its number."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from mixpanel_data import InvalidArgumentError
from tests.library.reports.asking import store_users

YEAR = {"from_date": "2024-01-01", "to_date": "2024-12-31"}


def event(name: str, user: str | None, at: str, **properties: Any) -> dict[str, Any]:
    """An event at a time of UTC."""
    time = round(datetime.fromisoformat(f"{at}+00:00").timestamp() * 1000)
    who = {} if user is None else {"distinct_id": user}
    return {"event": name, "properties": {"time": time, **who, **properties}}


def counts(result: Any) -> list[int]:
    return [step.count for step in result.steps]


# -- 60, 61: segmentation --------------------------------------------------------------------------


def test_case_60_average_is_events_per_user_and_users_of_segments_may_exceed_the_total(having):
    local = having(
        event("A", "u1", "2024-01-01 10:00", plan="pro"),
        event("A", "u1", "2024-01-01 11:00", plan="free"),
        event("A", "u2", "2024-01-01 12:00", plan="free"),
        event("A", "u2", "2024-01-02 12:00", plan="free"),
    )
    days = {"from_date": "2024-01-01", "to_date": "2024-01-02", "timezone": "UTC"}
    series = {
        kind: local.segmentation("A", type=kind, **days).series["A"]
        for kind in ("general", "unique", "average")
    }
    assert series == {
        "general": {"2024-01-01": 3, "2024-01-02": 1},
        "unique": {"2024-01-01": 2, "2024-01-02": 1},
        "average": {"2024-01-01": 1.5, "2024-01-02": 1.0},
    }
    by_plan = local.segmentation("A", type="unique", on="plan", **days).series
    assert {plan: values["2024-01-01"] for plan, values in by_plan.items()} == {"free": 2, "pro": 1}


def test_a_list_counts_its_event_once_for_each_distinct_item(having):
    """Mixpanel's "List Breakdown", U30 of the reports' rules: events count, not items."""
    local = having(
        event("A", "u1", "2024-01-01 10:00", items=["P1", "P1", "P2"]),
        event("A", "u2", "2024-01-01 11:00", items=["P1"]),
        event("A", "u3", "2024-01-01 12:00", items=[1, "1", 1.0]),
        event("A", "u4", "2024-01-01 13:00", items=[[], None, [], None]),
    )
    day = {"from_date": "2024-01-01", "to_date": "2024-01-01", "timezone": "UTC"}
    once = {"1": 1, "P1": 2, "P2": 1, "[]": 1, "null": 1}
    for kind, expected in {
        "general": once,
        "unique": once,
        "average": dict.fromkeys(once, 1.0),
    }.items():
        series = local.segmentation("A", type=kind, on="items", **day).series
        assert {name: values["2024-01-01"] for name, values in series.items()} == expected
    total = local.funnel(["A"], on="items", count="total", **day)
    (segments,) = total.series.values()
    reached = {name: steps[0].count for name, steps in segments.items()}
    assert reached == {"$overall": 4, **once}
    rates = local.frequency(event="A", on="items", **day).periods
    assert {it.segment: it.counts[:2] for it in rates} == {name: (n, 0) for name, n in once.items()}


@pytest.mark.filterwarnings("ignore:'amount' is no number")
def test_case_61_ranges_have_labels_and_no_empty_dates(having):
    local = having(
        *(event("A", "u", "2024-01-01", amount=amount) for amount in (2000, 2099.99, 2100, 2999)),
        event("A", "u", "2024-01-03", amount=2950),
        event("A", "u", "2024-01-03", amount="2950"),
    )
    found = local.segmentation_numeric("A", "2024-01-01", "2024-01-05", on="amount", timezone="UTC")
    assert found.series == {
        "2,000 - 2,100": {"2024-01-01": 2},
        "2,100 - 2,200": {"2024-01-01": 1},
        "2,900 - 3,000": {"2024-01-01": 1, "2024-01-03": 1},
    }


@pytest.mark.filterwarnings("ignore:'amount' is no number")
def test_case_61_what_is_no_number_is_0_in_a_sum_and_counts_in_an_average(having):
    local = having(
        event("A", "u", "2024-01-01", amount=10),
        event("A", "u", "2024-01-01", amount="abc"),
        event("A", "u", "2024-01-01"),
        event("A", "u", "2024-01-01", amount=2.5),
    )
    days = {"from_date": "2024-01-01", "to_date": "2024-01-02", "timezone": "UTC"}
    total = local.segmentation_sum("A", on="amount", **days)
    assert total.values == {"2024-01-01": 12.5, "2024-01-02": 0.0}
    average = local.segmentation_average("A", on="amount", **days)
    assert average.values == {"2024-01-01": 3.125, "2024-01-02": None}


# -- 83: copies ------------------------------------------------------------------------------------


def test_case_83_copies_are_left_out_by_mixpanels_key(having):
    copy = {"user": "u1", "at": "2024-01-01"}
    local = having(
        event("A", **copy, **{"$insert_id": "i", "mp_processing_time_ms": 1, "plan": "old"}),
        event("A", **copy, **{"$insert_id": "i", "mp_processing_time_ms": 3, "plan": "latest"}),
        event("A", **copy, **{"$insert_id": "i", "mp_processing_time_ms": 2, "plan": "newer"}),
        event("A", "u2", "2024-01-01", **{"$insert_id": "i"}, plan="another user"),
        event("A", "u1", "2024-01-01 00:00:01", **{"$insert_id": "i"}, plan="another time"),
        event("B", **copy, **{"$insert_id": "i"}, plan="another event"),
        event("A", **copy, plan="no id"),
        event("A", **copy, plan="no id"),
    )
    day = {"from_date": "2024-01-01", "to_date": "2024-01-01", "timezone": "UTC"}
    found = local.segmentation("A", on="plan", dedupe=True, **day)
    assert {plan: values["2024-01-01"] for plan, values in found.series.items()} == {
        "no id": 2,
        "another time": 1,
        "another user": 1,
        "latest": 1,
    }
    assert local.segmentation("A", dedupe=False, **day).total == 7
    assert local.segmentation("B", dedupe=True, **day).total == 1


@pytest.mark.filterwarnings("ignore:none of the 1 event")
def test_case_83_the_copy_that_stays_decides_what_passes_a_filter(having):
    copy = {"user": "u1", "at": "2024-01-01", "$insert_id": "i"}
    local = having(
        event("A", **copy, mp_processing_time_ms=1, ok=True),
        event("A", **copy, mp_processing_time_ms=2, ok=False),
    )
    day = {"from_date": "2024-01-01", "to_date": "2024-01-01", "timezone": "UTC"}
    assert local.segmentation("A", where='properties["ok"]', dedupe=True, **day).total == 0
    assert local.segmentation("A", where='not properties["ok"]', dedupe=True, **day).total == 1


# -- 84, 85, 86: funnels ---------------------------------------------------------------------------


def test_case_84_the_window_starts_with_the_first_entry(having):
    local = having(
        event("A", "u", "2024-01-01 01:00"),
        event("A", "u", "2024-01-01 01:30"),
        event("B", "u", "2024-01-01 01:45"),
        event("C", "u", "2024-01-01 02:15"),
    )
    asked = {"length": 1, "length_unit": "hour", "timezone": "UTC", **YEAR}
    assert counts(local.funnel(["A", "B", "C"], **asked)) == [1, 1, 0]
    found = local.funnel(["A", "B"], **asked)
    assert found.steps[1].avg_time == found.steps[1].avg_time_from_start == 45 * 60


@pytest.mark.parametrize(
    ("path", "reached"),
    [("ABDCDE", [1, 1, 1, 1, 1]), ("ABCE", [1, 1, 1, 0, 0])],
)
def test_case_85_other_events_may_lie_between_steps_but_none_may_be_skipped(having, path, reached):
    local = having(
        *(event(name, "u", f"2024-01-01 {hour:02}:00") for hour, name in enumerate(path)),
        event("D", "v", "2024-01-01"),
    )
    assert counts(local.funnel(list("ABCDE"), timezone="UTC", **YEAR)) == reached


@pytest.mark.parametrize(("before", "reached"), [(1, [1, 1]), (2, [1, 1]), (3, [1, 0])])
def test_case_85_steps_within_two_seconds_are_interchangeable(having, before, reached):
    local = having(
        event("B", "u", f"2024-01-01 10:00:0{3 - before}"), event("A", "u", "2024-01-01 10:00:03")
    )
    asked = {"timezone": "UTC", **YEAR}
    assert counts(local.funnel(["A", "B"], **asked)) == reached
    assert counts(local.funnel(["A", "B"], grace_seconds=0, **asked)) == [1, 0]
    if reached == [1, 1]:
        assert local.funnel(["A", "B"], **asked).steps[1].avg_time == 0
        told = local.funnel(["A", "B"], clamp_times=False, **asked)
        assert told.steps[1].avg_time == -before


def test_case_86_completions_after_the_range_count_within_the_window(having):
    local = having(
        event("A", "late", "2024-01-31 23:00"),
        event("B", "late", "2024-02-07 23:00"),
        event("A", "too late", "2024-01-31 23:00"),
        event("B", "too late", "2024-02-07 23:00:00.001"),
        event("A", "after", "2024-02-01 00:00"),
        event("B", "after", "2024-02-01 01:00"),
    )
    january = {"from_date": "2024-01-01", "to_date": "2024-01-31", "timezone": "UTC"}
    assert counts(local.funnel(["A", "B"], **january)) == [2, 1]
    assert counts(local.funnel(["A", "B"], window_end="exclusive", **january)) == [2, 0]


def test_a_funnel_counts_again_after_each_exit(having):
    """Rule 3 of 16.2: conversion, time-out and exclusion events end an attempt."""
    local = having(
        event("A", "u", "2024-01-01 00:00"),
        event("A", "u", "2024-01-01 00:30"),
        event("B", "u", "2024-01-01 01:00"),
        event("A", "u", "2024-01-01 02:00"),
        event("X", "u", "2024-01-01 02:10"),
        event("A", "u", "2024-01-01 02:20"),
        event("A", "u", "2024-01-02 03:00"),
        event("B", "u", "2024-01-02 03:30"),
    )
    asked = {"length": 1, "length_unit": "day", "timezone": "UTC", **YEAR}
    assert counts(local.funnel(["A", "B"], **asked)) == [1, 1]
    assert counts(local.funnel(["A", "B"], count="total", **asked)) == [3, 2]
    thrown = local.funnel(["A", "B"], count="total", exclusions=["X"], **asked)
    assert counts(thrown) == [4, 2]
    assert thrown.counted == "entries"


def path(*acts: str) -> list[dict[str, Any]]:
    """Events of one user, each as name and seconds after one o'clock: "A0", "B1.5"."""
    return [event(act[0], "u", f"2024-01-01 01:00:{float(act[1:]):06.3f}") for act in acts]


@pytest.mark.parametrize(
    ("acts", "reached"),
    [
        (["A0", "B1", "A2"], [2, 1]),
        (["A0", "A0", "B0", "B0"], [1, 1]),
        (["A0", "B0", "A0", "B0"], [2, 2]),
        (["A0", "B0", "A0", "B0", "A0"], [3, 2]),
        (["B0", "B1", "A1", "A2"], [2, 2]),  # either B is within two seconds of either A
        (["B0", "A1", "A2"], [2, 1]),
    ],
)
def test_an_event_belongs_to_one_attempt_of_a_totals_funnel(having, acts, reached):
    asked = {"count": "total", "timezone": "UTC", **YEAR}
    local = having(*path(*acts))
    assert counts(local.funnel(["A", "B"], **asked)) == reached
    for buckets in ("separate", "split"):
        assert counts(local.funnel(["A", "B"], unit="day", buckets=buckets, **asked)) == reached


def test_entries_of_the_same_instant_all_count(having):
    local = having(*path("A0", "A0"))
    asked = {"count": "total", "timezone": "UTC", **YEAR}
    assert counts(local.funnel(["A"], **asked)) == [2]
    assert counts(local.funnel(["A", "A"], **asked)) == [1, 1]
    assert counts(local.funnel(["A", "A"], reuse_events=True, **asked)) == [2, 2]


def test_an_event_that_ended_an_attempt_does_not_end_the_next_one(having):
    asked = {"count": "total", "exclusions": ["X"], "timezone": "UTC", **YEAR}
    local = having(*path("A0", "X1", "A2", "B3"))
    assert counts(local.funnel(["A", "B"], **asked)) == [2, 1]
    local = having(*path("A0", "A0", "A0", "B0"))
    assert counts(local.funnel(["A", "B"], **asked | {"exclusions": ["A"]})) == [2, 1]


@pytest.mark.parametrize(("window_end", "reached"), [("inclusive", [1, 0]), ("exclusive", [2, 0])])
def test_an_entry_at_the_end_of_the_window_of_an_attempt(having, window_end, reached):
    local = having(*path("A0", "A2"), event("B", "v", "2024-01-01"))
    asked = {"count": "total", "length": 2, "length_unit": "second", "timezone": "UTC", **YEAR}
    assert counts(local.funnel(["A", "B"], window_end=window_end, **asked)) == reached


def test_a_breakdown_counts_a_new_value_after_the_exit_at_the_same_instant(having):
    local = having(
        event("A", "u", "2024-01-01 01:00", item="x"),
        event("B", "u", "2024-01-01 01:00", item="x"),
        event("A", "u", "2024-01-01 01:00", item="y"),
    )
    found = local.funnel(["A", "B"], on="item", timezone="UTC", **YEAR)
    (segments,) = found.series.values()
    assert {name: [it.count for it in steps] for name, steps in segments.items()} == {
        "$overall": [1, 1],
        "x": [1, 1],
        "y": [1, 0],
    }


def test_attempts_of_a_user_with_thousands_of_entries_are_all_counted(having):
    """More than a fold takes at a time; in every tenth pair the step comes before its entry."""
    acts = []
    for number in range(1500):
        at = datetime(2024, 1, 1) + timedelta(seconds=10 * number)
        before = number % 10 == 0
        acts += [
            event("A", "u", f"{at}"),
            event("B", "u", f"{at + timedelta(seconds=-1 if before else 1)}"),
        ]
        acts += [event("A", "v", f"{at}"), event("B", "v", f"{at + timedelta(seconds=1)}")]
    local = having(*acts, event("A", "u", "2024-01-02"))
    found = local.funnel(["A", "B"], count="total", timezone="UTC", **YEAR)
    assert counts(found) == [3001, 3000]


def test_a_funnel_throws_out_between_the_steps_that_an_exclusion_names(having):
    from mixpanel_data.queries import Exclusion

    local = having(
        event("A", "u", "2024-01-01 00:00"),
        event("B", "u", "2024-01-01 01:00"),
        event("X", "u", "2024-01-01 02:00", reason="bored"),
        event("C", "u", "2024-01-01 03:00"),
    )

    def asked(exclusion: Any) -> list[int]:
        return counts(local.funnel(["A", "B", "C"], exclusions=[exclusion], timezone="UTC", **YEAR))

    assert asked("X") == [1, 1, 0]
    assert asked(Exclusion("X", after_step=2)) == [1, 1, 0]
    assert asked(Exclusion("X", before_step=2)) == [1, 1, 1]
    assert asked(("X", 'properties["reason"] == "busy"')) == [1, 1, 1]


def test_a_funnel_by_day_is_one_for_each_day(having):
    local = having(
        event("A", "u", "2024-01-01 10:00"),
        event("A", "u", "2024-01-02 10:00"),
        event("B", "u", "2024-01-02 11:00"),
    )
    found = local.funnel(["A", "B"], "2024-01-01", "2024-01-03", unit="day", timezone="UTC")
    by_day = {day: [it.count for it in found.series[day]["$overall"]] for day in found.series}
    assert by_day == {"2024-01-01": [1, 1], "2024-01-02": [1, 1], "2024-01-03": [0, 0]}
    assert found.counted == "entries"


def test_a_funnel_breaks_down_by_the_first_value_that_is_defined(having):
    local = having(
        event("A", "u", "2024-01-01 10:00"),
        event("B", "u", "2024-01-01 11:00", plan="pro"),
        event("C", "u", "2024-01-01 12:00", plan="team"),
        event("A", "v", "2024-01-01 10:00"),
    )

    def asked(attribution: str) -> dict[str, list[int]]:
        found = local.funnel(
            ["A", "B", "C"], on="plan", attribution=attribution, timezone="UTC", **YEAR
        )
        (segments,) = found.series.values()
        return {name: [it.count for it in steps] for name, steps in segments.items()}

    everyone = {"$overall": [2, 1, 1], "undefined": [1, 0, 0]}
    assert asked("first") == everyone | {"pro": [1, 1, 1]}
    assert asked("last") == everyone | {"team": [1, 1, 1]}


# -- 87 to 90: retention ---------------------------------------------------------------------------


def rows(result: Any) -> dict[str, tuple[int, ...]]:
    return {it.date: (it.size, *it.counts) for it in result.cohorts if it.size}


@pytest.mark.parametrize(
    ("back", "counted"), [("14:59:59", (1, 1, 0, 0)), ("15:00:00", (1, 0, 1, 0))]
)
def test_case_87_intervals_are_24_hours_from_birth(having, back, counted):
    local = having(event("A", "u", "2024-01-02 15:00"), event("B", "u", f"2024-01-03 {back}"))
    found = local.retention("A", "B", "2024-01-01", "2024-01-03", interval_count=2, timezone="UTC")
    assert rows(found) == {"2024-01-02": counted}


@pytest.mark.parametrize(
    ("back", "counted"),
    [
        ("2024-02-13", (1, 1, 0, 0)),  # 29 days
        ("2024-02-14", (1, 0, 1, 0)),
        ("2024-03-14", (1, 0, 1, 0)),  # 59 days
        ("2024-03-15", (1, 0, 0, 1)),
    ],
)
def test_case_87_a_month_is_30_days(having, back, counted):
    local = having(event("A", "u", "2024-01-15"), event("B", "u", back))
    found = local.retention(
        "A", "B", "2024-01-01", "2024-01-31", unit="month", interval_count=2, timezone="UTC"
    )
    assert rows(found) == {"2024-01-01": counted}


def test_case_87_weekly_rows_start_on_monday_unless_told_otherwise(having):
    local = having(event("A", "sunday", "2024-01-07 23:59:59"), event("A", "monday", "2024-01-08"))
    asked = {"unit": "week", "interval_count": 1, "timezone": "UTC", **YEAR}
    assert list(rows(local.retention("A", None, **asked))) == ["2024-01-01", "2024-01-08"]
    assert list(rows(local.retention("A", None, week_start="sunday", **asked))) == ["2024-01-07"]


def test_case_88_birth_puts_a_user_in_one_row_and_compounded_in_each(having):
    local = having(
        event("A", "u", "2024-01-01 10:00"),
        event("A", "u", "2024-01-03 11:00"),
        event("A", "u", "2024-01-04 10:00"),
    )
    asked = {"from_date": "2024-01-01", "to_date": "2024-01-31", "interval_count": 3}
    asked |= {"timezone": "UTC"}
    assert rows(local.retention("A", "A", **asked)) == {"2024-01-01": (1, 0, 0, 1, 1)}
    each = {
        "2024-01-01": (1, 0, 0, 1, 1),
        "2024-01-03": (1, 1, 0, 0, 0),
        "2024-01-04": (1, 0, 0, 0, 0),
    }
    compounded = local.retention(None, "A", retention_type="compounded", **asked)
    assert rows(compounded) == each
    assert rows(local.retention("A", "A", birth_rows="every_row", **asked)) == each
    anchored = local.retention("A", "A", anchor_returns=True, **asked)
    assert rows(anchored) == {"2024-01-01": (1, 1, 0, 1, 1)}


def test_case_89_unbounded_counts_users_who_come_back_then_or_later(having):
    local = having(
        event("A", "u", "2024-01-01"),
        event("B", "u", "2024-01-02"),
        event("B", "u", "2024-01-03"),
        event("A", "v", "2024-01-01"),
        event("B", "v", "2024-01-02"),
        event("A", "w", "2024-01-01"),
        event("B", "w", "2024-03-01"),
    )
    asked = {"from_date": "2024-01-01", "to_date": "2024-01-01", "interval_count": 3}
    asked |= {"timezone": "UTC"}
    assert rows(local.retention("A", "B", **asked)) == {"2024-01-01": (3, 0, 2, 1, 0)}
    unbounded = local.retention("A", "B", unbounded=True, **asked)
    assert rows(unbounded) == {"2024-01-01": (3, 3, 3, 2, 1)}


def test_case_90_the_average_is_weighted_by_size_and_skips_what_may_still_grow(having):
    def cohort(day: int, size: int, returning: int) -> list[dict[str, Any]]:
        born = [event("A", f"{day}-{n}", f"2024-01-0{day}") for n in range(size)]
        back = [event("B", f"{day}-{n}", f"2024-01-0{day + 1}") for n in range(returning)]
        return born + back

    local = having(*cohort(1, 100, 50), *cohort(2, 50, 40), *cohort(3, 10, 10))
    found = local.retention(
        "A",
        "B",
        "2024-01-01",
        "2024-01-03",
        interval_count=1,
        timezone="UTC",
        as_of=datetime(2024, 1, 4, 12),
    )
    assert rows(found) == {
        "2024-01-01": (100, 0, 50),
        "2024-01-02": (50, 0, 40),
        "2024-01-03": (10, 0, 10),
    }
    assert [it.complete for it in found.cohorts] == [2, 2, 1]
    assert found.average == [0, pytest.approx(0.56)]


def test_intervals_that_have_begun_for_nobody_are_left_out(having):
    local = having(event("A", "u", "2024-01-01 15:00"), event("B", "u", "2024-01-02 16:00"))
    asked = {"from_date": "2024-01-01", "to_date": "2024-01-02", "interval_count": 3}
    asked |= {"timezone": "UTC", "as_of": datetime(2024, 1, 3, 14)}
    found = local.retention("A", "B", **asked)
    assert [(it.counts, it.complete) for it in found.cohorts] == [((0, 1), 1), ((0, 0), 1)]


# -- segments of retention -------------------------------------------------------------------------


def by_segment(result: Any) -> dict[str, tuple[int, ...]]:
    return {it.segment: (it.size, *it.counts) for it in result.cohorts}


def plans(having: Any) -> Any:
    """p0 and p1 are on plan pro, f0 and f1 on free; p0 comes back at once, f0 after four days."""
    local = having(
        *(event("S", user, "2024-01-01 10:00", tag="born") for user in ("p0", "p1", "f0", "f1")),
        event("V", "p0", "2024-01-01 11:00", tag="back"),
        event("V", "f0", "2024-01-05 10:00", tag="late"),
    )
    users = {"p0": "pro", "p1": "pro", "f0": "free", "f1": "free", "none of them": "team"}
    profiles = {user: {"plan": plan, "tags": [plan, plan, "all"]} for user, plan in users.items()}
    store_users(local._service._storage, profiles, flat=True)
    return local


ONE_DAY = {
    "from_date": "2024-01-01", "to_date": "2024-01-01", "interval_count": 1, "timezone": "UTC",
}  # fmt: skip


@pytest.mark.parametrize("on_event", ["return", "born"])
@pytest.mark.parametrize("kind", [{}, {"birth_rows": "every_row"}])
def test_a_property_of_the_user_segments_users(having, on_event, kind):
    local = plans(having)
    found = local.retention("S", "V", on='user["plan"]', on_event=on_event, **kind, **ONE_DAY)
    assert by_segment(found) == {"free": (2, 0, 0), "pro": (2, 1, 0)}
    assert [it.rates for it in found.cohorts] == [(0, 0), (0.5, 0)]
    assert found.rates_within == found.to_dict()["rates_within"] == "segment"
    assert (found.average, found.averages) == ([], {"free": [0, 0], "pro": [0.5, 0]})
    unbounded = local.retention("S", "V", on='user["plan"]', unbounded=True, **ONE_DAY)
    assert by_segment(unbounded) == {"free": (2, 1, 1), "pro": (2, 1, 0)}
    compounded = local.retention(
        None, "S", retention_type="compounded", on='user["plan"]', anchor_returns=True, **ONE_DAY
    )
    assert by_segment(compounded) == {"free": (2, 2, 0), "pro": (2, 2, 0)}
    one = local.retention("S", "V", on='user["plan"]', limit=1, **ONE_DAY)
    assert by_segment(one) == {"free": (2, 0, 0)}  # of equal size: by the alphabet
    tags = local.retention("S", "V", on='user["tags"]', **ONE_DAY)
    assert by_segment(tags) == {"all": (4, 1, 0), "free": (2, 0, 0), "pro": (2, 1, 0)}


def test_a_property_of_an_event_is_that_of_the_return_or_of_birth(having):
    local = plans(having)
    back = local.retention("S", "V", on="tag", **ONE_DAY)
    assert by_segment(back) == {"back": (4, 1, 0)}
    assert (back.rates_within, back.cohorts[0].rates[0]) == ("cohort", 0.25)
    returned = local.retention("S", "V", on="tag", segment_sizes="returned", **ONE_DAY)
    assert (by_segment(returned), returned.rates_within) == ({"back": (1, 1, 0)}, "returned")
    born = local.retention("S", "V", on="tag", on_event="born", **ONE_DAY)
    assert (by_segment(born), born.rates_within) == ({"born": (4, 1, 0)}, "segment")
    both = 'user["plan"] + properties["tag"]'  # reads an event, so it is asked of one
    assert by_segment(local.retention("S", "V", on=both, **ONE_DAY)) == {"proback": (4, 1, 0)}
    both_born = local.retention("S", "V", on=both, on_event="born", **ONE_DAY)
    assert by_segment(both_born) == {"freeborn": (2, 0, 0), "proborn": (2, 1, 0)}
    assert local.retention("S", "V", **ONE_DAY).rates_within is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"on_event": "born"}, "on_event 'born' says nothing without on"),
        ({"segment_sizes": "returned"}, "segment_sizes 'returned' says nothing without on"),
        ({"on": "tag", "on_event": "born", "segment_sizes": "returned"}, "a size of their own"),
        ({"on": 'user["plan"]', "segment_sizes": "returned"}, "a size of their own"),
    ],
)
def test_sizes_that_a_segment_can_not_have_are_refused(having, options, said):
    with pytest.raises(InvalidArgumentError, match=said):
        plans(having).retention("S", "V", **options, **ONE_DAY)


# -- 91, 92, 93: frequency, nobody, days -----------------------------------------------------------


def test_case_91_three_events_in_two_hours_are_two_slots(having):
    local = having(
        event("A", "u", "2024-01-01 10:01"),
        event("A", "u", "2024-01-01 10:59"),
        event("A", "u", "2024-01-01 11:00"),
    )
    (period,) = local.frequency("2024-01-01", "2024-01-01", "A", timezone="UTC").periods
    assert period.counts == (1, 1, *[0] * 22)


@pytest.mark.parametrize("nobody", [None, ""])
def test_case_92_events_of_nobody_count_as_events_alone(having, nobody):
    local = having(
        event("A", nobody, "2024-01-01 10:00"),
        event("B", nobody, "2024-01-01 11:00"),
        event("A", "u", "2024-01-01 10:00"),
    )
    day = {"from_date": "2024-01-01", "to_date": "2024-01-01", "timezone": "UTC"}
    assert local.segmentation("A", **day).total == 2
    assert local.segmentation("A", type="unique", **day).total == 1
    assert local.segmentation("A", type="average", **day).series["A"] == {"2024-01-01": 2.0}
    assert counts(local.funnel(["A", "B"], **day)) == [1, 0]
    assert rows(local.retention("A", "B", interval_count=1, **day)) == {"2024-01-01": (1, 0, 0)}
    assert local.frequency(event="A", **day).periods[0].counts[0] == 1
    assert local.flows("A", **day).total == 1


def test_case_93_a_day_of_the_project_is_not_a_day_of_utc(having):
    local = having(
        event("A", "u", "2024-01-01 22:30"),
        event("A", "u", "2024-01-01 23:30"),
        event("A", "u", "2024-01-01 23:45"),
        event("A", "u", "2024-01-02 22:59:59.999"),
        event("A", "u", "2024-01-02 23:00"),
    )

    def asked(zone: str) -> dict[str, float]:
        return local.segmentation("A", "2024-01-02", "2024-01-02", timezone=zone).series["A"]

    assert asked("UTC") == {"2024-01-02": 2}
    assert asked("Europe/Berlin") == {"2024-01-02": 3}


# -- what no other test would notice ---------------------------------------------------------------


def test_a_value_that_is_called_overall_is_told_from_all_together(having):
    local = having(
        event("A", "u", "2024-01-01", plan="$overall"),
        event("A", "v", "2024-01-01", plan="pro"),
        event("B", "v", "2024-01-01", plan="pro"),
    )
    (segments,) = local.funnel(["A", "B"], on="plan", timezone="UTC", **YEAR).series.values()
    assert {name: [it.count for it in steps] for name, steps in segments.items()} == {
        "$overall": [2, 1],
        "$overall (a value)": [1, 0],
        "pro": [1, 1],
    }


@pytest.mark.parametrize(("as_of", "begun", "complete"), [("12:00:00", 2, 1), ("11:59:59", 1, 0)])
def test_an_interval_begins_and_ends_at_its_very_instant(having, as_of, begun, complete):
    local = having(event("A", "u", "2024-01-01 12:00"), event("B", "u", "2024-01-01 13:00"))
    asked = {"interval_count": 3, "timezone": "UTC", "as_of": f"2024-01-02T{as_of}"}
    (cohort,) = local.retention("A", "B", "2024-01-01", "2024-01-01", **asked).cohorts
    assert (len(cohort.counts), cohort.complete) == (begun, complete)


@pytest.mark.parametrize(
    ("month", "days"), [("2024-01", 31), ("2024-02", 29), ("2024-04", 30), ("2024-12", 31)]
)
def test_a_month_has_as_many_slots_as_it_has_days(having, month, days):
    local = having(event("A", "u", f"{month}-01"))
    asked = {"unit": "month", "addiction_unit": "day", "timezone": "UTC"}
    (period,) = local.frequency(f"{month}-01", f"{month}-{days}", "A", **asked).periods
    assert period.counts == (1, *[0] * (days - 1))


def test_flows_show_a_hundred_paths_and_the_links_of_all(having):
    acts = [
        it
        for number in range(120)
        for it in (
            event("A", f"u{number}", "2024-01-01 10:00"),
            event(f"N{number}", f"u{number}", "2024-01-01 11:00"),
        )
    ]
    found = having(*acts).flows("A", forward=1, limit=200, timezone="UTC", **YEAR)
    assert (found.total, len(found.paths), len(found.links)) == (120, 100, 120)


@pytest.mark.parametrize(("amount", "shown"), [(-0.00001234, "-1.234e-05"), (-0.5, "-0.5")])
def test_a_small_negative_number_is_not_shown_as_zero(having, amount, shown):
    from IPython.lib.pretty import pretty

    local = having(event("A", "u", "2024-01-01", amount=amount))
    day = {"from_date": "2024-01-01", "to_date": "2024-01-01", "timezone": "UTC"}
    assert shown in pretty(local.segmentation_sum("A", on="amount", **day)).split()
