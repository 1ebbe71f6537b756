from __future__ import annotations

import json

import pytest

from mixpanel_data.sandbox import Project


def pages(ask, **params):
    """Every result, page after page, by the official rule."""
    found, page, session = [], 0, {}
    while True:
        answer = ask("query/engage", **params, **session).json
        found += answer["results"]
        page += 1
        session = {"page": page, "session_id": answer["session_id"]}
        if len(answer["results"]) < answer["page_size"]:
            return found


def ids(results):
    return [str(row["$distinct_id"]) for row in results]


def test_paging_gives_everyone_once(ask):
    found = pages(ask, page_size=100)
    assert len(ids(found)) == len(set(ids(found))) == 250
    assert found == pages(ask)


def test_case_48_a_full_last_page_is_followed_by_an_empty_one(sandbox):
    ask = sandbox(project=Project(page_size=20))
    first = ask("query/engage").json
    assert (first["total"], first["page_size"]) == (60, 20)
    sizes = []
    for page in (1, 2, 3):
        answer = ask("query/engage", page=page, session_id=first["session_id"]).json
        sizes.append(len(answer["results"]))
        assert "total" not in answer
    assert sizes == [20, 20, 0]


def test_case_50_a_page_needs_its_session_and_every_page_names_it(ask):
    first = ask("query/engage", page_size=100).json
    later = {"page": 2, "page_size": 100}
    assert ask("query/engage", **later).status_code == 400
    assert ask("query/engage", **later, session_id="1-NOSUCH").status_code == 400
    last = ask("query/engage", **later, session_id=first["session_id"]).json
    assert len(last["results"]) == 50
    assert last["session_id"] == first["session_id"]


def test_case_50_a_session_answers_only_its_own_filters(ask):
    first = ask("query/engage", where='properties["plan"] == "pro"').json
    answer = ask("query/engage", page=1, session_id=first["session_id"])
    assert answer.status_code == 400
    assert "uncached query for params" in answer.json["error"]


def test_case_52_behaviors_of_many_profiles_need_a_timestamp(crowd):
    behaviors = [{"window": "60d", "name": "b1", "event_selectors": [{"event": "App Open"}]}]
    many = {"behaviors": behaviors, "where": '(behaviors["b1"] >= 0)'}
    answer = crowd("query/engage", **many)
    assert answer.status_code == 400
    assert answer.json["error"] == "request for page in uncached query for params"
    answer = crowd("query/engage", **many, as_of_timestamp=1772409599)
    assert answer.json["total"] == 1200


def test_behaviors_count_events_within_their_window(ask):
    selector = 'properties["amount"] > 50'
    behaviors = [
        {
            "window": "30d",
            "name": "big",
            "event_selectors": [{"event": "Purchase", "selector": selector}],
        }
    ]
    found = pages(ask, behaviors=behaviors, where='(behaviors["big"] > 0)')
    buyers = ask.lines(from_date="2026-01-31", event=["Purchase"], where=selector)
    known = set(ids(pages(ask)))
    expected = {event["properties"]["distinct_id"] for event in buyers} & known
    assert expected - set(ids(found)) <= {
        event["properties"]["distinct_id"]
        for event in ask.lines(from_date="2026-01-30", to_date="2026-01-30")
    }
    assert set(ids(found)) <= known
    assert set(ids(found))


def test_behaviors_exclude_cohorts(ask):
    answer = ask("query/engage", behaviors=[], filter_by_cohort={"id": 1000})
    assert answer.status_code == 400


def test_case_53_cohort_members_without_a_profile_come_unless_refused(crowd):
    everyone = pages(crowd, filter_by_cohort={"id": 1000})
    known = pages(crowd, filter_by_cohort={"id": 1000}, include_all_users=False)
    strangers = [row for row in everyone if row not in known]
    assert len(strangers) > 0
    assert all(row["$properties"] == {} for row in strangers)
    assert all(row["$properties"] for row in known)
    purchases = crowd.lines(event=["Purchase"])
    assert set(ids(everyone)) == {e["properties"]["distinct_id"] for e in purchases} - {""}


def test_an_unknown_cohort_is_not_found(ask):
    assert ask("query/engage", filter_by_cohort={"id": 1}).status_code == 404
    assert ask("query/engage", filter_by_cohort={"raw_cohort": {}}).status_code == 400


def test_case_54_forms_json_and_urls_ask_the_same_and_the_body_wins(ask):
    where = 'properties["plan"] == "pro"'
    expected = ask("query/engage", where=where).json["results"]
    bodies = [
        json.dumps({"where": where, "page_size": 100}),
        f"where={where.replace('=', '%3D')}",
        f"selector={where.replace('=', '%3D')}",
    ]
    for body in bodies:
        answer = ask("query/engage", method="POST", body=body, where='properties["plan"] == "no"')
        if body.startswith("selector"):
            answer = ask("query/engage", method="POST", body=body)
        assert answer.json["results"] == expected != []


def test_output_properties_cut_profiles_down(ask):
    names = ["plan", "age", "$city", 'no/such~"name"']
    full = {str(row["$distinct_id"]): row["$properties"] for row in pages(ask)}
    for row in pages(ask, output_properties=names):
        whole = full[str(row["$distinct_id"])]
        assert row["$properties"] == {name: whole[name] for name in names if name in whole}
    assert {tuple(row["$properties"]) for row in pages(ask, output_properties=[])} == {()}


def test_profiles_are_found_by_id(ask):
    assert ids(pages(ask, distinct_id="user-00007")) == ["user-00007"]
    assert ids(pages(ask, distinct_ids=["user-00009", "user-00008", "nobody"])) == [
        "user-00008",
        "user-00009",
    ]


def test_groups_are_asked_by_their_key(ask):
    found = pages(ask, data_group_id="4242")
    assert len(found) == 25
    assert found[0]["$properties"]["employees"] == 7


@pytest.mark.parametrize("where", ['has_prefix(properties["x"], "a")', "NOW -1", "(", "5"])
def test_a_where_that_profiles_do_not_understand_is_a_400(ask, where):
    answer = ask("query/engage", where=where)
    assert answer.status_code == 400
    assert "Error in where" in answer.json["error"]


@pytest.mark.parametrize("size", [99, 10_001])
def test_page_size_has_bounds(ask, size):
    assert ask("query/engage", page_size=size).status_code == 400


def test_some_ids_are_numbers_and_some_profiles_have_no_last_seen(ask):
    found = pages(ask)
    assert any(isinstance(row["$distinct_id"], int) for row in found)
    assert any("$last_seen" not in row["$properties"] for row in found)
