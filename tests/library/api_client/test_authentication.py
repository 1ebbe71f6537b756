"""Who asks, how the secret travels, and that it shows nowhere else."""

from __future__ import annotations

import logging
import traceback
from base64 import b64decode

import pytest

from mixpanel_data.exceptions import AuthenticationError, MixpanelDataError, PermissionDeniedError
from mixpanel_data.queries import Export
from tests.library.api_client.conftest import SECRET
from tests.loopback import Reply, Server, reply_json

ME = {
    "status": "ok",
    "results": {
        "user_id": 1,
        "projects": {
            "12345": {"name": "Shop", "timezone": "US/Pacific", "domain": "mixpanel.com", "x": 1}
        },
    },
}


def pair(request) -> str:
    scheme, _, encoded = request.headers["authorization"].partition(" ")
    assert scheme == "Basic"
    return b64decode(encoded).decode()


def test_case_03_a_service_account_sends_both_halves_and_the_project(connect):
    with Server(Reply()) as server:
        client = connect(server)
        list(client.export_events("2024-01-01", "2024-01-01"))
        assert server.requests[0].query["project_id"] == "12345"
        assert pair(server.requests[0]) == f"sa.1a2b3c.mp-service-account:{SECRET}"
    with Server(reply_json([])) as server:
        connect(server).list_cohorts()
        assert server.requests[0].method == "POST"
        assert server.requests[0].query == {"project_id": "12345"}
        assert pair(server.requests[0]).endswith(SECRET)


def test_case_04_a_project_secret_goes_alone_and_says_when_it_ends(connect):
    with Server(reply_json(["a"])) as server:
        with pytest.warns(DeprecationWarning, match="3 March 2027"):
            client = connect(server, auth="project_secret", username="")
        assert client.get_events() == ["a"]
        assert "project_id" not in server.requests[0].query
        assert pair(server.requests[0]) == f"{SECRET}:"
        assert "3 March 2027" in client.test().note


def test_case_05_app_calls_carry_the_project_in_the_path_only(connect):
    with Server(reply_json(ME)) as server:
        client = connect(server)
        client.me()
        client.get("/api/app/projects/12345/schemas")
        assert [r.target for r in server.requests] == [
            "/api/app/me",
            "/api/app/projects/12345/schemas",
        ]


def everything_shown(error: BaseException) -> str:
    ours = error.__traceback__.tb_next  # the test's own frame knows the secret
    shown = traceback.TracebackException(type(error), error, ours, capture_locals=True)
    return "".join(shown.format()) + repr(error)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(401, b"no"),
        Reply(400, b"Unable to authenticate request"),
        Reply(500, b"oops"),
        Reply(raw=b"", end="reset"),
        Reply(raw=b"nonsense\r\n\r\n"),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[", end="cut"),
        Reply(body=b"[", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_case_06_the_secret_shows_in_no_repr_log_exception_or_traceback(connect, caplog, reply):
    caplog.set_level(logging.DEBUG)
    with Server(reply) as server:
        client = connect(server, attempts=2)
        with pytest.raises(MixpanelDataError) as caught:
            client.get("events/names")
        encoded = server.requests[0].headers["authorization"].partition(" ")[2]
    shown = everything_shown(caught.value) + repr(client) + repr(vars(client)) + caplog.text
    assert SECRET not in shown
    assert encoded not in shown
    assert "127.0.0.1" in caplog.text


def test_case_06_a_server_that_echoes_the_secret_is_not_quoted(connect):
    def echo(request):
        return Reply(403, f"{pair(request)} {request.headers['authorization']}".encode())

    with Server(echo) as server, pytest.raises(PermissionDeniedError) as caught:
        connect(server).get("events/names")
    assert SECRET not in str(caught.value)
    assert server.requests[0].headers["authorization"].partition(" ")[2] not in str(caught.value)


def test_case_06_a_body_line_that_holds_the_secret_is_not_quoted(connect):
    with Server(Reply(chunks=(f"oops {SECRET}\n".encode(),))) as server:
        client = connect(server)
        with pytest.raises(MixpanelDataError) as caught:
            list(client.export_events("2024-01-01", "2024-01-01"))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401])
def test_case_09_refused_credentials_are_told_by_status_or_text(connect, status):
    said = reply_json({"error": "Unable to authenticate request"}, status)
    with Server(said) as server, pytest.raises(AuthenticationError) as caught:
        connect(server).get("events/names")
    assert len(server.requests) == 1
    assert "Unable to authenticate request" in caught.value.message


def test_the_hint_of_a_refusal_names_the_regions(connect):
    def app(environ, start):
        start("401 Unauthorized", [])
        return [b""]

    with pytest.raises(AuthenticationError) as caught:
        connect(app=app, region="eu").get("events/names")
    assert "asks region eu; the project may live in us, in" in caught.value.hint


def test_case_10_a_good_account_is_told_by_me(connect):
    with Server(reply_json(ME)) as server:
        result = connect(server, account="prod").test()
    assert (result.account, result.project_name, result.timezone, result.note) == (
        "prod",
        "Shop",
        "US/Pacific",
        None,
    )


@pytest.mark.parametrize("status", [401, 403, 404])
def test_case_10_an_account_that_may_not_ask_me_is_tried_with_a_query(connect, status):
    with Server(Reply(status), reply_json(["a"])) as server:
        assert connect(server).test().note is None
        assert server.requests[1].query == {
            "type": "general",
            "limit": "1",
            "project_id": "12345",
        }


def test_case_10_a_plan_without_query_api_is_no_fault_of_the_credentials(connect):
    with Server(Reply(403), reply_json({"error": "Your plan"}, 402)) as server:
        assert "plan has no Query API" in connect(server).test().note


def test_case_10_a_bad_secret_fails_both_ways(connect):
    with Server(Reply(401)) as server, pytest.raises(AuthenticationError):
        connect(server).test()
    assert len(server.requests) == 2


def test_a_project_in_another_region_or_out_of_sight_is_noted(connect):
    def app(environ, start):
        start("200 OK", [])
        return [b'{"results":{"projects":{"12345":{"domain":"eu.mixpanel.com"}}}}']

    assert "lives in region eu" in connect(app=app).test().note
    assert "does not list project 9" in connect(app=app, project_id="9").test().note


def test_the_source_is_the_sandbox_once_an_answer_said_so(connect):
    def app(environ, start):
        start("200 OK", [("X-Mixpanel-Source", "sandbox")])
        return [b""]

    client = connect(app=app)
    assert client.source == "mixpanel"
    with client.open_export(Export("2024-01-01", "2024-01-01")):
        assert client.source == "sandbox"


def test_case_06_the_frames_below_us_which_hold_the_header_are_left_out(connect):
    headers = []

    def app(environ, start):
        headers.append(environ["HTTP_AUTHORIZATION"])
        raise ConnectionResetError("cut on request")

    with pytest.raises(MixpanelDataError, match="cut on request") as caught:
        connect(app=app, attempts=1).get("events/names")
    assert isinstance(caught.value.__cause__, ConnectionResetError)
    assert headers[0] not in everything_shown(caught.value)
