"""/track (case 98), in every form that SDKs and pixels use."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from tests.sandbox.ingestion.conftest import NOW

PLAIN = {"Content-Type": "text/plain"}


def track(project, *records, **more):
    return project.post("/track", records, project=False, **more)


def form(project, data, **more):
    return project("/track", method="POST", body=urlencode({"data": data, **more}), project=False)


def test_case_98_what_is_older_than_five_days_is_dropped_in_silence(project):
    records = [
        project.event("fresh", ago=timedelta(days=5)),
        project.event("stale", ago=timedelta(days=5, milliseconds=1)),
    ]
    assert track(project, *records).text == "1"
    assert project.names() == ["fresh"]
    assert project.reasons() == ["it is older than 5 days: send it to /import"]


def test_case_98_ignored_events_vanish(project):
    records = [project.event("A", **{"$ignore": True}), project.event("B", **{"$ignore": False})]
    assert track(project, records[0]).text == "1"
    assert track(project, *records).text == "1"
    assert project.names() == ["B"]


@pytest.mark.parametrize(
    "write",
    [
        json.dumps,
        lambda value: base64.b64encode(json.dumps(value).encode()).decode(),
        lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("="),
    ],
)
def test_a_form_holds_json_or_base64(project, write):
    record = project.event("?>~ü" * 5)
    assert form(project, write(record)).text == "1"
    assert form(project, write([record, record]), verbose=1).json == {"status": 1, "error": None}
    assert project.names() == ["?>~ü" * 5] * 3


def test_base64_survives_a_form_that_does_not_escape_plus(project):
    data = base64.b64encode(json.dumps(project.event("~~~???>>>", x=">>>???")).encode()).decode()
    assert "+" in data
    project("/track", method="POST", body=f"data={data}", project=False)
    assert project.names() == ["~~~???>>>"]


def test_a_pixel_is_tracked_with_get(project):
    data = base64.b64encode(json.dumps(project.event("Mail Opened")).encode()).decode()
    answer = project("/track", data=data, img=1, project=False)
    assert answer.mimetype == "image/gif"
    assert answer.data.startswith(b"GIF89a")
    assert project.names() == ["Mail Opened"]


def test_a_callback_is_called(project):
    answer = track(project, project.event(), callback="mp.done")
    assert (answer.mimetype, answer.text) == ("text/javascript", "mp.done(1);")
    answer = track(project, callback="done", verbose=1)
    assert answer.text == 'done({"status": 0, "error": "data, missing or empty"});'
    assert track(project, project.event(), callback="alert(1)//").status_code == 400


def test_zero_says_that_nothing_was_good(project):
    assert track(project, project.event(token=...)).text == "0"
    assert track(project, project.event(token=...), verbose=1).json == {
        "status": 0,
        "error": "token, missing or empty",
    }
    assert track(project, project.event(token=...), project.event()).text == "1"
    assert project("/track", method="POST", body="[{", project=False).text == "0"
    assert project.names() == ["A"]


def test_one_does_not_say_that_the_token_exists(project):
    assert track(project, project.event(token="other")).text == "1"
    assert project.names() == []


def test_an_address_stands_for_who_has_no_id(project):
    anonymous = project.event(distinct_id=...)
    track(project, anonymous)
    track(project, anonymous, ip=1)
    track(project, project.event(distinct_id=..., ip="1.2.3.4"))
    track(project, project.event(distinct_id=..., ip=0))
    ids = [event["properties"].get("distinct_id") for event in project.events()]
    digest = hashlib.md5(b"1.2.3.4").hexdigest()
    assert ids == [None, hashlib.md5(b"127.0.0.1").hexdigest(), digest, None]
    assert "1.2.3.4" not in project("2.0/export", from_date="2026-02-20", to_date="2026-02-20").text


def test_browsers_may_send_from_anywhere(project):
    answer = project("/track/", method="OPTIONS", project=False)
    assert (answer.status_code, answer.data) == (204, b"")
    sent = project.post("/track/", project.event(), project=False)
    for each in (answer, sent):
        assert each.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in project("query/events/names").headers


def test_a_type_that_is_wrong_is_no_matter(project):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        project.post("/track", project.event(), headers={"Content-Type": kind}, project=False)
    assert len(project.names()) == 3


def test_other_processes_ask_what_was_dropped(project):
    track(project, project.event(token="other"))
    (dropped,) = project("/_sandbox/dropped").json
    assert dropped["path"] == "/track"
    assert dropped["reason"] == "the token 'other' is not that of the project"
    assert dropped["record"]["properties"]["time"] == NOW.timestamp()
    assert project("/_sandbox/dropped", method="DELETE").json == []
    assert project.app.dropped == []


def test_too_much_at_once_is_a_413(project):
    answer = track(project, *[project.event()] * 2001)
    assert answer.status_code == 413
    assert answer.json == {
        "status": "error",
        "error": "request exceeds max limit of 2000 records",
    }
