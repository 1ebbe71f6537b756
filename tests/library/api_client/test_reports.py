"""The thin report calls: what is sent."""

from __future__ import annotations

import pytest

from mixpanel_data._internal.api_client.parameters import expression
from tests.loopback import Server, reply_json

RANGE = ("2024-01-01", "2024-01-31")


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("country", 'properties["country"]'),
        ('say "hi"', r'properties["say \"hi\""]'),
        ("back\\slash", r'properties["back\\slash"]'),
        ('number(properties["n"])', 'number(properties["n"])'),
        ("user['plan'] == 'pro'", "user['plan'] == 'pro'"),
        ('event["$time"] > 5', 'event["$time"] > 5'),
        ('(behaviors["b1"] > 0)', '(behaviors["b1"] > 0)'),
        ('properties ["a"]', 'properties ["a"]'),
        ("properties", 'properties["properties"]'),
        (None, None),
    ],
)
def test_case_57_bare_names_are_wrapped_and_expressions_pass(text, sent):
    assert expression(text) == sent


def test_case_57_segmentation_sends_a_bare_event_and_wrapped_terms(connect):
    with Server(reply_json({"data": {}})) as server:
        client = connect(server)
        assert client.segmentation("a b", *RANGE, on="plan", unit="week", limit=5) == {"data": {}}
        assert server.requests[0].query == {
            "event": "a b",
            "from_date": "2024-01-01",
            "to_date": "2024-01-31",
            "on": 'properties["plan"]',
            "unit": "week",
            "limit": "5",
            "project_id": "12345",
        }


def test_funnels_and_retention_send_what_they_were_given(connect):
    with Server(reply_json({})) as server:
        client = connect(server)
        client.funnel(7509, *RANGE, where="paid", length=7, length_unit="day")
        client.retention(
            *RANGE, born_event="a", event="b", born_where="new", unbounded_retention=True
        )
    funnel, retention = (request.query for request in server.requests)
    assert (funnel["funnel_id"], funnel["length"], funnel["where"]) == (
        "7509",
        "7",
        'properties["paid"]',
    )
    assert "on" not in funnel
    assert retention["born_where"] == 'properties["new"]'
    assert (retention["born_event"], retention["event"]) == ("a", "b")
    assert retention["unbounded_retention"] == "true"
