"""What each option changes where Mixpanel's rules are not written down, worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries import Segmentation
from tests.library.reports.test_cases import YEAR, counts, event, rows

UTC = {"timezone": "UTC"}


def test_a_filter_of_a_funnel_may_be_one_of_entries_alone(having):
    local = having(
        event("A", "u", "2024-01-01 10:00", plan="pro"),
        event("B", "u", "2024-01-01 11:00"),
        event("A", "v", "2024-01-01 10:00", plan="pro"),
        event("X", "v", "2024-01-01 10:30"),
        event("B", "v", "2024-01-01 11:00", plan="pro"),
        event("A", "w", "2024-01-01 10:00"),
        event("B", "w", "2024-01-01 11:00", plan="pro"),
    )
    asked = {"where": 'properties["plan"] == "pro"', "exclusions": ["X"], **UTC, **YEAR}
    assert counts(local.funnel(["A", "B"], **asked)) == [2, 1]  # v: his X does not pass
    first = local.funnel(["A", "B"], where_applies="first_step", **asked)
    assert counts(first) == [2, 1]  # u: his B need not pass, and the X of v throws out
    kept = {**asked, "exclusions": []}
    assert counts(local.funnel(["A", "B"], where_applies="first_step", **kept)) == [2, 2]
    assert counts(local.funnel(["A", "B"], **kept)) == [2, 1]


def test_a_filter_of_entries_is_not_asked_of_other_events(having):
    local = having(
        event("A", "u", "2024-01-01 10:00", ok=True), event("B", "u", "2024-01-01 11:00", ok="?")
    )
    asked = {"where": 'properties["ok"]', "where_applies": "first_step", **UTC, **YEAR}
    assert counts(local.funnel(["A", "B"], **asked)) == [1, 1]


@pytest.mark.parametrize("count", ["unique", "total"])
def test_buckets_of_a_funnel_may_be_one_that_is_split_by_the_day_of_entry(having, count):
    local = having(
        event("A", "u", "2024-01-01 10:00"),
        event("A", "u", "2024-01-02 10:00"),
        event("B", "u", "2024-01-02 11:00"),
        event("A", "v", "2024-01-02 12:00"),
    )

    def asked(buckets: str) -> tuple[str, list[list[int]]]:
        found = local.funnel(
            ["A", "B"], "2024-01-01", "2024-01-02", "day", buckets=buckets, count=count, **UTC
        )
        by_day = [[step.count for step in it["$overall"]] for it in found.series.values()]
        return found.counted, by_day

    assert asked("separate") == ("entries", [[1, 1], [2, 1]])
    once = "users" if count == "unique" else "entries"
    assert asked("split") == (once, [[1, 1], [1, 0]])


def test_an_average_may_be_per_user_of_all_days(having):
    local = having(
        event("A", "u", "2024-01-01 10:00", plan="pro"),
        event("A", "u", "2024-01-01 11:00", plan="free"),
        event("A", "v", "2024-01-02 12:00", plan="free"),
        event("A", None, "2024-01-02 12:00", plan="nobody"),
    )
    asked = {"from_date": "2024-01-01", "to_date": "2024-01-03", "type": "average", **UTC}

    def found(**more: str) -> dict[str, list[float]]:
        series = local.segmentation("A", **asked, **more).series
        return {name: list(values.values()) for name, values in series.items()}

    assert found() == {"A": [2.0, 2.0, 0.0]}
    assert found(average_per="users_of_range") == {"A": [1.0, 1.0, 0.0]}
    assert found(on="plan", average_per="users_of_range") == {
        "free": [0.5, 0.5, 0.0],
        "nobody": [0.0, 0.0, 0.0],
        "pro": [1.0, 0.0, 0.0],
    }


@pytest.mark.filterwarnings("ignore:'amount' is no number")
def test_what_is_no_number_may_be_left_out_of_an_average(having):
    local = having(
        event("A", "u", "2024-01-01", amount=10),
        event("A", "u", "2024-01-01", amount="abc"),
        event("A", "u", "2024-01-01"),
        event("A", "u", "2024-01-01", amount=2.5),
        event("A", "u", "2024-01-02", amount="abc"),
    )
    asked = {"on": "amount", "from_date": "2024-01-01", "to_date": "2024-01-02", **UTC}
    zero = local.segmentation_average("A", **asked)
    assert zero.values == {"2024-01-01": 3.125, "2024-01-02": 0.0}
    left_out = local.segmentation_average("A", non_numbers="left_out", **asked)
    assert left_out.values == {"2024-01-01": 6.25, "2024-01-02": None}


def test_a_range_may_include_its_upper_end(having):
    local = having(
        *(event("A", "u", "2024-01-01", amount=it) for it in (0, 10, 10.5, 20, 99.9, 0.3))
    )
    asked = {"on": "amount", "from_date": "2024-01-01", "to_date": "2024-01-01", **UTC}

    def found(**more: str) -> dict[str, float]:
        series = local.segmentation_numeric("A", **asked, **more).series
        return {name: days["2024-01-01"] for name, days in series.items()}

    assert found() == {"0 - 10": 2, "10 - 20": 2, "20 - 30": 1, "90 - 100": 1}
    upper = {"-10 - 0": 1, "0 - 10": 2, "10 - 20": 2, "90 - 100": 1}
    assert found(range_includes="upper") == upper


@pytest.mark.parametrize(
    ("unit", "partial", "whole"),
    [
        ("day", {"2024-01-03": 1}, {"2024-01-03": 1}),
        ("week", {"2024-01-01": 1}, {"2024-01-01": 3}),
        ("month", {"2024-01-01": 1}, {"2024-01-01": 4}),
    ],
)
def test_the_buckets_at_both_ends_may_have_all_their_days(having, unit, partial, whole):
    days = ("2023-12-31 23:59", "2024-01-01", "2024-01-03", "2024-01-07 23:59", "2024-01-31 23:59")
    local = having(*(event("A", "u", at) for at in (*days, "2024-02-01")))
    asked = {"from_date": "2024-01-03", "to_date": "2024-01-03", "unit": unit, **UTC}
    assert local.segmentation("A", **asked).series == {"A": partial}
    assert local.segmentation("A", edge_buckets="whole", **asked).series == {"A": whole}


def test_all_days_of_a_bucket_are_asked_of_the_tables(having):
    local = having(event("A", "u", "2024-01-03"))
    asked = {"from_date": "2024-01-03", "to_date": "2024-01-03", "unit": "week", **UTC}
    local.on(week_start="monday", edge_buckets="whole").segmentation("A", **asked)
    with pytest.warns(match="the tables lack events of 2023-12-31..2024-01-06"):
        local.segmentation("A", week_start="sunday", edge_buckets="whole", **asked)


def test_slots_may_run_from_the_first_event_of_a_user(having):
    local = having(
        event("A", "u", "2024-01-01 10:50"),
        event("A", "u", "2024-01-01 11:10"),  # another hour of the clock, 20 minutes later
        event("A", "u", "2024-01-01 11:55"),
        event("A", "v", "2024-01-01 10:05"),
        event("A", "v", "2024-01-01 10:55"),
    )
    days = ("2024-01-01", "2024-01-01")
    (clock,) = local.frequency(*days, "A", **UTC).periods
    assert clock.counts[:3] == (2, 1, 0)
    (elapsed,) = local.frequency(*days, "A", slots="elapsed", **UTC).periods
    assert elapsed.counts[:3] == (2, 1, 0)
    (half,) = local.frequency(
        *days, "A", where='properties["time"] < 1704107700', slots="elapsed", **UTC
    ).periods
    assert half.counts[:3] == (2, 0, 0)


def test_rows_of_a_value_may_have_the_size_of_those_who_came_back_with_it(having):
    local = having(
        *(event("A", user, "2024-01-01 10:00") for user in "uvw"),
        event("B", "u", "2024-01-02 11:00", plan="pro"),
        event("B", "u", "2024-01-03 11:00", plan="pro"),
        event("B", "v", "2024-01-03 11:00", plan="pro"),
        event("B", "w", "2024-01-09 11:00", plan="pro"),  # later than is asked for
    )
    asked = {"from_date": "2024-01-01", "to_date": "2024-01-01", "interval_count": 2, **UTC}

    def found(**more: Any) -> dict[str, tuple[int, ...]]:
        return rows(local.retention("A", "B", on="plan", **asked, **more))

    assert found() == {"2024-01-01": (3, 0, 1, 2)}
    assert found(segment_sizes="returned") == {"2024-01-01": (2, 0, 1, 2)}
    assert found(segment_sizes="returned", unbounded=True) == {"2024-01-01": (3, 3, 3, 3)}


def test_a_question_for_mixpanel_is_not_explained(having):
    question = Segmentation(event="A", from_date=date(2024, 1, 1), to_date=date(2024, 1, 1))
    with pytest.raises(InvalidArgumentError, match="Segmentation is a question for Mixpanel"):
        having(event("A", "u", "2024-01-01")).explain(question)
