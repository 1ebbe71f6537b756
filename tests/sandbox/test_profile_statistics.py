"""/engage/properties and /engage/stats."""

from __future__ import annotations

import statistics
from collections import Counter

import pytest


def everyone(ask, **params):
    rows = ask("query/engage", page_size=10_000, **params).json["results"]
    return [row["$properties"] for row in rows]


def stats(ask, action, **params):
    answer = ask("query/engage/stats", action=action, **params)
    assert answer.status_code == 200, answer.text
    assert answer.json["status"] == "ok"
    return answer.json["results"]


def test_properties_are_counted_and_typed(ask):
    found = ask("query/engage/properties").json["results"]
    counts = Counter(
        name for each in everyone(ask) for name, value in each.items() if value is not None
    )
    assert {name: said["count"] for name, said in found.items()} == counts
    assert [said["count"] for said in found.values()] == sorted(counts.values(), reverse=True)
    kinds = {name: said["type"] for name, said in found.items()}
    assert kinds["$email"] == "string"
    assert kinds["age"] == kinds["lifetime_value"] == "number"
    assert kinds["newsletter"] == "boolean"
    assert kinds["interests"] == "list"
    assert len(ask("query/engage/properties", limit=3).json["results"]) == 3
    assert ask("query/engage/properties", limit=0).status_code == 400
    groups = ask("query/engage/properties", data_group_id="4242").json["results"]
    assert groups["employees"] == {"count": 25, "type": "number"}


def test_profiles_are_counted_as_they_are_found(ask):
    selector = 'properties["plan"] == "pro"'
    assert stats(ask, "count()") == len(everyone(ask))
    assert stats(ask, "count()", selector=selector) == len(everyone(ask, where=selector)) > 5
    cohort = {"id": 1000}
    members = ask("query/engage", filter_by_cohort=cohort).json["total"]
    assert stats(ask, "count()", filter_by_cohort=cohort) == members


def test_numbers_are_summed_up(ask):
    ages = sorted(each["age"] for each in everyone(ask) if "age" in each)
    assert stats(ask, 'extremes(properties["age"])') == {"min": ages[0], "max": ages[-1]}
    summary = stats(ask, ' numeric_summary( properties["age"] ) ')
    assert (summary["count"], summary["sum"]) == (len(ages), sum(ages))
    assert summary["sum_squares"] == sum(age**2 for age in ages)
    assert summary["avg"] == pytest.approx(statistics.mean(ages))
    assert summary["stddev"] == pytest.approx(statistics.pstdev(ages))


@pytest.mark.parametrize("rank", [0, 10, 50, 99.5, 100])
def test_a_percentile_is_the_least_number_that_so_many_do_not_exceed(ask, rank):
    ages = [each["age"] for each in everyone(ask) if "age" in each]
    found = stats(ask, f'percentile(properties["age"],{rank})')
    assert sum(age <= found for age in ages) >= len(ages) * rank / 100
    assert sum(age < found for age in ages) < max(len(ages) * rank / 100, 1)


def test_of_nothing_there_is_no_number(ask):
    nobody = {"selector": 'properties["plan"] == "none"'}
    assert stats(ask, 'extremes(properties["age"])', **nobody) == {"min": None, "max": None}
    assert stats(ask, 'percentile(properties["age"], 5)', **nobody) is None
    assert stats(ask, 'numeric_summary(properties["plan"])')["avg"] is None


@pytest.mark.parametrize(
    "action",
    [
        "",
        "sum()",
        'percentile(properties["age"])',
        'percentile(properties["age"], 101)',
        "extremes(x",
    ],
)
def test_what_can_not_be_meant_is_a_400(ask, action):
    assert ask("query/engage/stats", action=action).status_code == 400
