"""What is suggested after a refusal is true: of the status, of the endpoint, of the account."""

from __future__ import annotations

import re

import pytest

from mixpanel_data._internal.api_client.answers import RETRIED
from mixpanel_data.exceptions import AuthenticationError, MixpanelDataError, PlanError
from mixpanel_data.queries import Export, Profiles
from tests.loopback import Reply, Server

DAYS = ("2024-01-01", "2024-01-02")
STATUSES = (
    *(
        400,
        401,
        402,
        403,
        404,
        405,
        406,
        408,
        409,
        410,
        411,
        412,
        413,
        414,
        415,
        418,
        422,
        425,
        429,
    ),
    *(451, 500, 501, 502, 503, 504, 505, 507, 520, 521, 522, 523, 524, 525, 530, 599),
)


def export(client):
    with client.open_export(Export(*DAYS)) as stream:
        return list(stream)


ENDPOINTS = {
    "export": export,
    "engage": lambda client: list(client.profile_pages(Profiles())),
    "me": lambda client: client.me(),
    "schemas": lambda client: client.get_schema("event", "Purchase"),
    "events/names": lambda client: client.get_events(),
    "events/properties/top": lambda client: client.get_event_properties("A"),
    "events/properties/values": lambda client: client.get_property_values("A", "p"),
    "events/top": lambda client: client.top_events(),
    "events": lambda client: client.event_counts(["A"], *DAYS),
    "events/properties": lambda client: client.property_counts("A", "p", *DAYS),
    "funnels/list": lambda client: client.list_funnels(),
    "funnels": lambda client: client.funnel(7, *DAYS),
    "cohorts/list": lambda client: client.list_cohorts(),
    "insights": lambda client: client.insights(7),
    "segmentation": lambda client: client.segmentation("A", *DAYS),
    "retention": lambda client: client.retention(*DAYS),
    "retention/addiction": lambda client: client.frequency(*DAYS),
    "stream/query": lambda client: client.activity_feed(["u"], *DAYS),
    "jql": lambda client: client.jql("x"),
    "another": lambda client: client.get("something/else"),
    "import": lambda client: client.post("/import", {"data": []}),
}
LOCAL = {"events", "events/properties", "funnels", "segmentation", "retention"} | {
    "retention/addiction",
    "stream/query",
    "jql",
}
"""Endpoints whose answer can be had from fetched events."""

BY_ID = {("funnels", 404), ("insights", 404)}


def fails(connect, endpoint: str, reply: Reply, **who: object) -> tuple[MixpanelDataError, int]:
    """The error, and how often it was asked."""
    with Server(reply) as server, pytest.raises(MixpanelDataError) as caught:
        ENDPOINTS[endpoint](connect(server, **who))
    return caught.value, len(server.requests)


@pytest.mark.filterwarnings("ignore:JQL is in maintenance mode")
@pytest.mark.filterwarnings("ignore:project secrets stop working")
@pytest.mark.parametrize("auth", ["service_account", "project_secret"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_hint_is_true_of_the_error_that_it_follows(connect, endpoint, auth):
    for status in STATUSES:
        error, requests = fails(connect, endpoint, Reply(status, b"no"), auth=auth)
        hint = error.hint or ""
        assert ("again" in hint) is (status in RETRIED or status >= 500), (status, hint)
        assert (requests > 1) is (status in RETRIED and (endpoint != "import" or status == 429)), (
            status,
            requests,
        )
        assert bool(re.search("check .*secret", hint)) is (status == 401), (status, hint)
        assert ("username" in hint) is (status == 401 and auth == "service_account")
        assert ("the credentials are fine" in hint) is isinstance(error, PlanError)
        assert ("may lack a role" in hint) is (status == 403 and endpoint != "jql")
        assert ("may write" in hint) is (status == 403 and endpoint == "import")
        named = (status == 401 and auth == "service_account") or (endpoint, status) in BY_ID
        assert bool(re.search(r"\bid\b", hint)) is named, (status, hint)
        if re.search("raw export|fetch", hint):
            gone = status == 410 or (status in {403, 404} and endpoint in LOCAL)
            plan = status == 402 and endpoint not in {"export", "import"}
            assert plan or gone, (status, hint)
        assert "region" not in hint, "base_url is the region"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.filterwarnings("ignore:JQL is in maintenance mode")
def test_a_word_that_holds_authenticate_refuses_no_credentials(connect, endpoint):
    error, _ = fails(connect, endpoint, Reply(400, b"no property 'authenticated'"))
    assert not isinstance(error, AuthenticationError)
    error, _ = fails(connect, endpoint, Reply(400, b"Unable to authenticate request"))
    assert isinstance(error, AuthenticationError)


def test_a_last_day_that_nobody_asked_for_is_not_advised_about(connect):
    error, _ = fails(connect, "cohorts/list", Reply(400, b"to_date cannot be later than today"))
    assert error.hint is None


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(raw=b"", end="stall"), "try again later; the setting {}_timeout allows more time"),
        (Reply(raw=b"", end="reset"), "try again; if it breaks again, check the network"),
    ],
)
@pytest.mark.parametrize("endpoint", ["export", "engage"])
def test_a_connection_that_fails_is_advised_about_by_how_it_did(connect, endpoint, reply, said):
    patience = {"export_timeout": 0.05, "query_timeout": 0.05} if reply.end == "stall" else {}
    error, _ = fails(connect, endpoint, reply, **patience)
    assert said.format("export" if endpoint == "export" else "query") in error.hint
