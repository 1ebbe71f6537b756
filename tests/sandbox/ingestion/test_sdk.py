"""The official SDK from PyPI, as it is, sends to the sandbox (case 94)."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import datetime

import mixpanel
import pytest
from mixpanel import BufferedConsumer, Consumer, Mixpanel, MixpanelException

from mixpanel_data.sandbox import Sandbox, Server, serve
from tests.sandbox.conftest import Asker


class Sender:
    """The SDK's face of an empty project."""

    def __init__(self, sandbox: Sandbox, server: Server) -> None:
        self.ask = Asker(sandbox)
        self.project = sandbox.project
        self.urls = server.sdk_urls
        self.sdk = Mixpanel(self.project.token, consumer=Consumer(**self.urls))
        self.secret = self.project.project_secret.get_secret_value()

    def exported(self):
        today = str(datetime.now().date())
        return self.ask.lines(from_date="2000-01-01", to_date=today)

    def profiles(self, **params):
        rows = self.ask("query/engage", **params).json["results"]
        return {row["$distinct_id"]: row["$properties"] for row in rows}


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Sandbox, Server]]:
    with Sandbox.empty(limits=None) as sandbox, serve(sandbox) as running:
        yield sandbox, running


@pytest.fixture
def sender(server):
    """A sender to a project that other tests have sent to: each looks for its own ids."""
    return Sender(*server)


def of(events, distinct_id):
    return [e for e in events if e["properties"].get("distinct_id") == distinct_id]


def test_case_94_track_shows_up_in_export(sender):
    sender.sdk.track("t1", "Sign Up", {"plan": "pro", "at": datetime(2026, 1, 2, 3, 4, 5)})
    (event,) = of(sender.exported(), "t1")
    assert event["event"] == "Sign Up"
    properties = event["properties"]
    assert (properties["plan"], properties["at"]) == ("pro", "2026-01-02T03:04:05")
    assert properties["mp_lib"] == "python"
    assert len(properties["$insert_id"]) == 32
    assert "token" not in properties
    assert "$import" not in properties


def test_case_94_people_and_groups_can_be_read_back(sender):
    sdk = sender.sdk
    sdk.people_set("p1", {"$name": "Ada", "plan": "free"})
    sdk.people_set_once("p1", {"plan": "pro", "born": 1815})
    sdk.people_increment("p1", {"coins": 3})
    sdk.people_increment("p1", {"coins": -1})
    sdk.people_append("p1", {"tags": "a"})
    sdk.people_union("p1", {"tags": ["a", "b"]})
    sdk.people_remove("p1", {"tags": "a"})
    sdk.people_unset("p1", ["born"])
    sdk.people_track_charge("p1", 9.5)
    sdk.people_set("p2", {"x": 1})
    sdk.people_delete("p2")
    profiles = sender.profiles(distinct_ids=["p1", "p2"])
    assert set(profiles) == {"p1"}
    assert profiles["p1"].pop("$last_seen")
    assert profiles["p1"].pop("$transactions")[0]["$amount"] == 9.5
    assert profiles["p1"] == {"$name": "Ada", "plan": "free", "coins": 2, "tags": ["b"]}

    sdk.group_set("company", "acme", {"seats": 5})
    sdk.group_set_once("company", "acme", {"seats": 6, "since": 2020})
    sdk.group_union("company", "acme", {"tags": ["x", "y"]})
    sdk.group_remove("company", "acme", {"tags": "x"})
    sdk.group_unset("company", "acme", ["since"])
    sdk.group_set("company", "gone", {"seats": 1})
    sdk.group_delete("company", "gone")
    groups = sender.profiles(data_group_id=sender.ask.app.group_id("company"))
    assert set(groups) == {"acme"}
    assert groups["acme"].pop("$last_seen")
    assert groups["acme"] == {"seats": 5, "tags": ["y"]}


def test_case_94_import_data_takes_old_events(sender):
    sender.sdk.import_data(None, "i1", "Old", 1_500_000_000, {"n": 1}, api_secret=sender.secret)
    account = sender.project.service_accounts[0]
    credentials = mixpanel.ServiceAccountCredentials(
        account.username, account.secret.get_secret_value(), str(sender.project.id)
    )
    modern = Mixpanel(
        sender.project.token, consumer=Consumer(**sender.urls, credentials=credentials)
    )
    modern.import_data(None, "i1", "Old", 1_500_000_001.5, {"n": 2})
    events = of(sender.exported(), "i1")
    assert [(e["properties"]["n"], e["properties"]["time"]) for e in events] == [
        (1, 1_500_000_000),
        (2, 1_500_000_001),
    ]
    assert all(e["properties"]["$import"] is True for e in events)


def test_case_94_alias_and_merge_are_taken(sender, monkeypatch):
    # alias() makes a Consumer of its own, whatever the client was given.
    diverted = functools.partial(mixpanel.Consumer, **sender.urls)
    monkeypatch.setattr(mixpanel, "Consumer", diverted)
    sender.sdk.alias("new", "a1")
    sender.sdk.merge(None, "m1", "m2", api_secret=sender.secret)
    events = sender.exported()
    (alias,) = of(events, "a1")
    assert (alias["event"], alias["properties"]["alias"]) == ("$create_alias", "new")
    (merge,) = [e for e in events if e["event"] == "$merge"]
    assert merge["properties"]["$distinct_ids"] == ["m1", "m2"]


def test_case_94_a_buffered_consumer_flushes_everything_once(sender):
    consumer = BufferedConsumer(**sender.urls)
    sdk = Mixpanel(sender.project.token, consumer=consumer)
    for n in range(120):
        sdk.track("b1", "Tick", {"n": n})
        sdk.people_increment("b1", {"ticks": 1})
    consumer.flush()
    events = of(sender.exported(), "b1")
    assert [e["properties"]["n"] for e in events] == list(range(120))
    assert sender.profiles(distinct_id="b1")["b1"]["ticks"] == 120


def test_the_sdk_hears_of_what_is_refused(sender):
    with pytest.raises(MixpanelException, match="Invalid credentials"):
        sender.sdk.import_data(None, "x1", "Old", 1_500_000_000, api_secret="wrong")
    nameless = Mixpanel("", consumer=Consumer(**sender.urls))
    with pytest.raises(MixpanelException, match="token, missing or empty"):
        nameless.track("x1", "A")


def test_the_sdk_does_not_hear_of_a_wrong_token_but_a_test_can(sender):
    Mixpanel("another", consumer=Consumer(**sender.urls)).track("x2", "A")
    assert of(sender.exported(), "x2") == []
    (dropped,) = [
        each
        for each in sender.ask.app.dropped
        if each.reason == "the token 'another' is not that of the project"
    ]
    assert (dropped.path, dropped.record["event"]) == ("/track", "A")
