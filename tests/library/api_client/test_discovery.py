"""Names, values, saved things."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from mixpanel_data.exceptions import APIError, DateRangeError
from tests.loopback import Server, reply_json

HISTORY = reply_json({"error": "Date range exceeds 90 days into the past"}, 403)


def test_case_56_cohorts_are_asked_by_post_and_their_flags_are_booleans(connect):
    rows = [
        {
            "count": 150,
            "is_visible": 1,
            "description": "",
            "created": "2019-03-19 23:49:51",
            "project_id": 1,
            "id": 1000,
            "name": "Cohort One",
            "data_group_id": None,
        },
        {"id": "1001", "is_visible": 0, "new": {}},
        {"id": 1002, "is_visible": None},
    ]
    with Server(reply_json(rows)) as server:
        one, two, three = connect(server).list_cohorts()
        assert (server.requests[0].method, server.requests[0].path) == (
            "POST",
            "/api/query/cohorts/list",
        )
    assert (one.id, one.name, one.count, one.is_visible) == (1000, "Cohort One", 150, True)
    assert one.created == datetime(2019, 3, 19, 23, 49, 51)
    assert (two.id, two.is_visible, two.name) == (1001, False, None)
    assert three.is_visible is True


def test_case_62_events_go_as_an_array_and_the_event_of_a_property_bare(connect):
    with Server(reply_json({}), reply_json({}), reply_json([])) as server:
        client = connect(server)
        client.get("events", {"event": ["a & b"], "type": "general", "unit": "day"})
        client.get_event_properties("a & b")
        client.get_property_values("a & b", "plan", limit=7)
    counts, top, values = (request.query for request in server.requests)
    assert json.loads(counts["event"]) == ["a & b"]
    assert (top["event"], top["limit"]) == ("a & b", "1000")
    assert values == {"event": "a & b", "name": "plan", "limit": "7", "project_id": "12345"}


def test_case_63_properties_without_a_count_are_properties(connect):
    answer = {"plan": {"count": 3}, "": {}, "error": {"count": 1}}
    with Server(reply_json(answer)) as server:
        assert connect(server).get_event_properties("a") == ["plan", "", "error"]


def test_values_are_text_in_the_given_order(connect):
    with Server(reply_json(["b", "a", "1", 2])) as server:
        assert connect(server).get_property_values("a", "p") == ["b", "a", "1", "2"]
        assert server.requests[0].query["limit"] == "100"


def test_case_64_names_are_asked_for_all_time(connect):
    with Server(reply_json(["b", "a"])) as server:
        assert connect(server).get_events() == ["b", "a"]
        assert server.requests[0].query == {
            "type": "general",
            "limit": "5000",
            "from_date": "2000-01-01",
            "to_date": "2026-03-10",
            "project_id": "12345",
        }


def test_case_64_names_are_narrowed_once_to_the_plans_history(connect):
    with Server(HISTORY, reply_json(["a"])) as server:
        assert connect(server).get_events() == ["a"]
        assert server.requests[1].query["from_date"] == "2025-12-10"
    with Server(HISTORY) as server:
        with pytest.raises(DateRangeError):
            connect(server).get_events()
        assert len(server.requests) == 2


def test_case_65_top_events_carry_a_ratio_to_yesterday(connect):
    events = [
        {"amount": 2, "event": "funnel", "percent_change": -0.356},
        {"amount": 75, "event": "pages", "percent_change": None, "more": 1},
    ]
    with Server(reply_json({"events": events, "type": "unique"})) as server:
        first, second = connect(server).top_events("unique", 2)
        assert (server.requests[0].query["type"], server.requests[0].query["limit"]) == (
            "unique",
            "2",
        )
    assert (first.event, first.amount, first.percent_change) == ("funnel", 2, -0.356)
    assert second.percent_change is None


def test_saved_funnels_may_be_none_or_some(connect):
    with Server(reply_json([]), reply_json([{"funnel_id": 7509, "name": "Signup"}])) as server:
        client = connect(server)
        assert client.list_funnels() == []
        (funnel,) = client.list_funnels()
    assert (funnel.funnel_id, funnel.name) == (7509, "Signup")


def test_me_is_read_leniently(connect):
    projects = {"1": {"name": "P", "extra": [1]}, "2": {}}
    with Server(reply_json({"status": "ok", "results": {"projects": projects}})) as server:
        me = connect(server).me()
    assert me.user_email is None
    assert (me.projects["1"].name, me.projects["2"].timezone) == ("P", None)


@pytest.mark.parametrize("answer", [{"events": 1}, [1], "x", None])
def test_an_answer_of_another_shape_is_an_api_error(connect, answer):
    with Server(reply_json(answer)) as server:
        client = connect(server)
        for ask in (client.top_events, client.me, client.list_cohorts):
            with pytest.raises(APIError, match="unexpected shape"):
                ask()
