"""Statuses and error bodies to exceptions."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixpanel_data._internal.api_client.answers import MESSAGE_LENGTH, error_text, quoted
from mixpanel_data._internal.config import Credentials
from mixpanel_data.exceptions import (
    APIError,
    AuthenticationError,
    DateRangeError,
    EndpointRetiredError,
    PermissionDeniedError,
    PlanError,
    RateLimitError,
    ResourceNotFoundError,
)
from tests.loopback import Reply, Server, reply_json

PAGE = b"""<!DOCTYPE html><html><head><title>x</title><style>b{}</style></head>
<body><script>var a = "<b>"</script><h1>502 Bad&nbsp;Gateway</h1><!-- hidden --><p>nginx</p>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error": "no such event"}', "no such event"),
        (b'{"request": "/api/2.0/funnels?x=1", "error": "no funnel"}', "no funnel"),
        (b'{"status": "error", "error": "no schema"}', "no schema"),
        (b'{"code": 400, "error": "bad rows", "status": "Bad Request"}', "bad rows"),
        (b'{"message": "try later"}', "try later"),
        (b'{"error": ["a", {"b": 1}]}', '["a", {"b": 1}]'),
        (b'{"error": {"code": 7}}', '{"code": 7}'),
        (b"plain\r\n  text", "plain text"),
        (PAGE, "502 Bad Gateway nginx"),
        (
            b"<html><head><title>Sign&nbsp;in</title></head><body><script>x</script></body>",
            "Sign in",
        ),
        (b"", "an empty body"),
        (b"\xff\xfe\x00", "\N{REPLACEMENT CHARACTER}" * 3),
        (b"[1, 2]", "[1, 2]"),
    ],
)
def test_case_12_a_message_is_found_in_a_body_of_any_shape(connect, body, text):
    with Server(Reply(400, body)) as server, pytest.raises(APIError) as caught:
        connect(server).get("events/names")
    assert caught.value.message == f"Mixpanel answered 400 to /api/query/events/names: {text}"
    assert (caught.value.status, caught.value.endpoint) == (400, "/api/query/events/names")


@given(
    st.binary(max_size=2000)
    | st.text(max_size=2000).map(lambda t: json.dumps({"error": t}).encode())
)
@settings(max_examples=25, deadline=None)
def test_an_error_text_is_one_short_printable_line(body):
    text = quoted(error_text(body), Credentials("user", "s3cr3t", "1", "us"))
    assert text.isprintable()
    assert 0 < len(text) <= MESSAGE_LENGTH


@pytest.mark.parametrize("error", ["bad query", ["bad", "query"], {"reason": "bad query"}])
def test_case_13_an_error_inside_a_200_raises(connect, error):
    with (
        Server(reply_json({"error": error})) as server,
        pytest.raises(APIError, match="bad") as caught,
    ):
        connect(server).get("segmentation")
    assert caught.value.status == 200


def test_case_13_refused_credentials_inside_a_200_are_told(connect):
    with (
        Server(reply_json({"error": "Unable to authenticate request"})) as server,
        pytest.raises(AuthenticationError),
    ):
        connect(server).get("segmentation")


@pytest.mark.parametrize(
    "value", [["error"], [{"error": "x"}], {"status": 1, "error": None}, {"data": {"error": 1}}]
)
def test_case_13_other_answers_are_not_searched_for_errors(connect, value):
    with Server(reply_json(value)) as server:
        assert connect(server).get("x") == value


def test_case_14_a_range_beyond_the_plan_carries_the_days_and_names_the_first_one(connect):
    said = reply_json({"error": "Date range exceeds 90 days into the past"}, 403)
    with Server(said) as server, pytest.raises(DateRangeError) as caught:
        list(connect(server).export_events("2020-01-01", "2020-01-02"))
    assert caught.value.max_days == 90
    assert "start at 2025-12-10" in caught.value.hint  # the hourglass says 2026-03-10


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (401, AuthenticationError, "check username"),
        (402, PlanError, "raw export still works"),
        (403, PermissionDeniedError, "project 12345"),
        (404, ResourceNotFoundError, "check the funnel's id"),
        (410, EndpointRetiredError, "mp funnel --steps A,B … --local"),
        (429, RateLimitError, "come again in a few minutes"),
        (503, APIError, "try again later"),
    ],
)
def test_case_15_every_status_has_its_error_and_its_hint(connect, status, kind, hint):
    with Server(Reply(status, b"sorry")) as server, pytest.raises(kind, match="sorry") as caught:
        connect(server, attempts=1).get("funnels")
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message


def test_case_39_a_last_day_after_today_raises_once_and_says_so(connect):
    with Server(Reply(400, b"to_date cannot be later than today")) as server:
        with pytest.raises(APIError) as caught:
            list(connect(server).export_events("2026-03-01", "2026-03-10"))
        assert len(server.requests) == 1
    assert "it is not yet 2026-03-10" in caught.value.hint


@pytest.mark.parametrize("body", [b"", b"<html><body>Please log in</body></html>", b"[1,"])
def test_a_200_that_is_no_json_is_an_error(connect, body):
    with Server(Reply(body=body)) as server, pytest.raises(APIError, match="/api/query/x"):
        connect(server).get("x")


def test_an_answer_of_another_shape_names_the_difference_and_no_value(connect):
    with (
        Server(reply_json([{"funnel_id": "private", "name": "F"}])) as server,
        pytest.raises(APIError, match=r"unexpected shape: 0\.funnel_id") as caught,
    ):
        connect(server).list_funnels()
    assert "private" not in str(caught.value)


def test_a_secret_is_covered_before_a_long_message_is_cut():
    who = Credentials("user", "s3cr3t-word", "1", "us")
    line = "x" * (MESSAGE_LENGTH - 6) + "s3cr3t-word and more"
    assert "s3cr" not in quoted(line, who)
