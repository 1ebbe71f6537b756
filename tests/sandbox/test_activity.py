"""/stream/query (case 72's other side)."""

from __future__ import annotations

import pytest

from mixpanel_data.sandbox import Project, Sandbox
from tests.sandbox.conftest import DAYS, Asker, reported


def feed(ask, *users, **more):
    return ask("query/stream/query", **(DAYS | {"distinct_ids": list(users)} | more))


def test_it_tells_all_that_some_users_did_oldest_first(crowd):
    lines = reported(crowd.lines())
    users = ["user-00003", "user-00007"]
    expected = [line for line in lines if line["properties"]["distinct_id"] in users]
    answer = feed(crowd, *users)
    assert answer.json["status"] == "ok"
    assert answer.json["results"]["events"] == expected
    assert len(expected) > 10
    times = [event["properties"]["time"] for event in expected]
    assert times == sorted(times)
    assert max(times) < 1e11, "times are seconds"


def test_the_days_are_those_of_the_project():
    with Sandbox.empty(limits=None, project=Project.empty(timezone="Asia/Tokyo")) as sandbox:
        ask = Asker(sandbox)
        for hour in (14, 15):  # midnight in Tokyo is 15:00 in UTC
            ask.send(("A", f"2026-01-10T{hour}:00:00"))
        found = feed(ask, "user-0", from_date="2026-01-11", to_date="2026-01-11").json
        (event,) = found["results"]["events"]
    assert event["properties"]["time"] % 86400 == 15 * 3600


def test_it_announces_its_end(ask):
    answer = feed(ask, "user-00001")
    assert answer.headers["Deprecation"] == "true"
    assert "maintenance mode" in answer.json["warning"]


@pytest.mark.parametrize(
    "params", [{"distinct_ids": []}, {"distinct_ids": "user-1"}, {"from_date": ""}]
)
def test_what_can_not_be_meant_is_a_400(ask, params):
    assert feed(ask, "u", **params).status_code == 400
