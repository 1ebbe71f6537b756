"""The Lexicon (case 100, and the limits of case 23)."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data.sandbox import Project, Sandbox, serve
from tests.sandbox.conftest import Asker, basic

DESCRIBED = {"description": "a thing", "properties": {"n": {"type": "integer"}}}
ODD = ["a/b", "/a/", "a%2Fb", "100 %", "a?b=c&d#e", "東京", "é", "//", "$user", ".."]


class Lexicon(Asker):
    """Asks for schemas; the project is in the path alone."""

    def __call__(self, path="", **more):
        root = f"/api/app/projects/{self.app.project.id}/schemas"
        return super().__call__(f"{root}{path}", **({"project": False} | more))

    def post(self, path, value, **more):
        return self(path, method="POST", body=json.dumps(value), **more)

    def names(self, path="", **more):
        answer = self(path, **more).json
        assert answer["status"] == "ok"
        return [(each["entityType"], each["name"]) for each in answer["results"]]


def entry(name, kind="event", **schema):
    return {"entityType": kind, "name": name, "schemaJson": schema or DESCRIBED}


@pytest.fixture
def lexicon():
    with Sandbox(events=0, profiles=0, limits=None, project=Project.empty()) as sandbox:
        yield Lexicon(sandbox)


def test_case_100_only_what_is_described_is_there(lexicon, shop):
    assert lexicon.names() == []
    shop_names = [name for _, name in Lexicon(shop).names()]
    sent = Asker(shop)("query/events/names").json
    assert "Refund" in shop_names
    assert "Refund" not in sent
    assert "View Item" in sent
    assert "View Item" not in shop_names


def test_case_100_upload_replaces_by_name_and_truncate_wipes(lexicon):
    answer = lexicon.post("", {"entries": [entry("A"), entry("B"), entry("$user", "profile")]})
    assert answer.json == {"results": {"added": 3, "deleted": 0}, "status": "ok"}
    again = lexicon.post("", {"entries": [entry("B", description="other")], "truncate": False})
    assert again.json["results"] == {"added": 1, "deleted": 0}
    assert lexicon.names() == [("event", "A"), ("event", "B"), ("profile", "$user")]
    assert lexicon("/event/B").json["results"] == {"description": "other"}
    wiped = lexicon.post("", {"entries": [entry("C")], "truncate": True})
    assert wiped.json["results"] == {"added": 1, "deleted": 3}
    assert lexicon.names() == [("event", "C")]


def test_case_100_deletions_are_counted(lexicon):
    lexicon.post("", {"entries": [*map(entry, "ABCD"), entry("A", "profile")]})
    assert lexicon("/event/A", method="DELETE").json == {
        "results": {"delete_count": 1},
        "status": "ok",
    }
    assert lexicon("/event", method="DELETE", entity_name="B").json["results"]["delete_count"] == 1
    assert lexicon("/event/none", method="DELETE").json["results"]["delete_count"] == 0
    assert lexicon("/event", method="DELETE").json["results"]["delete_count"] == 2
    assert lexicon.names() == [("profile", "A")]
    assert lexicon("", method="DELETE").json["results"]["delete_count"] == 1
    assert lexicon.names() == []


@pytest.mark.parametrize("name", ODD)
def test_case_100_any_name_can_be_in_a_path(lexicon, name):
    path = f"/event/{quote(name, safe='')}"
    assert lexicon(path).status_code == 404
    assert lexicon.post(path, DESCRIBED).json == {"status": "ok"}
    assert lexicon.names() == [("event", name)]
    assert lexicon(path).json == {"status": "ok", "results": DESCRIBED}
    assert lexicon.names("/event", entity_name=name) == [("event", name)]
    assert lexicon(path, method="DELETE").json["results"] == {"delete_count": 1}


@pytest.mark.parametrize("loopback", [False, True])
def test_case_100_the_client_finds_any_name_in_process_and_over_loopback(loopback):
    described = tuple(entry(name) for name in ODD if name != "..")
    with Sandbox(
        events=0, profiles=0, limits=None, project=Project.empty(schemas=described)
    ) as sandbox:
        credentials = sandbox.credentials
        if loopback:
            with serve(sandbox) as server, MixpanelAPIClient(credentials(server.url)) as client:
                found = [_read(client, each["name"]) for each in described]
        else:
            with MixpanelAPIClient(credentials(), app=sandbox) as client:
                found = [_read(client, each["name"]) for each in described]
    assert found == [DESCRIBED] * len(described)


def _read(client, name):
    root = f"/api/app/projects/{client.credentials.project_id}/schemas"
    return client.get(f"{root}/event/{quote(name, safe='')}")["results"]


def test_one_type_can_be_listed(lexicon):
    lexicon.post("", {"entries": [entry("A"), entry("$user", "profile")]})
    assert lexicon.names("/event") == [("event", "A")]
    assert lexicon.names("/profile/") == [("profile", "$user")]
    assert lexicon.names("/event", entity_name="none") == []
    assert lexicon("/custom").status_code == 400


def test_metadata_is_merged_and_null_removes(lexicon):
    def metadata(**said):
        return {"metadata": {"com.mixpanel": said}}

    lexicon.post("/event/A", {"description": "x", **metadata(hidden=True, tags=["a"])})
    lexicon.post("/event/A", metadata(tags=None, displayName="Aa"))
    assert lexicon("/event/A").json["results"] == metadata(hidden=True, displayName="Aa")


def test_a_patch_changes_parts(lexicon):
    lexicon.post("/event/A", DESCRIBED)
    more = {"description": None, "properties": {"s": {"type": "string"}}}
    assert lexicon("/event/A", method="PATCH", body=json.dumps(more)).json == {"status": "ok"}
    assert lexicon("/event/A").json["results"] == {
        "properties": {"n": {"type": "integer"}, "s": {"type": "string"}}
    }
    assert lexicon("/event/none", method="PATCH", body="{}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        "{}",
        {"entries": {}},
        {"entries": [], "truncate": 1},
        {"entries": [], "more": 1},
        {"entries": [{"name": "A"}]},
        {"entries": [entry("A") | {"more": 1}]},
        {"entries": [entry("A", "custom")]},
        {"entries": [entry("")]},
        {"entries": [entry("A", properties={"n": {"type": "odd"}})]},
        {"entries": [entry("A", properties={"n": {}})]},
        {"entries": [entry("A", properties=[])]},
        {"entries": [entry("A") | {"schemaJson": 7}]},
    ],
)
def test_what_can_not_be_meant_is_refused_as_a_whole(lexicon, body):
    text = body if isinstance(body, str) else json.dumps(body)
    answer = lexicon("", method="POST", body=text)
    assert answer.status_code == 400
    assert answer.json["status"] == "error"
    assert lexicon.names() == []


def test_a_parameter_that_is_not_known_is_refused(lexicon):
    assert lexicon("", project=True).status_code == 400
    assert lexicon("/event", entity="A").status_code == 400


def test_who_may_only_read_can_not_write(lexicon):
    headers = {"Authorization": basic("analyst.5a4db0.mp-service-account:analyst-secret")}
    assert lexicon("", headers=headers).status_code == 200
    for method in ("POST", "DELETE"):
        assert lexicon("", method=method, body="{}", headers=headers).status_code == 403
    secret = basic(lexicon.app.project.project_secret.get_secret_value() + ":")
    assert lexicon("", headers={"Authorization": secret}).status_code == 401


def test_case_23_four_thousand_changes_a_minute_are_too_many():
    now = [1000.0]
    with Sandbox(
        events=0, profiles=0, limits=None, project=Project.empty(), timer=lambda: now[0]
    ) as sandbox:
        lexicon = Lexicon(sandbox)
        many = {"entries": [entry(f"{n}") for n in range(1999)]}  # and a property each
        assert lexicon.post("", many).status_code == 200
        assert lexicon.post("", {"entries": [entry("last")]}).status_code == 429
        now[0] += 60
        assert lexicon.post("", {"entries": [entry("last")]}).status_code == 200


def test_case_23_three_thousand_deletions_at_once_are_too_many():
    described = tuple(entry(f"{n}") for n in range(3000))
    project = Project.empty(schemas=described)
    with Sandbox(events=0, profiles=0, limits=None, project=project) as sandbox:
        lexicon = Lexicon(sandbox)
        assert lexicon("", method="DELETE").status_code == 400
        assert lexicon.post("", {"entries": [], "truncate": True}).status_code == 400
        assert lexicon("/event/7", method="DELETE").status_code == 200
        assert lexicon("", method="DELETE").json["results"]["delete_count"] == 2999
