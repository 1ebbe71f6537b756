"""/segmentation, numeric, sum and average."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest

from tests.sandbox.conftest import reported

DAYS = {"from_date": "2026-02-01", "to_date": "2026-02-04"}


def values(ask, path="segmentation", **params):
    answer = ask(f"query/{path}", **(DAYS | params))
    assert answer.status_code == 200, answer.text
    return answer.json["data"]["values"]


def test_series_has_every_bucket_in_no_order_and_zeros_are_filled(project):
    project.happen(("u", "A", "2026-02-02T10:00"), ("u", "A", "2026-02-02T11:00"))
    answer = project("query/segmentation", event="A", **DAYS).json
    assert answer == {
        "data": {
            "series": ["2026-02-03", "2026-02-04", "2026-02-01", "2026-02-02"],
            "values": {"A": {"2026-02-01": 0, "2026-02-02": 2, "2026-02-03": 0, "2026-02-04": 0}},
        },
        "legend_size": 1,
    }
    nothing = project("query/segmentation", event="A", on='properties["x"]', **DAYS).json
    assert nothing["data"]["values"].keys() == {"undefined"}
    nobody = project("query/segmentation", event="None", on='properties["x"]', **DAYS).json
    assert nobody == {"data": {"series": answer["data"]["series"], "values": {}}, "legend_size": 0}


def naive(lines, kind, label):
    found = defaultdict(list)
    for line in lines:
        day = datetime.fromtimestamp(line["properties"]["time"], UTC).date()
        found[label(line["properties"]), str(day)].append(line["properties"]["distinct_id"])
    users = {place: len(set(who) - {""}) for place, who in found.items()}
    return {
        place: {"general": len(who), "unique": users[place]}.get(
            kind, len(who) / users[place] if users[place] else 0
        )
        for place, who in found.items()
    }


@pytest.mark.parametrize("kind", ["general", "unique", "average"])
def test_case_60_general_unique_and_average_are_what_they_say(crowd, kind):
    lines = reported(crowd.lines(event=["App Open"]))
    days = {"from_date": "2026-01-01", "to_date": "2026-03-01"}

    def flat(on=None):
        extra = {} if on is None else {"on": on}
        found = values(crowd, event="App Open", type=kind, **days, **extra)
        return {(name, day): n for name, by in found.items() for day, n in by.items() if n}

    whole = flat()
    assert whole == pytest.approx(naive(lines, kind, lambda _: "App Open"))
    segments = flat('properties["platform"]')
    assert segments == pytest.approx(naive(lines, kind, lambda found: found["platform"]))
    assert any(line["properties"]["distinct_id"] == "" for line in lines)


def test_case_60_unique_over_segments_may_exceed_the_total(project):
    project.happen(
        ("u", "A", "2026-02-02T10:00", {"x": "a"}), ("u", "A", "2026-02-02T11:00", {"x": "b"})
    )
    day = {"from_date": "2026-02-02", "to_date": "2026-02-02"}
    assert values(project, event="A", type="unique", **day) == {"A": {"2026-02-02": 1}}
    segments = values(project, event="A", type="unique", on='properties["x"]', **day)
    assert segments == {"a": {"2026-02-02": 1}, "b": {"2026-02-02": 1}}


def test_case_59_segments_are_the_values_as_text(project):
    sent = ["US", None, True, 1, 1.5, ["l", "m"], ...]
    acts = [
        ("u", "A", f"2026-02-01T0{n}:00", {} if value is ... else {"x": value})
        for n, value in enumerate(sent)
    ]
    project.happen(*acts)
    found = values(project, event="A", on='properties["x"]')
    assert found.keys() == {"US", "null", "true", "1", "1.5", "l", "m", "undefined"}
    assert {each["2026-02-01"] for each in found.values()} == {1}
    top = values(project, event="A", on='properties["x"]', limit=2)
    assert len(top) == 2


def test_copies_count_once_and_nobody_is_no_user(project):
    for _ in range(2):
        project.happen(("u", "A", "2026-02-01T10:00"))
    project.happen(("", "A", "2026-02-01T11:00"))
    assert values(project, event="A")["A"]["2026-02-01"] == 2
    assert values(project, event="A", type="unique")["A"]["2026-02-01"] == 1
    assert len(project.lines(from_date="2026-02-01", to_date="2026-02-01")) == 3


def test_days_and_hours_are_those_of_the_project(tokyo):
    tokyo.happen(("u", "A", "2026-02-01T14:59"), ("u", "A", "2026-02-01T15:01"))
    assert values(tokyo, event="A")["A"] == {
        "2026-02-01": 1,
        "2026-02-02": 1,
        "2026-02-03": 0,
        "2026-02-04": 0,
    }
    hours = values(tokyo, event="A", unit="hour", to_date="2026-02-02")["A"]
    assert len(hours) == 48
    assert {hour for hour, n in hours.items() if n} == {
        "2026-02-01 23:00:00",
        "2026-02-02 00:00:00",
    }


@pytest.mark.parametrize(
    ("params", "buckets"),
    [
        ({"unit": "week"}, ["2026-01-26", "2026-02-02"]),
        ({"unit": "month"}, ["2026-02-01"]),
        ({"interval": 3, "type": "unique"}, ["2026-02-01", "2026-02-04"]),
        ({"unit": "minute", "to_date": "2026-02-01"}, 1440),
    ],
)
def test_buckets_of_every_size(project, params, buckets):
    project.happen(("u", "A", "2026-02-01T10:00"), ("u", "A", "2026-02-04T10:00"))
    found = values(project, event="A", **params)["A"]
    assert (list(found) if isinstance(buckets, list) else len(found)) == buckets


def test_where_asks_events_and_their_users(project):
    project.happen(
        ("u", "A", "2026-02-01T10:00", {"n": 1}), ("v", "A", "2026-02-01T10:00", {"n": 2})
    )
    token = project.app.project.token
    record = {"$token": token, "$distinct_id": "v", "$set": {"plan": "pro"}}
    project.post("/engage", [record], project=False)
    for where in (
        'properties["n"] == 2',
        'user["plan"] == "pro"',
        'event["$time"] > 0 and properties["n"] > 1',
    ):
        assert values(project, event="A", where=where)["A"]["2026-02-01"] == 1
    by_plan = values(project, event="A", on='user["plan"]')
    assert by_plan.keys() == {"pro", "undefined"}


def test_csv_has_a_row_per_bucket_and_a_column_per_segment(project):
    project.happen(
        ("u", "A", "2026-02-01T10:00", {"x": 'a,"b"'}), ("u", "A", "2026-02-02T10:00", {"x": "c"})
    )
    answer = project("query/segmentation", event="A", on='properties["x"]', format="csv", **DAYS)
    assert answer.mimetype == "text/csv"
    assert list(csv.reader(io.StringIO(answer.text))) == [
        ["date", 'a,"b"', "c"],
        ["2026-02-01", "1", "0"],
        ["2026-02-02", "0", "1"],
        ["2026-02-03", "0", "0"],
        ["2026-02-04", "0", "0"],
    ]


def test_case_61_numbers_fall_into_labelled_ranges_without_empty_dates(project):
    numbers = [2011, 2099.5, 2100, 2430, 1500, "2011", None]
    acts = [("u", "A", f"2026-02-0{1 + n % 3}T0{n}:00", {"n": x}) for n, x in enumerate(numbers)]
    project.happen(*acts)
    found = values(project, "segmentation/numeric", event="A", on='properties["n"]')
    assert found == {
        "1,500 - 1,600": {"2026-02-02": 1},
        "2,000 - 2,100": {"2026-02-01": 1, "2026-02-02": 1},
        "2,100 - 2,200": {"2026-02-03": 1},
        "2,400 - 2,500": {"2026-02-01": 1},
    }
    answer = project("query/segmentation/numeric", event="A", on='properties["n"]', **DAYS).json
    assert answer["legend_size"] == 4
    assert len(answer["data"]["series"]) == 4


def test_case_61_what_is_no_number_is_zero_in_sum_and_average(project):
    for n, x in enumerate([1, 2.5, "abc", None, {}]):
        project.happen((f"u{n}", "A", "2026-02-01T10:00", {"n": x}))
    project.happen(("u", "A", "2026-02-02T10:00", {"n": 4}))
    question = {"event": "A", "on": 'properties["n"]', **DAYS}
    total = project("query/segmentation/sum", **question).json
    assert total == {
        "status": "ok",
        "computed_at": "2026-02-20T12:00:00.000000+00:00",
        "results": {"2026-02-03": 0, "2026-02-04": 0, "2026-02-01": 3.5, "2026-02-02": 4},
    }
    assert isinstance(total["results"]["2026-02-02"], int)
    assert project("query/segmentation/average", **question).json == {
        "status": "ok",
        "results": {"2026-02-01": 3.5 / 5, "2026-02-02": 4},
    }
    hours = project("query/segmentation/sum", unit="hour", **question).json["results"]
    assert hours["2026-02-02 10:00:00"] == 4


def test_one_event_may_stand_in_a_list(project):
    project.happen(("u", "[A]", "2026-02-01T10:00"))
    assert values(project, event='["[A]"]').keys() == {"[A]"}
    assert values(project, event="[A]")["[A]"]["2026-02-01"] == 1


@pytest.mark.parametrize(
    ("path", "params", "message"),
    [
        ("segmentation", {"event": ""}, "event"),
        ("segmentation", {"from_date": ""}, "from_date"),
        ("segmentation", {"to_date": "2026-01-01"}, "to_date"),
        ("segmentation", {"unit": "year"}, "unit"),
        ("segmentation", {"type": "odd"}, "type"),
        ("segmentation", {"limit": 10_001}, "limit"),
        ("segmentation", {"interval": 2}, "interval"),
        ("segmentation", {"format": "xml"}, "format"),
        ("segmentation", {"on": 'properties["x'}, "on"),
        ("segmentation", {"on": "x"}, "on"),
        ("segmentation", {"where": "1 +"}, "where"),
        ("segmentation/numeric", {}, "on"),
        ("segmentation/sum", {"on": 'properties["x"]', "unit": "week"}, "unit"),
        ("segmentation/average", {"on": "x"}, "on"),
    ],
)
def test_what_can_not_be_meant_is_a_400_that_says_so(project, path, params, message):
    answer = project(f"query/{path}", **({"event": "A"} | DAYS | params))
    assert answer.status_code == 400
    assert message in answer.json["error"]
    assert answer.json["request"].startswith(f"/api/2.0/{path}?")


def test_case_79_a_value_that_is_no_truth_is_a_400(project):
    project.happen(("u", "A", "2026-02-01T10:00", {"n": 1}))
    for where in ('properties["n"] and true', 'properties["n"]'):
        answer = project("query/segmentation", event="A", where=where, **DAYS)
        assert answer.status_code == 400
        assert "true or false" in answer.json["error"]


def test_the_sum_of_segments_is_the_whole(crowd):
    days = {"from_date": "2026-01-01", "to_date": "2026-03-01"}
    segments = values(crowd, event="Purchase", on='properties["platform"]', **days)
    whole = values(crowd, event="Purchase", **days)["Purchase"]
    total = sum((Counter(found) for found in segments.values()), Counter())
    assert total == Counter({day: n for day, n in whole.items() if n})
