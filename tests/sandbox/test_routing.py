from __future__ import annotations

import json

import pytest

PATHS = [
    "events/names",
    "events/top",
    "funnels/list",
    "cohorts/list",
    "engage",
    "engage/properties",
]


@pytest.mark.parametrize("path", PATHS)
def test_case_11_both_roots_answer_alike_and_a_trailing_slash_is_no_matter(ask, path):
    answers = [ask(root + path + slash) for root in ("query/", "2.0/") for slash in ("", "/")]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1


def test_case_11_both_roots_fail_alike(ask):
    bodies = {ask(f"{root}/events/names", limit="x").data for root in ("query", "2.0")}
    (body,) = bodies
    assert json.loads(body)["request"].startswith("/api/2.0/events/names?project_id=")


@pytest.mark.parametrize("path", ["query/multiseg", "query/export", "app/nothing", "/x", "/"])
def test_unknown_paths_are_404_json(ask, path):
    answer = ask(path)
    assert answer.status_code == 404
    assert "no such path" in answer.json["error"]


def test_every_answer_names_its_source(ask):
    for path in ("query/events/names", "app/me", "/nowhere", "2.0/export", "/_sandbox/faults"):
        assert ask(path).headers["X-Mixpanel-Source"] == "sandbox"


def test_post_is_taken_where_get_is(ask):
    body = f"project_id={ask.app.project.id}&limit=2&event=Purchase"
    answer = ask("query/events/properties/top", method="POST", project=False, body=body)
    assert len(answer.json) == 2


def test_a_wrong_method_is_405(ask):
    assert ask("app/me", method="POST").status_code == 405
