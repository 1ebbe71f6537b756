"""Questions whose answer is zero by mistake say what is wrong, and what was meant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mixpanel_data import Workspace
from mixpanel_data._internal.storage import StorageEngine
from tests.library.reports.asking import EVENTS, store, store_users

DAY = {"from_date": "2024-01-01", "to_date": "2024-01-01", "timezone": "UTC"}
AT = 1_704_067_200_000
SHOP = [
    ("Buy", "u1", {"amount": 30, "platform": "iOS", "zip": "10115", "ok": True, "price": "12.5"}),
    ("Buy", "u2", {"amount": 40.5, "platform": "Android", "zip": "1", "ok": False, "price": "9"}),
    ("See", "u1", {"page": "home", "mixed": 1}),
    ("See", "u2", {"page": "cart", "mixed": "1"}),
]

pytestmark = pytest.mark.filterwarnings("ignore::mixpanel_data.MixpanelDataWarning")


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    storage = StorageEngine(tmp_path_factory.mktemp("shop") / "shop.duckdb")
    events = [
        {"event": name, "properties": {"time": AT + n, "distinct_id": user, **properties}}
        for n, (name, user, properties) in enumerate(SHOP)
    ]
    store(storage, "events", events, flat=True, facts=replace(EVENTS, filter_events=None))
    store_users(storage, {"u1": {"plan": "pro"}, "u2": {"plan": "free"}}, flat=True)
    path = storage.path
    storage.close()
    with Workspace.open(path) as workspace:
        yield workspace


def of(ws, where, event="Buy"):
    return list(ws.local.segmentation(event, where=where, **DAY).warnings)


FITTING = [
    'properties["amount"] > 10',
    'properties["platform"] == "iOS"',
    'properties["platform"] in ["iOS", "Web"]',
    'properties["ok"] == true',
    'properties["amount"] != 30',
    'properties["zip"] == "10115"',
    'user["plan"] == "pro"',
    'properties["$time"] > 5',
    'properties["$time"] >= datetime("2024-01-01")',
    'properties["$event_name"] == "Buy"',
    'properties["$distinct_id"] in ["u1", "u3"]',
    'user["$distinct_id"] != "u2"',
    'properties["missing"] == undefined or true',
]
MISTAKES = {
    'properties["amount"] > "30"': 'did you mean properties["amount"] > 30?',
    'properties["amount"] == "40.5"': 'did you mean properties["amount"] == 40.5?',
    'properties["amount"] != "x"': "always true: 'amount' is a number in every event",
    'properties["zip"] == 10115': 'did you mean properties["zip"] == "10115"?',
    'properties["zip"] > 10000': 'did you mean number(properties["zip"]) > 10000?',
    'properties["ok"] == "true"': 'did you mean properties["ok"] == true?',
    'properties["amount"] in ["30", "40"]': "never true: 'amount' is a number in every event",
    'properties["time"] > "2024-01-01"': 'properties["time"] > datetime("2024-01-01")?',
    'properties["$distinct_id"] == 1': 'did you mean properties["$distinct_id"] == "1"?',
    'user["$distinct_id"] == 1': 'did you mean user["$distinct_id"] == "1"?',
    'user["plan"] == 1': 'did you mean user["plan"] == "1"?',
    'not properties["platform"] == 1': 'properties["platform"] == 1 is never true',
    'properties["page"] == "home"': "no 'Buy' has the property 'page', which 'See' has",
    'properties["platfrm"] == "iOS"': "'platfrm': did you mean 'platform'?",
    'properties["platform"] == "ios"': "properties[\"platform\"] is never 'ios', did you mean 'iOS'?",
    'properties["platform"] in ["ios", "web"]': "never 'ios', did you mean 'iOS'?",
    'properties["amount"] > 100': "none of the 2 events 'Buy' of these days passes",
}


@pytest.mark.parametrize("where", FITTING)
def test_a_filter_that_can_hold_is_no_mistake(ws, where):
    assert [it for it in of(ws, where) if "missing" not in it] == []


@pytest.mark.parametrize("where", MISTAKES)
def test_a_filter_that_can_not_hold_is_told_with_what_was_meant(ws, where):
    assert any(MISTAKES[where] in it for it in of(ws, where)), of(ws, where)


def test_a_number_of_a_property_without_numbers_is_told(ws):
    for ask in (
        ws.local.segmentation_sum,
        ws.local.segmentation_average,
        ws.local.segmentation_numeric,
    ):
        (told,) = ask("Buy", on="price", **DAY).warnings
        assert told == (
            "'price' is no number in any event, but text;"
            ' number(properties["price"]) reads text as a number'
        )
        assert ask("Buy", on='number(properties["price"])', **DAY).warnings == ()
        (told,) = ask("Buy", on="ok", **DAY).warnings
        assert told == "'ok' is no number in any event, but a boolean"
        (told,) = ask("See", on="mixed", **DAY).warnings
        assert told.startswith("'mixed' is no number in 1 of 2 events of the table, but text")
        assert ask("Buy", on="amount", **DAY).warnings == ()


def test_what_no_event_passes_is_told_by_every_report(ws):
    never = 'properties["platform"] == "ios"'
    local = ws.local
    for answer in (
        local.segmentation("Buy", where=never, **DAY),
        local.segmentation_sum("Buy", on="amount", where=never, **DAY),
        local.segmentation_numeric("Buy", on="amount", where=never, **DAY),
        local.funnel([("Buy", never), "See"], **DAY),
        local.funnel(["See", ("Buy", never)], **DAY),
        local.funnel(["Buy", "See"], where=never, where_applies="first_step", **DAY),
        local.retention("Buy", "See", born_where=never, **DAY),
        local.frequency(event="Buy", where=never, **DAY),
        local.flows("Buy", where=never, **DAY),
    ):
        (told,) = answer.warnings
        assert told.startswith(f"none of the 2 events 'Buy' of these days passes {never}; ")
        assert "did you mean 'iOS'?" in told


def test_an_honest_zero_is_not_warned_of(ws):
    later = {**DAY, "from_date": "2024-02-01", "to_date": "2024-02-01"}
    where = 'properties["platform"] == "iOS"'
    assert ws.local.segmentation("Buy", where=where, **later).warnings == ()
    assert ws.local.funnel(["See", "Buy"], **DAY).warnings == ()


def test_warnings_are_shown_where_the_answer_is(ws):
    answer = ws.local.segmentation("Buy", where='properties["amount"] > "30"', **DAY)
    assert "did you mean" in answer._repr_html_()
    assert "did you mean" in answer.view().text()
