from __future__ import annotations

import base64
from datetime import date

import pytest

from mixpanel_data.sandbox import Project

SECRET = "sandbox-project-secret"
NAMES = "query/events/names"


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def test_case_07_account_without_project_bad_secret_or_expired_gets_401_json(ask):
    user = ask.app.credentials().username
    answers = [
        ask(NAMES, project=False),
        ask(NAMES, headers=basic(f"{user}:wrong")),
        ask(NAMES, headers=basic("expired.5a4db0.mp-service-account:expired-secret")),
        ask(NAMES, headers={"Authorization": ""}),
        ask(NAMES, headers={"Authorization": "Basic %%%"}),
        ask(NAMES, headers={"Authorization": "Bearer token"}),
        ask("2.0/export", headers=basic(f"{user}:")),
    ]
    assert [answer.status_code for answer in answers] == [401] * 7
    assert all(answer.json["error"] and answer.json["status"] == "error" for answer in answers)


def test_case_07_the_switch_turns_401_into_400(sandbox):
    ask = sandbox(auth_as_400=True)
    answer = ask(NAMES, project=False)
    assert answer.status_code == 400
    assert answer.json["error"] == "Unable to authenticate request"


def test_case_08_app_api_refuses_the_project_secret(ask):
    answer = ask("app/me", project=False, headers=basic(f"{SECRET}:"))
    assert answer.status_code == 401
    assert answer.json == {"status": "error", "error": "Invalid service account credentials"}


@pytest.mark.parametrize(
    "header",
    [
        basic(f"{SECRET}:"),
        basic(SECRET),
        {"Authorization": f"Basic {SECRET}:"},
    ],
)
def test_case_08_the_project_secret_is_taken_with_and_without_its_colon(ask, header):
    assert ask("query/funnels/list", project=False, headers=header).status_code == 200


def test_case_08_an_unencoded_account_is_taken(ask):
    credentials = ask.app.credentials()
    plain = f"Basic {credentials.username}:{credentials.secret.get_secret_value()}"
    assert ask("query/funnels/list", headers={"Authorization": plain}).status_code == 200


def test_project_secret_together_with_project_id_is_a_bad_request(ask):
    assert ask("query/funnels/list", headers=basic(f"{SECRET}:")).status_code == 400


def test_another_project_is_forbidden(ask):
    answer = ask("query/funnels/list", project=False, project_id="999")
    assert answer.status_code == 403
    assert "permission" in answer.json["error"]


def test_me_needs_no_project_and_names_it(sandbox):
    ask = sandbox(project=Project(timezone="Europe/Berlin"))
    answer = ask("app/me", project=False)
    assert answer.status_code == 200
    (project,) = answer.json["results"]["projects"].values()
    assert project["timezone"] == "Europe/Berlin"


def test_credentials_show_no_secret_and_know_the_project(sandbox):
    app = sandbox(project=Project(timezone="US/Pacific", created=date(2020, 1, 1))).app
    credentials = app.credentials("http://127.0.0.1:1")
    assert "sandbox-secret" not in repr(credentials) + repr(app.project)
    assert (credentials.account, credentials.legacy_time) == ("sandbox", True)
    assert (credentials.timezone, credentials.base_url) == ("US/Pacific", "http://127.0.0.1:1")
