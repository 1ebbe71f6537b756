from __future__ import annotations

from contextlib import ExitStack

import pytest

from mixpanel_data.sandbox import Fault, Faults, Limits, Project

DAY = {"from_date": "2026-01-05", "to_date": "2026-01-05"}
NAMES = "query/events/names"
POLICY = '"project";q=60;w=3600, "project-concurrency";q=5;qu="concurrent-requests"'


class Timer:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def timer():
    return Timer()


@pytest.fixture
def ask(sandbox, timer):
    return sandbox(timer=timer)


def test_case_20_the_61st_query_in_an_hour_is_refused_until_the_first_is_an_hour_old(ask, timer):
    for n in range(60):
        timer.now += 10
        assert ask("query/funnels/list").status_code == 200, n
    answer = ask("query/funnels/list")
    assert answer.status_code == 429
    assert "Query rate limit exceeded for project_id: 20260301." in answer.json["error"]
    assert (
        "exceeded the rate limit (61/60 queries running in the last hour)" in answer.json["error"]
    )
    assert answer.headers["Retry-After"] == "3010"
    assert answer.headers["RateLimit-Policy"] == POLICY
    assert answer.headers["RateLimit"] == '"project";r=0;t=3010, "project-concurrency";r=5'
    timer.now += 3010
    assert ask("query/funnels/list").status_code == 200
    assert ask("query/funnels/list").status_code == 429


def test_case_20_the_6th_query_at_once_is_refused(ask):
    with ExitStack() as running:
        for _ in range(5):
            running.callback(ask("query/funnels/list", hold=True).close)
        answer = ask("query/funnels/list")
    assert answer.status_code == 429
    assert "the concurrency limit (6/5 queries running concurrently)" in answer.json["error"]
    assert answer.headers["RateLimit"] == '"project";r=55, "project-concurrency";r=0;t=10'
    assert ask("query/funnels/list").status_code == 200


def test_case_21_pages_of_a_session_app_calls_and_refusals_are_free(sandbox, timer):
    ask = sandbox(timer=timer, limits=Limits(queries_per_hour=2), project=Project(page_size=20))
    first = ask("query/engage").json
    for page in (1, 2):
        answer = ask("query/engage", page=page, session_id=first["session_id"])
        assert answer.status_code == 200
        assert ask("app/me", project=False).status_code == 200
        assert ask(NAMES, project=False).status_code == 401
    assert ask(NAMES).status_code == 200
    assert ask(NAMES).status_code == 429
    timer.now += 3600
    # the refused call did not count: two fit again
    assert [ask(NAMES).status_code for _ in range(3)] == [200, 200, 429]


def test_case_21_aliases_are_free(sandbox):
    ask = sandbox(limits=Limits(queries_per_hour=1))
    for _ in range(3):
        assert ask("query/engage/aliases").status_code != 429
    assert [ask(NAMES).status_code for _ in range(2)] == [200, 429]


def test_case_21_failed_queries_count_and_402_does_not(sandbox, timer):
    ask = sandbox(timer=timer, limits=Limits(queries_per_hour=1))
    assert ask(NAMES, limit="x").status_code == 400
    assert ask(NAMES).status_code == 429
    poor = sandbox(timer=timer, limits=Limits(queries_per_hour=1), project=Project(query_api=False))
    assert [poor(NAMES).status_code for _ in range(3)] == [402, 402, 402]


def test_case_20_jql_has_a_budget_on_top_of_that_of_queries(sandbox, timer):
    ask = sandbox(timer=timer, limits=Limits(jql_per_hour=2, jql_concurrency=1))
    script = "function main(){ return People().reduce(mixpanel.reducer.count()) }"

    def run(**more):
        return ask("query/jql", method="POST", script=script, **more)

    running = run(hold=True)
    crowded = run()
    running.close()
    assert crowded.status_code == 429
    assert crowded.headers["RateLimit"] == (
        '"project";r=59, "project-concurrency";r=4,'
        ' "endpoint-jql";r=1, "endpoint-jql-concurrency";r=0;t=10'
    )
    assert run().status_code == 200
    spent = run()
    assert spent.status_code == 429
    assert "(3/2 queries running in the last hour)" in spent.json["error"]
    assert spent.headers["RateLimit-Policy"] == (
        f'{POLICY}, "endpoint-jql";q=2;w=3600,'
        ' "endpoint-jql-concurrency";q=1;qu="concurrent-requests"'
    )
    assert spent.headers["RateLimit"] == (
        '"project";r=58, "project-concurrency";r=5,'
        ' "endpoint-jql";r=0;t=3600, "endpoint-jql-concurrency";r=1'
    )
    assert ask(NAMES).status_code == 200


def test_case_22_exports_have_counters_of_their_own(ask, timer):
    def start():
        return ask("2.0/export", **DAY)

    assert [start().status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = start()
    assert refused.json == {"error": "too many export requests in progress for this project"}
    assert refused.headers["Retry-After"] == "1"
    for _ in range(57):
        timer.now += 1
        assert start().status_code == 200
    timer.now += 1
    assert start().status_code == 429
    assert ask(NAMES).status_code == 200


def test_case_22_the_101st_export_at_once_is_refused(sandbox, timer):
    ask = sandbox(timer=timer, limits=Limits(exports_per_hour=1000))
    with ExitStack() as running:
        for _ in range(100):
            timer.now += 1
            answer = ask("2.0/export", hold=True, **DAY)
            assert answer.status_code == 200
            running.callback(answer.close)
        timer.now += 1
        assert ask("2.0/export", **DAY).status_code == 429
    assert ask("2.0/export", **DAY).status_code == 200


def test_case_23_the_6th_lexicon_call_in_a_minute_is_refused(ask, timer):
    path = f"app/projects/{ask.app.project.id}/schemas"
    answers = [ask(path, project=False) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[0].json["status"] == "ok"
    timer.now += 60
    assert ask(path, project=False).status_code == 200


def test_limits_can_be_lifted(sandbox):
    ask = sandbox(limits=None)
    assert {ask("query/funnels/list").status_code for _ in range(70)} == {200}


@pytest.mark.parametrize(
    ("fault", "headers"),
    [
        (Fault(kind="rate-limit", retry_after=2), {"Retry-After": "2"}),
        (
            Fault(kind="rate-limit", retry_after="Mon, 02 Mar 2026 00:00:09 GMT"),
            {"Retry-After": "Mon, 02 Mar 2026 00:00:09 GMT"},
        ),
        (Fault(kind="rate-limit"), {}),
        (
            Fault(kind="rate-limit", limit="hour", retry_after=3600),
            {
                "Retry-After": "3600",
                "RateLimit-Policy": POLICY,
                "RateLimit": '"project";r=0;t=3600, "project-concurrency";r=5',
            },
        ),
        (
            Fault(kind="rate-limit", limit="concurrency"),
            {
                "Retry-After": "10",
                "RateLimit-Policy": POLICY,
                "RateLimit": '"project";r=60, "project-concurrency";r=0;t=10',
            },
        ),
    ],
)
def test_a_429_can_be_had_in_every_form(sandbox, fault, headers):
    ask = sandbox(faults=Faults(fault))
    answer = ask(NAMES)
    assert answer.status_code == 429
    limiting = ("Retry-After", "RateLimit", "RateLimit-Policy")
    assert {n: answer.headers[n] for n in limiting if n in answer.headers} == headers
    assert ask(NAMES).status_code == 200
