"""/events and /events/properties."""

from __future__ import annotations

import pytest

DAYS = {"from_date": "2026-02-01", "to_date": "2026-02-03"}
DAILY = {"type": "general", "unit": "day"}


@pytest.fixture
def filled(project):
    project.happen(
        ("u", "A", "2026-02-01T10:00", {"x": "a"}),
        ("u", "A", "2026-02-03T10:00", {"x": "b"}),
        ("u", "A", "2026-02-03T11:00", {"x": "b"}),
        ("v", "B", "2026-02-02T10:00", {"x": 7}),
        ("v", "B", "2026-02-20T09:30"),
        ("w", "B", "2026-02-20T11:59"),
    )
    return project


def test_several_events_are_counted_without_zeros(filled):
    answer = filled("query/events", event=["A", "B", "None"], **DAILY, **DAYS).json
    assert answer == {
        "data": {
            "series": ["2026-02-01", "2026-02-02", "2026-02-03"],
            "values": {
                "A": {"2026-02-01": 1, "2026-02-03": 2},
                "B": {"2026-02-02": 1},
                "None": {},
            },
        },
        "legend_size": 3,
    }
    users = filled("query/events", event=["A"], type="unique", unit="day", **DAYS).json
    assert users["data"]["values"]["A"]["2026-02-03"] == 1


def test_values_of_a_property_are_counted(filled):
    question = {"event": "A", "name": "x", **DAILY, **DAYS}
    answer = filled("query/events/properties", **question).json
    assert answer["data"]["values"] == {
        "b": {"2026-02-03": 2},
        "a": {"2026-02-01": 1},
    }
    some = filled("query/events/properties", values=["a", "none"], **question).json
    assert some["data"]["values"].keys() == {"a"}
    assert some["legend_size"] == 1
    top = filled("query/events/properties", limit=1, **question).json
    assert top["data"]["values"].keys() == {"b"}
    number = filled("query/events/properties", **question | {"event": "B"}).json
    assert number["data"]["values"].keys() == {"7"}


@pytest.mark.parametrize(
    ("unit", "interval", "buckets", "counts"),
    [
        ("day", 1, ["2026-02-20"], {"2026-02-20": 2}),
        ("day", 19, 19, {"2026-02-02": 1, "2026-02-20": 2}),
        ("week", 2, ["2026-02-09", "2026-02-16"], {"2026-02-16": 2}),
        ("month", 2, ["2026-01-01", "2026-02-01"], {"2026-02-01": 3}),
        ("hour", 2, ["2026-02-20 11:00:00", "2026-02-20 12:00:00"], {"2026-02-20 11:00:00": 1}),
        ("minute", 1, ["2026-02-20 12:00:00"], {}),
    ],
)
def test_an_interval_counts_units_back_from_now(filled, unit, interval, buckets, counts):
    data = filled("query/events", event=["B"], type="general", unit=unit, interval=interval).json[
        "data"
    ]
    known = [bucket for bucket in data["series"] if bucket <= "2026-02-20 12:00:00"]
    assert (known if isinstance(buckets, list) else len(known)) == buckets
    assert data["values"]["B"] == counts


def test_csv_is_given_when_asked_for(filled):
    answer = filled("query/events", event=["A", "B"], format="csv", **DAILY, **DAYS)
    assert answer.text == "date,A,B\n2026-02-01,1,0\n2026-02-02,0,1\n2026-02-03,2,0\n"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("events", {"event": "A"}),
        ("events", {"event": []}),
        ("events", {"event": ["A"], "unit": ""}),
        ("events", {"event": ["A"], "type": ""}),
        ("events", {"event": ["A"], "type": "unique", "unit": "hour"}),
        ("events", {"event": ["A"], "interval": 0}),
        ("events", {"event": ["A"], "from_date": ""}),
        ("events/properties", {"event": "A"}),
        ("events/properties", {"name": "x"}),
        ("events/properties", {"event": "A", "name": "x", "limit": 0}),
        ("events/properties", {"event": "A", "name": "x", "values": "a"}),
    ],
)
def test_what_can_not_be_meant_is_a_400(filled, path, params):
    assert filled(f"query/{path}", **(DAILY | DAYS | params)).status_code == 400
