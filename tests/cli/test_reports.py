"""Reports from the command line, of a scripted Mixpanel: what is asked, and each format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.cli.conftest import Mp
from tests.contract import documented
from tests.loopback import Reply, Request, Server, reply_json

DAYS = ("--from", "2024-01-01", "--to", "2024-01-31")
PURCHASES = ("--event", "Purchase", *DAYS)

Script = Callable[[dict[str, Any]], Server]


@pytest.fixture
def mixpanel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """Send `mp` to a server with these answers by path."""
    with ExitStack() as stack:

        def start(answers: dict[str, Any]) -> Server:
            def answer(request: Request) -> Reply:
                name = request.path.removeprefix("/api/query/")
                found = answers.get(name.removeprefix("/api/app/projects/12345/"), Reply(404))
                return found if isinstance(found, Reply) else reply_json(found)

            server = stack.enter_context(Server(answer))
            monkeypatch.setenv("MP_BASE_URL", server.url)
            monkeypatch.setenv("MP_USERNAME", "user")
            monkeypatch.setenv("MP_SECRET", "s3cr3t-word")
            monkeypatch.setenv("MP_PROJECT_ID", "12345")
            return server

        yield start


def test_segmentation_is_compact_in_json_and_rows_elsewhere(mp: Mp, mixpanel: Script):
    server = mixpanel({"segmentation": documented.SEGMENTATION_ON})
    args = ("segmentation", *PURCHASES, "--on", "country", "--unit", "week", "--top", "5")
    found = mp(*args, "--type", "unique", "--where", "paid").data
    assert (found["event"], found["segment_property"], found["total"]) == (
        "Purchase",
        "country",
        113,
    )
    assert found["series"]["1"] == {"2024-01-01": 7, "2024-01-02": 0}
    assert server.requests[0].query == {
        "project_id": "12345",
        "event": "Purchase",
        "from_date": "2024-01-01",
        "to_date": "2024-01-31",
        "on": 'properties["country"]',
        "where": 'properties["paid"]',
        "unit": "week",
        "type": "unique",
        "limit": "5",
    }
    lines = mp(*args, "-f", "csv").out.splitlines()
    assert lines[:2] == ["date,segment,value", "2024-01-01,US,100"]
    assert len(lines) == 11
    first, *_ = mp(*args, "-f", "jsonl").out.splitlines()
    assert json.loads(first) == {"date": "2024-01-01", "segment": "US", "value": 100}
    assert mp(*args, "-f", "table").out.splitlines()[0].split() == ["date", "segment", "value"]


def test_an_interval_is_handed_on(mp, mixpanel):
    server = mixpanel({"segmentation": documented.SEGMENTATION})
    assert mp("segmentation", *PURCHASES, "--type", "unique", "--interval", "5").code == 0
    assert server.requests[0].query["interval"] == "5"


@pytest.mark.parametrize(
    ("command", "answer", "second"),
    [
        ("numeric", documented.NUMERIC, "2011-08-07,100 - 200,100.0,200.0,4"),
        ("sum", documented.SUM, "2019-10-06,7"),
        ("average", documented.AVERAGE, "2011-08-06,8.64705882352939"),
    ],
)
def test_numbers_are_counted_summed_and_averaged(mp, mixpanel, command, answer, second):
    server = mixpanel({f"segmentation/{command}": answer})
    args = (f"segmentation-{command}", *PURCHASES, "--on", "amount", "--unit", "hour")
    assert mp(*args, "-f", "csv").out.splitlines()[1] == second
    assert server.requests[0].query["on"] == 'properties["amount"]'
    assert server.requests[0].query["unit"] == "hour"
    assert mp(*args[:-4]).code == 3


def test_a_funnel_shows_its_steps(mp, mixpanel):
    server = mixpanel({"funnels/list": documented.FUNNELS, "funnels": documented.FUNNEL})
    args = ("funnel", "7509", *DAYS, "--unit", "week", "--length", "3")
    found = mp(*args).data
    assert (found["funnel_name"], found["counted"]) == ("Signup funnel", "entries")
    assert [step["label"] for step in found["steps"]] == ["App Open", "Game Played"]
    assert server.requests[1].query["length_unit"] == "day"
    lines = mp(*args, "-f", "csv").out.splitlines()
    assert lines[0].startswith("date,segment,step,event,label,count,step_conv_ratio")
    assert lines[2].startswith("2016-09-12,$overall,2,$custom_event:12345,Game Played,20524,")
    assert mp("funnel", "7509", *DAYS, "--length-unit", "hour").code == 3


def test_an_unknown_funnel_is_4_and_the_known_ones_are_named(mp, mixpanel):
    mixpanel({"funnels/list": documented.FUNNELS})
    done = mp("funnel", "1", *DAYS)
    assert done.code == 4
    assert done.err == (
        "error: Mixpanel has no saved funnel 1\nhint: mp funnels lists them: 7509 (Signup funnel)\n"
    )


def test_retention_shows_cohorts(mp, mixpanel):
    server = mixpanel({"retention": documented.RETENTION})
    args = ("retention", "--born", "Sign Up", "--return", "Purchase", *DAYS)
    more = ("--intervals", "2", "--unit", "week", "--born-where", "new", "--unbounded")
    found = mp(*args, *more).data
    assert [cohort["size"] for cohort in found["cohorts"]] == [2, 10]
    sent = server.requests[0].query
    assert (sent["interval_count"], sent["unbounded_retention"]) == ("2", "true")
    assert sent["born_where"] == 'properties["new"]'
    assert mp(*args, "-f", "csv").out.splitlines()[1] == "2012-01-01,,2,0,2,1.0,true"
    done = mp(*args, "--unit", "week", "--interval", "2")
    assert done.code == 3
    assert "hint: unit='day', interval=14" in done.err
    assert mp("retention", "--type", "compounded", "--return", "A", *DAYS).code == 0
    assert mp("retention", "--return", "A", *DAYS).code == 3


def test_frequency_shows_slots(mp, mixpanel):
    server = mixpanel({"retention/addiction": documented.ADDICTION})
    args = ("frequency", *DAYS, "--unit", "week", "--addiction-unit", "day")
    assert mp(*args).data["periods"][0]["counts"][:2] == [305, 107]
    assert (server.requests[0].query["unit"], server.requests[0].query["addiction_unit"]) == (
        "week",
        "day",
    )
    assert mp(*args, "-f", "csv").out.splitlines()[1] == "2012-01-01,,1,305,1.0"


def test_counts_are_of_events_or_of_values(mp, mixpanel):
    server = mixpanel({"events": documented.EVENTS, "events/properties": documented.EVENTS})
    args = ("counts", "account-page", "splash features", *DAYS)
    assert mp(*args, "-f", "csv").out.startswith("date,event,value\n2010-05-29,account-page,0\n")
    values = ("--property", "page", "--value", "a", "--value", "b, c", "--top", "7")
    assert mp("counts", "A", *DAYS, *values, "-f", "csv").out.startswith("date,segment,value\n")
    assert json.loads(server.requests[1].query["values"]) == ["a", "b, c"]
    assert server.requests[1].query["limit"] == "7"
    for wrong in (("A", "B", "--property", "p"), ("A", "--value", "x"), ("A", "--top", "3")):
        assert mp("counts", *wrong, *DAYS).code == 3


def test_today_saved_reports_and_users(mp, mixpanel):
    mixpanel(
        {
            "events/top": documented.EVENTS_TOP,
            "insights": documented.INSIGHTS,
            "stream/query": documented.ACTIVITY,
        }
    )
    assert mp("top", "-f", "csv").out == "event,count,percent_change\nfunnel,2,-0.356\n"
    assert mp("insights", "42", "-f", "csv").out.splitlines() == [
        "metric,date,value",
        "Logged in,2020-08-31 00:00:00,9852",
        "Logged in,2020-09-07 00:00:00,4325",
    ]
    (event,) = mp("activity", "12a3", *DAYS).data["events"]
    assert (event["time"], event["distinct_id"]) == ("2020-09-08 18:24:13", "12a3")
    row = json.loads(mp("activity", "12a3", *DAYS, "-f", "jsonl").out)
    assert row["properties"]["$browser"] == "Chrome"


def test_saved_things_are_listed(mp, mixpanel):
    mixpanel({"funnels/list": documented.FUNNELS, "cohorts/list": documented.COHORTS})
    assert mp("funnels").data == documented.FUNNELS
    (cohort,) = mp("cohorts").data
    assert (cohort["name"], cohort["created"]) == ("Cohort One", "2019-03-19 23:49:51")


def test_the_lexicon_is_listed_and_one_entry_shows_its_properties(mp, mixpanel):
    entry = {"entityType": "event", "name": "Cart", "schemaJson": documented.SCHEMA_JSON}
    answers = {"schemas": {"results": [entry]}, "schemas/event/Cart": documented.SCHEMA_JSON}
    mixpanel(answers)
    (found,) = mp("lexicon").data
    assert [known["name"] for known in found["properties"]] == ["color", "item_id"]
    assert mp("lexicon", "--type", "profile").data == []
    row = json.loads(mp("lexicon", "-f", "jsonl").out)
    assert row["properties"] == ["color", "item_id"]
    assert mp("lexicon", "Cart").data["display_name"] == "Cart"
    assert mp("lexicon", "Cart", "-f", "csv").out.splitlines()[2] == (
        "item_id,integer,its number,Item,false,false"
    )
    assert mp("lexicon", "Nothing").code == 4


def test_a_script_comes_from_a_file_from_stdin_or_the_line(mp, mixpanel, tmp_path):
    rows = [{"key": ["a", 1], "value": 2}, {"key": ["b", 2], "value": 3}]
    server = mixpanel({"jql": rows})
    file = tmp_path / "script.js"
    file.write_text("function main() { return 'ü' }")
    done = mp("jql", file, "--param", "day=2026-01-01", "--param", "n=5", "--param", "a=[1]")
    assert done.data == rows
    assert done.err.startswith("warning: JQL is in maintenance mode")
    form = server.requests[0].form
    assert form["script"] == file.read_text()
    assert json.loads(form["params"]) == {"day": "2026-01-01", "n": 5, "a": [1]}
    assert mp("jql", "-", stdin="main").code == mp("jql", "--code", "main").code == 0
    assert mp("jql", "--code", "main", "-f", "csv").out == "key_1,key_2,value\na,1,2\nb,2,3\n"
    assert mp("jql", "--code", "main", "-f", "jsonl").out.splitlines()[0] == (
        '{"key":["a",1],"value":2}'
    )


@pytest.mark.parametrize(
    "args",
    [(), ("a.js", "--code", "x"), ("none.js",), ("--code", "x", "--param", "n"), ("--code", " ")],
)
def test_one_script_is_needed(mp, mixpanel, args):
    mixpanel({"jql": []})
    assert mp("jql", *args).code == 3


def test_plain_values_of_a_script_are_printed_too(mp, mixpanel):
    mixpanel({"jql": [1, "a", None]})
    assert mp("jql", "--code", "main").data == [1, "a", None]
    assert mp("jql", "--code", "main", "-f", "csv").out == 'value\n1\na\n""\n'


def test_a_retired_report_is_4_and_names_the_local_one(mp, mixpanel):
    mixpanel({})
    done = mp("segmentation", *PURCHASES)
    assert done.code == 4
    assert done.err == (
        "error: Mixpanel has retired /api/query/segmentation, or closed it to this project"
        " (404: an empty body)\n"
        "hint: the same from fetched events: mp segmentation … --local,"
        " ws.local.segmentation(…)\n"
    )


def test_an_announced_end_is_a_warning_beside_the_data(mp, mixpanel):
    mixpanel({"segmentation": reply_json(documented.SEGMENTATION, Deprecation="true")})
    done = mp("segmentation", *PURCHASES)
    assert done.data["total"] == 2445
    assert done.err.startswith("warning: Mixpanel will retire /api/query/segmentation; the same")


def test_a_misspelt_event_is_a_warning_beside_the_data(mp, mixpanel):
    nothing = {"data": {"series": ["2024-01-01"], "values": {}}}
    mixpanel({"segmentation": nothing, "events/names": ["Purchase"]})
    done = mp("segmentation", "--event", "Purchse", *DAYS)
    assert done.data["total"] == 0
    assert done.err == "warning: Mixpanel has no event 'Purchse'; did you mean 'Purchase'?\n"


@pytest.mark.parametrize(
    ("reply", "code"),
    [(reply_json({"error": "no"}, 401), 2), (reply_json({"error": "no"}, 402), 1)],
)
def test_refusals_have_their_codes(mp, mixpanel, reply, code):
    mixpanel({"segmentation": reply})
    assert mp("segmentation", *PURCHASES).code == code


def test_a_wait_for_the_quota_is_told(mp, mixpanel):
    replies = [reply_json({"error": "slow"}, 429, Retry_After="0.01"), reply_json([])]
    answers: dict[str, Any] = {}
    server = mixpanel(answers)
    answers["funnels/list"] = replies[0]

    def second(request: Request) -> Reply:
        return replies.pop(0)

    server._script = [second]
    done = mp("funnels")
    assert done.data == []
    assert done.err.startswith("waiting 0:00 (Mixpanel answered 429")
    replies[:] = [reply_json({"error": "slow"}, 429, Retry_After="3600")]
    assert mp("funnels").code == 5


@pytest.mark.parametrize(
    "args",
    [
        ("segmentation", "--event", "A", "--from", "2024-02-01", "--to", "2024-01-01"),
        ("segmentation", "--event", "A", "--from", "yesterday", "--to", "2024-01-01"),
        ("segmentation", "--event", "A", *DAYS, "--unit", "year"),
        ("segmentation", *DAYS),
        ("funnel", "x", *DAYS),
        ("insights", "0"),
    ],
)
def test_what_cannot_be_meant_is_3_and_asks_nothing(mp, mixpanel, args):
    server = mixpanel({})
    assert mp(*args).code == 3
    assert server.requests == []


def test_an_empty_report_has_its_headings_and_says_that_it_is_empty(mp, mixpanel):
    mixpanel({"retention/addiction": {}})
    done = mp("frequency", *DAYS, "-f", "csv")
    assert (done.out, done.err) == ("date,segment,slots,users,rate\n", "nothing was found\n")
    assert mp("frequency", *DAYS, "-f", "csv", "--columns", "users,date").out == "users,date\n"
    assert mp("frequency", *DAYS, "-f", "jsonl", "-q").out == ""
    assert mp("frequency", *DAYS).data["periods"] == []


def test_rows_of_a_report_can_be_chosen(mp, mixpanel):
    mixpanel({"retention/addiction": documented.ADDICTION})
    done = mp("frequency", *DAYS, "--limit", "2", "--columns", "date,users")
    assert done.data == [{"date": "2012-01-01", "users": 305}, {"date": "2012-01-01", "users": 107}]
