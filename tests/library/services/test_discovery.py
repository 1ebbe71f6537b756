"""Names: seen and described, asked once, and near ones when there is a miss."""

from __future__ import annotations

from datetime import datetime

import pytest

from mixpanel_data import (
    CohortSummary,
    FunnelInfo,
    InvalidArgumentError,
    LexiconProperty,
    LexiconSchema,
    ResourceNotFoundError,
)
from tests.contract import documented
from tests.loopback import Reply, reply_json


def entry(name: str, kind: str = "event", *, dropped: bool = False, **properties: dict) -> dict:
    said = {"com.mixpanel": {"dropped": dropped}}
    return {
        "entityType": kind,
        "name": name,
        "schemaJson": {"properties": properties, "metadata": said},
    }


GONE = {"type": "string", "metadata": {"com.mixpanel": {"dropped": True}}}
SCHEMAS = {
    "status": "ok",
    "results": [
        entry("Refund", amount={"type": "number"}, old=GONE),
        entry("Purchase", coupon={"type": ["string", "null"]}),
        entry("Spam", dropped=True),
        entry("$user", "profile", plan={}),
    ],
}
SEEN = {
    "events/names": ["Sign Up", "Purchase"],
    "events/properties/top": {"country": {"count": 3}, "plan": {}},
    "events/properties/values": ["US"],
}


def test_events_are_those_seen_and_those_described(mixpanel):
    it = mixpanel({**SEEN, "schemas": SCHEMAS})
    assert it.workspace.events() == ["Purchase", "Refund", "Sign Up"]


def test_properties_are_those_seen_and_those_described(mixpanel):
    it = mixpanel({**SEEN, "schemas": SCHEMAS})
    assert it.workspace.properties("Purchase") == ["country", "coupon", "plan"]
    it = mixpanel({**SEEN, "events/properties/top": {}, "schemas": SCHEMAS})
    assert it.workspace.properties("Refund") == ["amount"]


@pytest.mark.parametrize(
    "reply",
    [
        *(reply_json({"status": "error", "error": "no"}, s) for s in (401, 403, 404, 500)),
        reply_json({"error": "slow down"}, 429, Retry_After="2"),
        reply_json({"results": "nonsense"}),
        Reply(end="reset"),
    ],
)
def test_a_lexicon_that_fails_spoils_nothing_and_is_asked_once(mixpanel, reply):
    it = mixpanel({**SEEN, "schemas": reply})
    assert it.workspace.events() == ["Purchase", "Sign Up"]
    assert it.workspace.properties("Purchase") == ["country", "plan"]
    assert it.paths.count("schemas") == 1


def test_a_project_secret_opens_no_lexicon(mixpanel):
    with pytest.warns(DeprecationWarning, match="project secrets"):
        it = mixpanel(SEEN, auth="project_secret")
    assert it.workspace.events() == ["Purchase", "Sign Up"]
    assert it.paths == ["events/names"]


def test_answers_are_remembered_until_they_are_forgotten(mixpanel):
    saved = {"funnels/list": documented.FUNNELS, "cohorts/list": documented.COHORTS}
    it = mixpanel({**SEEN, "schemas": SCHEMAS, **saved})
    ws = it.workspace

    def ask() -> None:
        ws.events().clear()
        ws.properties("Purchase").clear()
        ws.property_values("Purchase", "country").clear()
        ws.funnels().clear()
        ws.cohorts().clear()
        assert len(ws.lexicon_schemas()) == 4

    ask()
    once = sorted(it.paths)
    ask()
    assert sorted(it.paths) == once
    assert ws.events() == ["Purchase", "Refund", "Sign Up"]
    ws.clear_discovery_cache()
    ask()
    assert sorted(it.paths) == sorted(once * 2)


def test_another_limit_is_another_question(mixpanel):
    it = mixpanel(SEEN)
    it.workspace.property_values("Purchase", "country")
    it.workspace.property_values("Purchase", "country", limit=5)
    assert it.paths == ["events/properties/values"] * 2


def test_an_unknown_event_is_not_found_and_a_near_one_is_named(mixpanel):
    it = mixpanel({**SEEN, "events/properties/top": {}})
    with pytest.raises(ResourceNotFoundError, match="no event 'purchse'") as caught:
        it.workspace.properties("purchse")
    assert caught.value.hint == "did you mean 'Purchase'?"
    assert it.paths == ["events/properties/top", "schemas", "events/names"]
    with pytest.raises(ResourceNotFoundError) as caught:
        it.workspace.properties("zzz")
    assert caught.value.hint == "mp events lists those that there are"
    assert it.paths[3:] == ["events/properties/top"]


