from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mixpanel_data.sandbox import Project
from tests.sandbox.conftest import DAYS

PACIFIC = ZoneInfo("US/Pacific")


def exported(answer):
    body = answer.data
    if answer.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return body


def test_export_has_the_documented_shape(ask):
    answer = ask("2.0/export", **DAYS)
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.data.endswith(b"\n")
    events = ask.lines()
    assert len(events) > 2500
    for event in events:
        assert set(event) == {"event", "properties"}
        assert isinstance(event["properties"]["time"], int)
        assert isinstance(event["properties"]["distinct_id"], str)


def test_a_large_body_leaves_in_pieces(crowd):
    answer = crowd("2.0/export", **DAYS, hold=True)
    sizes = [len(chunk) for chunk in answer.response]
    answer.close()
    assert len(sizes) >= 3
    assert max(sizes) < 3_000_000


@pytest.mark.parametrize(("limit", "zipped"), [(2, False), (200, True)])
def test_gzip_comes_when_the_body_is_worth_it(ask, limit, zipped):
    answer = ask("2.0/export", **DAYS, limit=limit, headers={"Accept-Encoding": "gzip"})
    assert (answer.headers.get("Content-Encoding") == "gzip") == zipped
    assert exported(answer) == ask("2.0/export", **DAYS, limit=limit).data


@pytest.mark.parametrize(("size", "zipped"), [(1400, False), (1401, True)])
def test_case_28_1400_bytes_are_plain_and_1401_are_gzipped(sandbox, size, zipped):
    def padded(length):
        ask = sandbox(events=0, profiles=0)
        record = {"event": "A", "properties": {"time": 1767225600, "x": ["y" * length]}}
        assert ask.post("/import", record).json["status"] == 1
        return ask

    over = len(padded(1000)("2.0/export", **DAYS).data) - 1000
    ask = padded(size - over)
    answer = ask("2.0/export", **DAYS, headers={"Accept-Encoding": "gzip"})
    assert (answer.headers.get("Content-Encoding") == "gzip") == zipped
    assert len(exported(answer)) == size


def test_case_27_no_events_are_an_empty_body(ask):
    answer = ask("2.0/export", from_date="2025-01-01", to_date="2025-01-31")
    assert (answer.status_code, answer.data) == (200, b"")


def test_times_are_seconds_unless_milliseconds_are_asked_for(ask):
    seconds, millis = ask.lines(limit=50), ask.lines(limit=50, time_in_ms=True)
    assert [e["properties"]["time"] for e in seconds] == [
        e["properties"]["time"] // 1000 for e in millis
    ]


def test_the_days_are_inclusive_and_cover_everything_once(ask):
    every = ask.lines(time_in_ms=True)
    days = [str(date(2026, 1, 1) + timedelta(days=n)) for n in range(60)]
    by_day = [e for d in days for e in ask.lines(from_date=d, to_date=d, time_in_ms=True)]
    assert by_day == every


def test_events_are_chosen_by_a_json_array(ask):
    counts = Counter(event["event"] for event in ask.lines())
    chosen = ask.lines(event=["Purchase", "Sign Up"])
    assert Counter(e["event"] for e in chosen) == {
        name: counts[name] for name in ("Purchase", "Sign Up")
    }
    assert ask.lines(event=["No such"]) == []
    assert ask("2.0/export", **DAYS, event="Purchase").status_code == 400
    assert ask("2.0/export", **DAYS, event=[1]).status_code == 400


def test_case_37_limit_is_a_cap_and_100001_is_refused(ask):
    assert len(ask.lines(limit=10)) == 10
    assert len(ask.lines(limit=10, where='properties["platform"] == "iOS"')) == 10
    assert ask("2.0/export", **DAYS, limit=100_001).status_code == 400
    assert ask("2.0/export", **DAYS, limit=0).status_code == 400


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ({"to_date": "2026-03-02"}, "to_date cannot be later than today, 2026-03-01"),
        ({"from_date": "1999-12-31"}, "Error in from_date: invalid date, bad year"),
        ({"from_date": "2026-02-30"}, "Error in from_date: invalid date"),
        ({"from_date": "yesterday"}, "Error in from_date: invalid date"),
        ({"from_date": ""}, "from_date and to_date are required parameters"),
        ({"to_date": "2025-12-31"}, "to_date must not be before from_date"),
    ],
)
def test_dates_that_make_no_sense_are_refused(ask, dates, message):
    answer = ask("2.0/export", **(DAYS | dates))
    assert (answer.status_code, answer.json["error"]) == (400, message)


