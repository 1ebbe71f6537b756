from __future__ import annotations

import json

import pytest

from mixpanel_data.sandbox import Project, Sandbox
from tests.contract import documented
from tests.contract.documented import mismatch
from tests.sandbox.conftest import DAYS, Asker

SCHEMA = {"entityType": "event", "name": "Purchase", "schemaJson": {"description": "a sale"}}


ACTIVITY = {
    "status": "ok",
    "results": {"events": [{"event": "App Open", "properties": {"time": 1, "distinct_id": "u"}}]},
}


def _series(example):
    """The frame of a report; segments and dates are data."""
    return {"data": {"series": example["data"]["series"], "values": {}}, "legend_size": 1}


@pytest.fixture(scope="module")
def ask():
    sandbox = Sandbox(events=2000, profiles=150, limits=None, project=Project(schemas=(SCHEMA,)))
    yield Asker(sandbox)
    sandbox.close()


@pytest.mark.parametrize(
    ("path", "params", "example"),
    [
        ("query/engage", {"distinct_id": "user-00001"}, documented.ENGAGE),
        ("query/cohorts/list", {}, documented.COHORTS),
        ("query/funnels/list", {}, documented.FUNNELS),
        ("query/segmentation", {"event": "Purchase", **DAYS}, _series(documented.SEGMENTATION)),
        (
            "query/segmentation",
            {"event": "Purchase", "on": 'properties["coupon"]', **DAYS},
            _series(documented.SEGMENTATION_ON),
        ),
        (
            "query/segmentation/numeric",
            {"event": "Purchase", "on": 'properties["amount"]', **DAYS},
            _series(documented.NUMERIC),
        ),
        (
            "query/segmentation/sum",
            {"event": "Purchase", "on": 'properties["amount"]', **DAYS},
            {**documented.SUM, "results": {}},
        ),
        (
            "query/segmentation/average",
            {"event": "Purchase", "on": 'properties["amount"]', **DAYS},
            {**documented.AVERAGE, "results": {}},
        ),
        (
            "query/events",
            {"event": ["Purchase"], "type": "general", "unit": "day", **DAYS},
            _series(documented.EVENTS),
        ),
        (
            "query/events/properties",
            {"event": "Purchase", "name": "platform", "type": "unique", "unit": "week", **DAYS},
            _series(documented.EVENTS),
        ),
        ("query/stream/query", {"distinct_ids": ["user-00001"], **DAYS}, ACTIVITY),
        ("query/insights", {"bookmark_id": 88001}, {**documented.INSIGHTS, "series": {}}),
        ("query/events/names", {"type": "general", "limit": 255}, documented.EVENT_NAMES),
        ("query/events/top", {"type": "unique"}, documented.EVENTS_TOP),
        ("query/events/properties/top", {"event": "Purchase"}, documented.PROPERTIES_TOP),
        (
            "query/events/properties/values",
            {"event": "Purchase", "name": "amount"},
            documented.PROPERTY_VALUES,
        ),
    ],
)
def test_query_answers_have_the_documented_shape(ask, path, params, example):
    answer = ask(path, **params)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert len(answer.json) > 0
    assert mismatch(example, answer.json) is None


def test_a_funnel_has_the_documented_shape(ask):
    def days(**more):
        answer = ask("query/funnels", funnel_id=7509, **DAYS, **more).json
        assert mismatch({"meta": {"dates": ["2016-09-12"]}, "data": {}}, answer) is None
        assert sorted(answer["data"]) == answer["meta"]["dates"]
        return list(answer["data"].values())

    steps = documented.FUNNEL["data"]["2016-09-19"]["steps"][:1]
    example = {**documented.FUNNEL["data"]["2016-09-19"], "steps": [{**steps[0]}]}
    for day in days():
        first, *later = day["steps"]
        assert mismatch({**example, "steps": []}, {**day, "steps": []}) is None
        assert first.keys() >= steps[0].keys()
        assert all(step.keys() == first.keys() for step in later)
        assert first["avg_time"] is None
        assert all(type(step["avg_time"]) in (int, type(None)) for step in later)
    for day in days(on='properties["platform"]'):
        assert "$overall" in day
        assert all(isinstance(found, list) for found in day.values())


def test_cohorts_and_frequencies_have_the_documented_shape(ask):
    rows = ask("query/retention", born_event="Sign Up", interval_count=2, **DAYS).json
    row = documented.RETENTION["2012-01-01"]
    assert {mismatch(row, found) for found in rows.values()} == {None}
    question = {"unit": "day", "addiction_unit": "hour"}
    periods = ask("query/retention/addiction", **question, **DAYS).json
    assert periods.keys() == documented.ADDICTION.keys()
    numbers = documented.ADDICTION["data"]["2012-01-01"]
    for found in periods["data"].values():
        assert mismatch(numbers, found) is None
        assert len(found) == len(numbers)
        assert found == sorted(found, reverse=True)


def test_a_script_that_fails_has_the_documented_shape(ask):
    answer = ask("query/jql", method="POST", script="main")
    assert answer.status_code == 412
    assert mismatch(documented.JQL_ERROR, answer.json) is None


def test_app_answers_have_the_documented_shape(ask):
    assert mismatch(documented.ME, ask("app/me", project=False).json) is None
    schemas = ask(f"app/projects/{ask.app.project.id}/schemas", project=False).json
    assert mismatch(documented.SCHEMAS, schemas) is None
    assert schemas["results"] == [SCHEMA]


def test_export_lines_have_the_documented_shape(ask):
    body = ask("2.0/export", **DAYS, where='defined(properties["$browser"])').data
    rows = [json.loads(line) for line in body.split(b"\n")[:-1]]
    full = [row for row in rows if "$insert_id" in row["properties"]]
    assert len(full) > 500
    assert [text for row in full if (text := mismatch(documented.EXPORT_LINE, row))] == []
    assert {tuple(row) for row in rows} == {("event", "properties")}


@pytest.mark.parametrize(
    ("path", "options", "status", "example"),
    [
        ("query/events/names", {"limit": "x"}, 400, documented.QUERY_ERROR),
        ("query/nothing", {}, 404, documented.QUERY_ERROR),
        ("app/me", {"headers": {"Authorization": ""}}, 401, documented.APP_ERROR),
        ("app/nothing", {}, 404, documented.APP_ERROR),
        ("2.0/export", {}, 400, documented.PLAIN_ERROR),
        ("query/engage", {"headers": {"X-Sandbox-Fault": "plan"}}, 402, documented.PLAIN_ERROR),
        (
            "query/engage",
            {"headers": {"X-Sandbox-Fault": "rate-limit"}},
            429,
            documented.PLAIN_ERROR,
        ),
    ],
)
def test_errors_have_the_documented_shape(ask, path, options, status, example):
    answer = ask(path, **options)
    assert answer.status_code == status
    assert mismatch(example, answer.json) is None


@pytest.mark.parametrize(
    ("example", "actual", "text"),
    [
        ({"a": 1}, {"b": 1}, "answer lacks ['a']"),
        ([{"a": 1}], [{"a": 1}, {"a": "1"}], "answer[].a is '1'"),
        ({"a": 1.5}, {"a": None}, "answer.a is None"),
        ({"projects": {"1": {"id": 1}}}, {"projects": {"2": {}}}, "answer.projects[] lacks ['id']"),
        ({"x": {"count": 1}}, {"y": {"count": "1"}}, "answer[].count is '1'"),
    ],
)
def test_a_wrong_shape_is_noticed(example, actual, text):
    assert mismatch(example, actual).startswith(text)