def test_a_known_event_may_have_no_properties(mixpanel):
    it = mixpanel({**SEEN, "events/properties/top": {}})
    assert it.workspace.properties("Purchase") == []
    assert it.workspace.properties("$custom_event:1") == []


def test_an_unknown_property_is_not_found_and_a_near_one_is_named(mixpanel):
    it = mixpanel({**SEEN, "events/properties/values": []})
    with pytest.raises(
        ResourceNotFoundError, match="'Purchase' has no property 'Contry'"
    ) as caught:
        it.workspace.property_values("Purchase", "Contry")
    assert caught.value.hint == "did you mean 'country'?"
    assert it.workspace.property_values("Purchase", "country") == []
    with pytest.raises(ResourceNotFoundError) as caught:
        it.workspace.property_values("Purchase", "zzz")
    assert caught.value.hint == "mp properties Purchase lists those that there are"
    it = mixpanel({**SEEN, "events/properties/top": {}, "events/properties/values": []})
    with pytest.raises(ResourceNotFoundError, match="no event 'Purchas'"):
        it.workspace.property_values("Purchas", "country")


def test_where_names_can_be_cut_off_none_is_in_doubt(mixpanel):
    many = {f"p{number}": {} for number in range(1000)}
    it = mixpanel({"events/properties/top": many, "events/properties/values": []})
    assert it.workspace.property_values("Purchase", "q") == []
    events = [f"e{number}" for number in range(5000)]
    it = mixpanel({"events/names": events, "events/properties/top": {}})
    assert it.workspace.properties("q") == []


def test_names_that_cannot_be_read_put_none_in_doubt(mixpanel):
    empty = {"events/properties/top": {}, "events/properties/values": []}
    it = mixpanel({**empty, "events/names": Reply(403, b"no")})
    assert it.workspace.properties("purchse") == []
    it = mixpanel({"events/properties/top": Reply(403, b"no"), "events/properties/values": []})
    assert it.workspace.property_values("Purchase", "contry") == []


def test_what_is_empty_is_refused(mixpanel):
    it = mixpanel(SEEN)
    for ask in (
        lambda: it.workspace.properties(""),
        lambda: it.workspace.property_values("Purchase", ""),
        lambda: it.workspace.property_values("Purchase", "country", limit=0),
        lambda: it.workspace.lexicon_schema(""),
    ):
        with pytest.raises(InvalidArgumentError):
            ask()
    assert it.paths == []


def test_saved_things_are_listed_by_name(mixpanel):
    funnels = [{"funnel_id": 2, "name": "B"}, {"funnel_id": 3}, {"funnel_id": 1, "name": "A"}]
    it = mixpanel({"funnels/list": funnels, "cohorts/list": documented.COHORTS})
    assert it.workspace.funnels() == [FunnelInfo(3, None), FunnelInfo(1, "A"), FunnelInfo(2, "B")]
    created = datetime(2019, 3, 19, 23, 49, 51)
    assert it.workspace.cohorts() == [CohortSummary(1000, "Cohort One", 150, None, created)]


def test_the_lexicon_is_listed_by_type(mixpanel):
    it = mixpanel({"schemas": SCHEMAS})
    assert [(s.entity_type, s.name) for s in it.workspace.lexicon_schemas()] == [
        ("event", "Purchase"),
        ("event", "Refund"),
        ("event", "Spam"),
        ("profile", "$user"),
    ]
    (users,) = it.workspace.lexicon_schemas("profile")
    assert users.properties == (LexiconProperty("plan"),)
    (coupon,) = it.workspace.lexicon_schemas("event")[0].properties
    assert coupon.type == "string or null"
    assert "project_id" not in it.server.requests[0].query
    assert len(it.paths) == 1


@pytest.mark.parametrize("wrapped", [True, False])
def test_case_100_one_description_is_read_bare_and_wrapped(mixpanel, wrapped):
    bare = documented.SCHEMA_JSON
    name = "a/b % 100%"
    it = mixpanel({f"schemas/event/{name}": {"status": "ok", "results": bare} if wrapped else bare})
    assert it.workspace.lexicon_schema(name) == LexiconSchema(
        entity_type="event",
        name=name,
        description="an item goes into the cart",
        display_name="Cart",
        tags=("shop",),
        hidden=True,
        properties=(
            LexiconProperty("color", "string"),
            LexiconProperty("item_id", "integer", "its number", "Item"),
        ),
    )
    target = it.server.requests[0].target
    assert target == "/api/app/projects/12345/schemas/event/a%2Fb%20%25%20100%25"


def test_case_100_what_nobody_described_is_not_found(mixpanel):
    with pytest.raises(ResourceNotFoundError):
        mixpanel({}).workspace.lexicon_schema("Purchase")
