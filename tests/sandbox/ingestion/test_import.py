"""/import (cases 95 to 97)."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from mixpanel_data.sandbox import Sandbox
from tests.sandbox.conftest import Asker, basic
from tests.sandbox.ingestion.conftest import NOW

OK = {"status": 1, "error": None}


def strict(project, *records, **more):
    return project.post("/import", records, strict=1, **more)


def failures(answer):
    return [(each["field"], each["index"]) for each in answer.json["failed_records"]]


def test_case_95_a_strict_answer_counts_and_a_lenient_one_has_a_status(project):
    records = [project.event(), project.event("B")]
    assert strict(project, *records).json == {
        "code": 200,
        "num_records_imported": 2,
        "status": "OK",
    }
    assert project.post("/import", records).json == OK
    assert project.post("/import", records, verbose=1).json == OK
    form = urlencode({"data": json.dumps(records), "verbose": 1, "ip": 0})
    assert project("/import", method="POST", body=form).json == OK
    assert len(project.events()) == 8, "copies are kept: export does not deduplicate"


@pytest.mark.parametrize("kind", ["array", "object", "ndjson", "gzip", "gzipped ndjson"])
def test_case_96_every_body_is_read(project, kind):
    records = [project.event("A"), project.event("Ä", distinct_id="ü\u2028")]
    lines = "\n".join(map(json.dumps, records)) + "\n"
    text = {"array": json.dumps(records), "object": json.dumps(records[0])}.get(kind, lines)
    if kind == "gzip":
        text = json.dumps(records)
    body = gzip.compress(text.encode()) if "gzip" in kind else text
    headers = {"Content-Encoding": "gzip"} if "gzip" in kind else {}
    answer = project("/import", method="POST", body=body, headers=headers, strict=1)
    count = 1 if kind == "object" else 2
    assert answer.json == {"code": 200, "num_records_imported": count, "status": "OK"}
    assert project.names() == ["A", "Ä"][:count]


def test_case_96_one_bad_row_is_named_and_the_good_ones_are_stored(project):
    bad = project.event("Bad", time="soon", **{"$insert_id": "x-1"})
    answer = strict(project, project.event(), bad, project.event("B"))
    assert answer.status_code == 400
    assert answer.json == {
        "code": 400,
        "error": "some data points in the request failed validation",
        "failed_records": [
            {
                "index": 1,
                "$insert_id": "x-1",
                "field": "properties.time",
                "message": "'properties.time' is invalid: must be specified as seconds since epoch",
            }
        ],
        "num_records_imported": 2,
        "status": "Bad Request",
    }
    assert project.names() == ["A", "B"]
    assert project.app.dropped[0].record == bad


def test_case_96_2001_events_are_too_many(project):
    records = [project.event(f"{n}") for n in range(2001)]
    answer = strict(project, *records)
    assert answer.status_code == 413
    assert answer.json == {
        "code": 413,
        "error": "request exceeds max limit of 2000 records",
        "status": "Request Entity Too Large",
    }
    assert project.names() == []
    assert strict(project, *records[:2000]).json["num_records_imported"] == 2000


@pytest.mark.parametrize("zipped", [True, False])
def test_ten_megabytes_are_the_most_packed_or_not(project, zipped):
    record = json.dumps(project.event(text=["x" * 11_000_000])).encode()
    body = gzip.compress(record, 1) if zipped else record
    headers = {"Content-Encoding": "gzip"} if zipped else {}
    answer = project("/import", method="POST", body=body, headers=headers, strict=1)
    assert answer.status_code == 413
    assert answer.json["error"] == "request exceeds max limit of 10485760 bytes"


@pytest.mark.parametrize(
    ("properties", "field"),
    [
        ({"$insert_id": "x" * 37}, "$insert_id"),
        ({"$insert_id": "a b"}, "$insert_id"),
        ({"$insert_id": ""}, "$insert_id"),
        ({"$insert_id": "None"}, "$insert_id"),
        ({"$insert_id": ...}, "$insert_id"),
        ({"distinct_id": "null"}, "distinct_id"),
        ({"distinct_id": "00000000-0000-0000-0000-000000000000"}, "distinct_id"),
        ({"distinct_id": 7}, "distinct_id"),
        ({"distinct_id": ...}, "distinct_id"),
        ({"time": 1000}, "time"),
        ({"time": True}, "time"),
        ({"time": ...}, "time"),
        ({"time": (NOW + timedelta(hours=2)).timestamp()}, "time"),
        ({"x": [0] * 255}, "x"),
        ({"x": {str(n): 0 for n in range(255)}}, "x"),
        ({"x": [[[[1]]]]}, "x"),
        ({"x": "\ud83d"}, "x"),
    ],
)
def test_case_97_what_can_not_be_meant_is_refused(project, properties, field):
    answer = strict(project, project.event(**properties))
    assert answer.status_code == 400
    assert failures(answer) == [(f"properties.{field}", 0)]
    assert project.names() == []


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (7, ""),
        ({"properties": {}}, "event"),
        ({"event": "A", "properties": []}, "properties"),
        ({"event": "x" * 1_100_000, "properties": {}}, "event"),
    ],
)
def test_what_is_no_event_is_refused(project, record, field):
    assert failures(strict(project, record))[0] == (field, 0)


def test_more_than_254_properties_are_too_many(project):
    assert strict(project, project.event(**{f"p{n}": n for n in range(250)})).status_code == 200
    answer = strict(project, project.event(**{f"p{n}": n for n in range(251)}))
    assert failures(answer) == [("properties", 0)]


@pytest.mark.parametrize(
    ("time", "millis"),
    [
        (1_600_000_000, 1_600_000_000_000),
        (1_600_000_000.125, 1_600_000_000_125),
        (1_600_000_000_125, 1_600_000_000_125),
        (31_536_000, 31_536_000_000),
        ((NOW + timedelta(minutes=59)).timestamp(), NOW.timestamp() * 1000),
    ],
)
def test_case_97_seconds_milliseconds_and_floats_are_taken(project, time, millis):
    answer = strict(project, project.event(time=time), project.event(time=time, distinct_id=""))
    assert answer.json["num_records_imported"] == 2
    (row,) = project.app._data.rows("SELECT DISTINCT time_ms FROM events")
    assert row == (millis,)


def test_rows_gain_what_ingestion_adds_and_lose_token_and_ip(project):
    strict(project, project.event(ip="1.2.3.4", n=1))
    ((event),) = project.events()
    now = int(NOW.timestamp() * 1000)
    size = event["properties"].pop("$mp_event_size")
    assert size > 100
    assert event["properties"] == {
        "time": now,
        "distinct_id": "u1",
        "$insert_id": "i1",
        "n": 1,
        "$import": True,
        "$mp_api_endpoint": "api.mixpanel.com",
        "$mp_api_timestamp_ms": now,
        "mp_processing_time_ms": now,
    }


def test_values_come_out_as_they_went_in_but_for_long_texts(project):
    values = {
        "big": 12345678901234567890123,
        "float": 0.1,
        "null": None,
        "nested": {"list": [1, "two", {"x": None}], "": True},
        'odd "name"\\': "\u2028\u0000\n<b>'; DROP TABLE events; --",
        "long": "ü" * 200,
        "long list": ["x" * 300],
    }
    strict(project, project.event('E "x"\u0000', **values))
    (event,) = project.events()
    assert event["event"] == 'E "x"\u0000'
    expected = values | {"long": "ü" * 127}
    assert {name: event["properties"][name] for name in values} == expected


def test_a_lenient_import_mends_and_guesses(project):
    records = [
        project.event("no time", time=...),
        project.event("text time", time="1600000000"),
        project.event("to come", time=(NOW + timedelta(days=400)).timestamp()),
        project.event("half \ud83d character", x="\ud83d"),
        project.event(7, distinct_id=42),
        project.event("nobody", distinct_id=None),
        project.event("no id", **{"$insert_id": ...}),
        "no event",
        project.event("no time at all", time="soon"),
    ]
    assert project.post("/import", records).json == OK
    events = {event["event"]: event["properties"] for event in project.events()}
    now = NOW.timestamp() * 1000
    assert events["no time"]["time"] == events["to come"]["time"] == now
    assert events["text time"]["time"] == 1_600_000_000_000
    assert events["half \ufffd character"]["x"] == "\ufffd"
    assert events["7"]["distinct_id"] == 42
    assert "$insert_id" not in events["no id"]
    assert len(events) == 7
    assert project.reasons() == ["an event must be an object", "'properties.time' is not a time"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "data, missing or empty"),
        ("[]", "data, missing or empty"),
        ("[{]", "the body is not JSON"),
        ('[{"event": NaN}]', "the body is not JSON"),
        ("data=%%%", "data is neither JSON nor base64 of JSON"),
        ("[" * 100_000, "the body is not JSON"),
        ("[7]", "an event must be an object"),
    ],
)
def test_a_body_without_events_says_why(project, body, error):
    answer = project("/import", method="POST", body=body)
    assert (answer.status_code, answer.json["status"]) == (200, 0)
    assert answer.json["error"].startswith(error)


@pytest.mark.parametrize("body", [b"", b"plain", gzip.compress(b"[]", mtime=0)[:-6]])
def test_what_is_no_gzip_is_a_400(project, body):
    headers = {"Content-Encoding": "gzip"}
    answer = project("/import", method="POST", body=body, headers=headers, strict=1)
    assert answer.status_code == 400
    assert answer.json["error"].startswith("the body is not gzip")


def answer_to(sender, authorization, **more):
    headers = {"Authorization": authorization}
    return sender.post("/import", [sender.event()], headers=headers, **more)


def test_the_token_and_the_secret_open_the_door(project):
    for user in (project.token, project.app.project.project_secret.get_secret_value()):
        for text in (basic(f"{user}:"), basic(user), f"Basic {user}:"):
            assert answer_to(project, text, project=False).json == OK


def test_a_service_account_needs_its_project(project):
    assert answer_to(project, project.authorization).json == OK
    answer = answer_to(project, project.authorization, project=False)
    assert answer.status_code == 401
    assert answer.json == {"code": 401, "error": "Invalid credentials", "status": "Unauthorized"}


@pytest.mark.parametrize("text", ["", basic("x:y"), basic(":"), "Bearer x"])
def test_others_are_refused(project, text):
    assert answer_to(project, text).status_code == 401


def test_who_may_only_read_is_forbidden(project):
    answer = answer_to(project, basic("analyst.5a4db0.mp-service-account:analyst-secret"))
    assert (answer.status_code, answer.json["code"]) == (403, 403)


def test_the_lexicon_can_drop_events_and_properties(project):
    def dropped(value):
        return {"metadata": {"com.mixpanel": {"dropped": value}}}

    entries = [
        {"entityType": "event", "name": "Gone", "schemaJson": dropped(True)},
        {"entityType": "event", "name": "Kept", "schemaJson": dropped(False)},
        {
            "entityType": "event",
            "name": "Part",
            "schemaJson": {"properties": {"x": {"type": "string", **dropped(True)}}},
        },
    ]
    path = f"/api/app/projects/{project.app.project.id}/schemas"
    assert project.post(path, {"entries": entries}, project=False).status_code == 200
    records = [project.event(name, x=1, y=2) for name in ("Gone", "Kept", "Part")]
    assert strict(project, *records).json["num_records_imported"] == 3
    kept = {event["event"]: event["properties"] for event in project.events()}
    assert {name: ("x" in found, found["y"]) for name, found in kept.items()} == {
        "Kept": (True, 2),
        "Part": (False, 2),
    }
    assert project.reasons() == ["the Lexicon says that the event is dropped"]


def test_a_429_has_the_words_of_ingestion(project):
    answer = project.post("/import", [], headers={"X-Sandbox-Fault": "rate-limit"})
    assert answer.status_code == 429
    assert answer.json == {
        "code": 429,
        "error": "Project exceeded rate limits. Please retry the request with exponential backoff.",
        "status": "Too Many Requests",
    }


def test_what_was_sent_stands_beside_the_shop_in_every_answer():
    sandbox = Sandbox(events=300, profiles=60, limits=None)
    ask = Asker(sandbox)
    before = len(ask.lines())
    pages = ask("query/engage").json["results"]
    for _ in range(3):  # the same event three times
        ask.send(("Refund", "2026-03-01T10:00:00"))
    assert len(ask.lines()) == before + 3
    assert [e["event"] for e in ask.lines(event=["Refund"])] == ["Refund"] * 3
    assert "Refund" in ask("query/events/names").json
    assert {"event": "Refund", "amount": 1, "percent_change": 1} in ask("query/events/top").json[
        "events"
    ]
    assert ask("query/events/properties/top", event="Refund").json["$import"] == {"count": 1}
    assert ask("query/events/properties/values", event="Refund", name="$import").json == ["true"]
    assert ask("query/engage").json["results"] == pages
    sandbox.close()


def test_a_value_that_a_list_repeats_is_as_frequent_as_the_events_that_have_it(project):
    lists = (["twice", "twice", "twice"], ["often"], ["often", None])
    sent = [project.event(**{"$insert_id": f"i{n}"}, items=it) for n, it in enumerate(lists)]
    assert project.post("/import", sent).status_code == 200
    found = project("query/events/properties/values", event="A", name="items").json
    assert found == ["often", "twice"]
