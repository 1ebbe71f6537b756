"""/jql: a handful of scripts, and the failure of all others (contract, section 12)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

import pytest

from mixpanel_data.sandbox import Project
from tests.sandbox.conftest import DAYS, reported

COUNT = "mixpanel.reducer.count()"
DOCUMENTED = f"""function main(){{
  return Events(params)
    .groupBy(
      ["name"],
      {COUNT}
    )
}}
"""


def run(ask, script, path="query/jql", **params):
    more = {"params": params} if params else {}
    return ask(path, method="POST", **more, script=script)


def rows(ask, script, **params):
    answer = run(ask, script, **params)
    assert answer.status_code == 200, answer.text
    assert isinstance(answer.json, list)
    return answer.json


def main(text):
    return f"function main() {{ return {text}; }}"


def test_the_documented_script_counts_events_by_name(ask):
    counts = Counter(line["event"] for line in reported(ask.lines()))
    expected = [{"key": [name], "value": counts[name]} for name in sorted(counts)]
    assert rows(ask, DOCUMENTED, **DAYS) == expected
    dates = {"from_date": "2026-01-01T00:00:00.000Z", "to_date": "2026-03-01T00:00:00.000Z"}
    assert rows(ask, DOCUMENTED, **dates) == expected


def test_arguments_may_stand_in_the_script(ask):
    text = "Events({from_date: '2026-01-05', 'to_date': \"2026-01-06\", event_selectors: [{event: 'Purchase'}]})"
    lines = ask.lines(from_date="2026-01-05", to_date="2026-01-06", event=["Purchase"])
    assert rows(ask, main(f"{text}.reduce({COUNT})".replace("[{event: 'Purchase'}]", "null"))) == [
        len(reported(ask.lines(from_date="2026-01-05", to_date="2026-01-06")))
    ]
    picked = {"from_date": "2026-01-05", "to_date": "2026-01-06", "event_selectors": [{"event": "Purchase"}]}  # fmt: skip
    assert rows(ask, main(f"Events(params).reduce({COUNT})"), **picked) == [len(reported(lines))]


def test_groups_by_properties_have_nulls_where_there_is_nothing(ask):
    lines = reported(ask.lines(event=["Purchase"]))
    counts = Counter(
        (line["properties"]["platform"], line["properties"].get("coupon")) for line in lines
    )
    picked = DAYS | {"event_selectors": [{"event": "Purchase"}]}
    script = main(f'Events(params).groupBy(["properties.platform", "properties.coupon"], {COUNT})')
    assert {tuple(row["key"]): row["value"] for row in rows(ask, script, **picked)} == counts


def test_rows_have_the_fields_of_jql_and_the_time_of_the_project(sandbox):
    ask = sandbox(events=0, profiles=0, project=Project(timezone="Asia/Tokyo"))
    ask.send(("A", "2026-01-10T15:30:00"))
    script, day = main("Events(params)"), {"from_date": "2026-01-11", "to_date": "2026-01-11"}
    (row,) = rows(ask, script, **day)
    assert row.keys() == {"name", "distinct_id", "time", "sampling_factor", "properties"}
    local = datetime(2026, 1, 11, 0, 30, tzinfo=timezone.utc)  # noqa: UP017
    assert row["time"] == local.timestamp() * 1000
    assert row["properties"]["time"] == row["time"] - timedelta(hours=9).total_seconds() * 1000


def test_people_can_be_counted_and_listed(ask):
    total = ask("query/engage").json["total"]
    assert rows(ask, main(f"People().reduce({COUNT})")) == [total]
    people = rows(ask, main("People()"))
    assert len(people) == total
    assert "user-00001@example.com" in {each["properties"]["$email"] for each in people}
    plans = rows(ask, main(f'People().groupBy(["properties.plan"], {COUNT})'))
    assert sum(row["value"] for row in plans) == total


def test_a_form_is_taken_on_both_paths(ask):
    body = urlencode({"script": main("People()"), "format": "json"})
    answers = [ask(f"{root}/jql", method="POST", body=body) for root in ("query", "2.0")]
    assert answers[0].data == answers[1].data
    assert answers[0].status_code == 200


@pytest.mark.parametrize(
    "script",
    [
        "function main(){ return Events(params).map(x => 1) }",
        main(f'Events(params).groupBy(["properties.x"], {COUNT}).limit(10)'),
        main(f'Events(params).groupBy(["odd"], {COUNT})'),
        main("Events({from_date: new Date()})"),
        "nonsense",
    ],
)
def test_any_other_script_fails_as_scripts_do(ask, script):
    answer = run(ask, script, **DAYS)
    assert answer.status_code == 412
    assert answer.json["request"].startswith("/api/2.0/jql?")
    error = answer.json["error"]
    assert error.startswith("UserVisiblePreconditionFailedError: Uncaught exception Error: ")
    assert "\n\nStack trace:\n" in error


def test_what_is_missing_is_a_400(ask):
    assert ask("query/jql", method="POST").status_code == 400
    assert run(ask, DOCUMENTED).status_code == 400
    assert run(ask, DOCUMENTED, from_date="soon", to_date="2026-01-01").status_code == 400