def test_history_ends_where_the_plan_says(sandbox):
    ask = sandbox(project=Project(max_history_days=30))
    answer = ask("2.0/export", from_date="2026-01-29", to_date="2026-02-01")
    assert answer.status_code == 403
    assert answer.json["error"] == "Date range exceeds 30 days into the past"
    assert ask("2.0/export", from_date="2026-01-30", to_date="2026-02-01").status_code == 200


def test_export_is_open_on_a_plan_without_query_api(sandbox):
    ask = sandbox(project=Project(query_api=False))
    assert ask("2.0/export", **DAYS).status_code == 200
    answer = ask("query/events/names")
    assert answer.status_code == 402
    assert answer.json["error"].startswith("Your plan does not allow API calls")


def test_case_42_new_projects_cut_days_in_utc_and_legacy_ones_in_their_zone(sandbox):
    pacific = {"timezone": "US/Pacific"}
    new = sandbox(events=2000, project=Project(**pacific))
    old = sandbox(events=2000, project=Project(**pacific, created=date(2022, 12, 31)))
    day = {"from_date": "2026-02-10", "to_date": "2026-02-10", "time_in_ms": True}
    everything = new.lines(time_in_ms=True)

    def within(start, end):
        return [e for e in everything if start <= e["properties"]["time"] / 1000 < end]

    start = datetime(2026, 2, 10, tzinfo=UTC).timestamp()
    assert new.lines(**day) == within(start, start + 86400) != []
    shifted = old.lines(**day)
    for event in shifted:
        event["properties"]["time"] += 8 * 3600 * 1000
    assert shifted == within(start + 8 * 3600, start + 32 * 3600) != []


def test_case_42_the_shift_follows_daylight_saving(sandbox):
    def clock():
        return datetime(2026, 3, 31, tzinfo=UTC)

    options = {"timezone": "US/Pacific", "created": date(2020, 1, 1)}
    ask = sandbox(events=0, profiles=0, project=Project(**options), clock=clock)
    for day in (6, 10):  # daylight saving begins on 8 March
        nine = datetime(2026, 3, day, 9, tzinfo=PACIFIC).astimezone(UTC)
        ask.send(("A", nine.strftime("%Y-%m-%dT%H:%M:%S")))
    events = ask.lines(from_date="2026-03-01", to_date="2026-03-29")
    assert [
        datetime.fromtimestamp(e["properties"]["time"], UTC).strftime("%d %H:%M") for e in events
    ] == ["06 09:00", "10 09:00"]


def test_case_45_copies_are_delivered(crowd):
    events = [e for e in crowd.lines() if "$insert_id" in e["properties"]]
    keys = Counter((e["event"], e["properties"]["$insert_id"]) for e in events)
    assert max(keys.values()) == 2


def test_where_asks_events_and_the_profiles_of_their_users(ask):
    found = ask("query/engage", where='properties["plan"] == "pro"').json["results"]
    pro = {str(row["$distinct_id"]) for row in found}
    where = 'properties["amount"] > 50 and user["plan"] == "pro"'
    expected = [
        event
        for event in ask.lines()
        if event["properties"].get("amount", 0) > 50 and event["properties"]["distinct_id"] in pro
    ]
    assert ask.lines(where=where) == expected != []


@pytest.mark.parametrize(
    "accessor", ['properties["$distinct_id"]', 'properties["distinct_id"]', 'user["$distinct_id"]']
)
def test_where_knows_the_user_by_all_names(ask, accessor):
    found = ask("query/engage", where='properties["$distinct_id"] in ["user-00001", "nobody"]').json
    assert [it["$distinct_id"] for it in found["results"]] == ["user-00001"]
    expected = [e for e in ask.lines() if e["properties"]["distinct_id"] == "user-00001"]
    assert ask.lines(where=f'{accessor} == "user-00001"') == expected != []


@pytest.mark.parametrize("where", ['properties["x', "1 +", 'properties["platform"] and true'])
def test_a_bad_where_is_a_400_that_says_why(ask, where):
    answer = ask("2.0/export", **DAYS, where=where)
    assert answer.status_code == 400
    assert answer.json["error"].startswith("Error in where: ")


def test_a_row_that_fails_after_the_200_ends_the_export_early(crowd):
    # the rows before the first such ticket fill more than one batch
    where = 'properties["first_reply_min"] > 238 and properties["topic"] or true'
    answer = crowd("2.0/export", **DAYS, where=where)
    *_, last, end = answer.data.split(b"\n")
    assert (answer.status_code, last, end) == (200, b"export terminated early", b"")


def test_parameters_may_come_in_the_body(ask):
    form = f"project_id={ask.app.project.id}&from_date=2026-01-01&to_date=2026-01-31&limit=3"
    answer = ask("2.0/export", method="POST", project=False, limit=9, body=form)
    assert len([json.loads(line) for line in answer.data.splitlines()]) == 3
