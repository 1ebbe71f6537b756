"""/engage and /groups as they are sent to (case 99)."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data.sandbox import Sandbox
from mixpanel_data.sandbox.ingestion.records import UpdateError, updated
from tests.sandbox.conftest import Asker

SEEN = "2026-02-20T12:00:00"


def update(project, *records, token=None, path="/engage", **more):
    owned = [
        {"$token": project.token if token is None else token, "$distinct_id": "u1", **record}
        for record in records
    ]
    return project.post(path, owned, project=False, **more)


def profile(project, distinct_id="u1"):
    found = dict(project.profiles()[distinct_id])
    assert found.pop("$last_seen") == SEEN
    return found


def test_case_99_set_overwrites_and_set_once_does_not(project):
    assert update(project, {"$set": {"a": 1, "b": [1]}}).text == "1"
    update(project, {"$set": {"a": None}}, {"$set_once": {"a": 3, "c": {"d": 4}}})
    assert profile(project) == {"a": None, "b": [1], "c": {"d": 4}}


def test_case_99_add_takes_numbers(project):
    update(project, {"$add": {"n": 2, "m": 0.5}}, {"$add": {"n": -5}}, {"$set": {"t": "x"}})
    assert update(project, {"$add": {"n": "1"}}).text == "0"
    assert update(project, {"$add": {"t": 1}}, verbose=1).json["error"] == (
        "'$add.t' is invalid: 't' is not a number"
    )
    assert profile(project) == {"n": -3, "m": 0.5, "t": "x"}


def test_case_99_append_union_and_remove_work_on_lists(project):
    update(project, {"$append": {"l": "a"}}, {"$append": {"l": "a"}}, {"$append": {"l": 1}})
    update(project, {"$union": {"l": [True, 1, "b", "b"], "new": ["x", "x"]}})
    assert profile(project) == {"l": ["a", "a", 1, True, "b"], "new": ["x"]}
    update(project, {"$remove": {"l": "a", "none": 1}}, {"$remove": {"l": True}})
    assert profile(project) == {"l": [1, "b"], "new": ["x"]}
    assert update(project, {"$union": {"l": "b"}}).text == "0"
    update(project, {"$set": {"l": 1}})
    assert update(project, {"$append": {"l": 2}}).text == "0"


def test_case_99_unset_and_delete_take_away(project):
    update(project, {"$set": {"a": 1, "b": 2}}, {"$unset": ["a", "none"]})
    assert profile(project) == {"b": 2}
    update(project, {"$delete": "null", "$ignore_alias": True})
    assert project.profiles() == {}
    update(project, {"$unset": ["a"]}, {"$remove": {"a": 1}})
    assert project.profiles() == {}
    update(project, {"$set": {"c": 3}})
    assert profile(project) == {"c": 3}


def test_case_99_gzip_is_refused(project):
    body = gzip.compress(json.dumps([{"$token": project.token}]).encode())
    for path in ("/engage", "/groups"):
        answer = project(path, method="POST", body=body, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 400
        assert answer.json["status"] == "error"


def test_case_99_last_seen_moves_unless_the_time_is_ignored():
    clock = iter([datetime(2026, 2, day, tzinfo=UTC) for day in range(1, 28)]).__next__
    sandbox = Sandbox.empty(limits=None, clock=clock)
    ask = Asker(sandbox)

    def last_seen(**record):
        owned = {"$token": sandbox.project.token, "$distinct_id": "u1", **record}
        assert ask.post("/engage", [owned], project=False).text == "1"
        return ask("query/engage").json["results"][0]["$properties"]["$last_seen"]

    first = last_seen(**{"$set": {"a": 1}})
    second = last_seen(**{"$set": {"a": 2}})
    assert first < second
    assert last_seen(**{"$set": {"a": 3}, "$ignore_time": True}) == second
    assert last_seen(**{"$unset": ["a"], "$ignore_time": False}) > second
    sandbox.close()


def test_a_strict_request_names_what_it_refuses_and_stores_the_rest(project):
    answer = update(
        project,
        {"$set": {"a": 1}},
        {"$add": {"a": "x"}},
        {"$distinct_id": "", "$set": {}},
        {"$set": 7},
        {},
        {"$unset": {"a": 1}},
        strict=1,
    )
    assert answer.status_code == 400
    assert answer.json["num_records_imported"] == 1
    assert [
        (each["index"], each["$distinct_id"], each["field"])
        for each in answer.json["failed_records"]
    ] == [(1, "u1", "$add.a"), (2, "", "$distinct_id"), (3, "u1", "$set"), (4, "u1", ""), (5, "u1", "$unset")]  # fmt: skip
    assert profile(project) == {"a": 1}
    assert update(project, {"$set": {"a": 2}}, strict=1).json["status"] == "OK"


def test_updates_of_nobody_or_another_project_change_nothing(project):
    assert update(project, {"$set": {"a": 1}}, token="other").text == "1"
    assert update(project, {"$set": {"a": 1}}, token="").text == "0"
    assert update(project, {"$distinct_id": None, "$set": {"a": 1}}).text == "0"
    assert project.post("/engage", ["x"], project=False).text == "0"
    assert project.profiles() == {}


def test_forms_and_base64_are_read(project):
    record = {"$token": project.token, "$distinct_id": 7, "$set": {"a": 1}}
    for data in (json.dumps(record), base64.b64encode(json.dumps([record]).encode()).decode()):
        body = urlencode({"data": data, "verbose": 1})
        answer = project("/engage", method="POST", body=body, project=False)
        assert answer.json == {"status": 1, "error": None}
    assert project.profiles() == {7: {"a": 1, "$last_seen": SEEN}}, "an id stays a number"
    assert project.profiles(distinct_id="7").keys() == {7}


def test_groups_are_apart_from_users_and_from_each_other(project):
    for key, name in (("company", "acme"), ("team", "acme"), ("team", "blue")):
        record = {"$group_key": key, "$group_id": name, "$set": {"key": key}}
        assert update(project, record, path="/groups").text == "1"
    groups = project("/_sandbox/groups").json
    assert groups == {"company": "4242", "team": "4243"}
    assert project.app.group_id("team") == "4243"
    for key, names in (("company", {"acme"}), ("team", {"acme", "blue"})):
        found = project.profiles(data_group_id=groups[key])
        assert found.keys() == names
        assert {row["key"] for row in found.values()} == {key}
    assert project.profiles() == {}
    answer = update(project, {"$group_id": "x", "$set": {}}, path="/groups", strict=1)
    assert answer.json["failed_records"][0]["field"] == "$group_key"


def test_the_shops_own_profiles_can_be_changed_while_somebody_pages():
    sandbox = Sandbox(events=300, profiles=250, limits=None)
    ask = Asker(sandbox)
    first = ask("query/engage", page_size=100).json
    names = [row["$distinct_id"] for row in first["results"]]
    records = [
        {"$token": sandbox.project.token, "$distinct_id": "user-00001", "$set": {"plan": "new"}},
        {"$token": sandbox.project.token, "$distinct_id": "user-00150", "$delete": ""},
        {"$token": sandbox.project.token, "$distinct_id": "aaa", "$set": {"plan": "new"}},
    ]
    assert ask.post("/engage", records, project=False).text == "1"
    rest = [
        ask("query/engage", page_size=100, page=page, session_id=first["session_id"]).json[
            "results"
        ]
        for page in (1, 2)
    ]
    assert [len(page) for page in rest] == [100, 50], "the pages stay as long as they were"
    later = {row["$distinct_id"]: row["$properties"] for page in rest for row in page}
    assert later["user-00150"] == {}
    assert not later.keys() & set(names)
    everyone = ask("query/engage", page_size=1000).json
    assert everyone["total"] == 250
    found = ask("query/engage", where='properties["plan"] == "new"').json["results"]
    assert [row["$distinct_id"] for row in found] == ["user-00001", "aaa"]
    sandbox.close()


NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["x", "1", ""])
LISTS = st.lists(SCALARS, max_size=3)
UPDATES = st.one_of(
    st.fixed_dictionaries({"$set": st.dictionaries(NAMES, SCALARS | LISTS, max_size=2)}),
    st.fixed_dictionaries({"$set_once": st.dictionaries(NAMES, SCALARS | LISTS, max_size=2)}),
    st.fixed_dictionaries({"$add": st.dictionaries(NAMES, SCALARS, max_size=2)}),
    st.fixed_dictionaries({"$append": st.dictionaries(NAMES, SCALARS, max_size=2)}),
    st.fixed_dictionaries({"$union": st.dictionaries(NAMES, LISTS | SCALARS, max_size=2)}),
    st.fixed_dictionaries({"$remove": st.dictionaries(NAMES, SCALARS, max_size=2)}),
    st.fixed_dictionaries({"$unset": st.lists(NAMES)}),
    st.just({"$delete": None}),
)


def naive(profile, update):
    """The same update once more, by hand, on values that JSON tells apart; None where it fails."""
    ((operation, values),) = update.items()
    if operation == "$delete":
        return "deleted"
    after = dict(profile)
    if operation == "$unset":
        for name in values:
            after.pop(name, None)
        return after
    for name, value in values.items():
        before = after.get(name)
        if operation == "$set" or (operation == "$set_once" and name not in after):
            after[name] = value
        elif operation == "$add":
            numbers = [v for v in (value, after.get(name, 0)) if type(v) in (int, float)]
            if len(numbers) < 2:
                return None
            after[name] = sum(numbers)
        elif operation in ("$append", "$union"):
            items = [value] if operation == "$append" else value
            if type(items) is not list or (name in after and type(before) is not list):
                return None
            after[name] = list(before or [])
            for item in items:
                if operation == "$append" or json.dumps(item) not in map(json.dumps, after[name]):
                    after[name].append(item)
        elif operation == "$remove" and type(before) is list:
            after[name] = [item for item in before if json.dumps(item) != json.dumps(value)]
    return after


@given(st.lists(UPDATES, max_size=12))
def test_any_updates_do_what_their_names_say(updates):
    profile = {}
    for each in updates:
        expected = naive(profile, each)
        try:
            after = updated(profile, each)
        except UpdateError:
            assert expected is None
            continue
        assert json.dumps(after, sort_keys=True) == json.dumps(
            None if expected == "deleted" else expected, sort_keys=True
        )
        profile = after or {}


def test_a_whole_batch_is_as_good_as_one_by_one(project):
    records = [
        {"$distinct_id": f"u{n % 7}", "$add": {"n": n}, "$append": {"l": n}} for n in range(50)
    ]
    for record in records:
        update(project, record)
    one_by_one = project.profiles()
    for name in one_by_one:
        update(project, {"$distinct_id": name, "$delete": ""})
    assert project.profiles() == {}
    update(project, *records)
    assert project.profiles() == one_by_one


@pytest.mark.parametrize(
    "name", ["ü", "a\u0000b", '"', "'; DROP TABLE profile_rows; --", "x" * 999]
)
def test_any_id_is_an_id(project, name):
    for value in (1, 2):
        update(project, {"$distinct_id": name, "$set": {"a": value}})
    assert profile(project, name) == {"a": 2}
