"""What the table of context economy rests on; the table itself is written by `make docs`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bench.context import priced
from bench.questions import QUESTIONS, Question, mp
from bench.raw import query
from mixpanel_data.sandbox import Sandbox
from mixpanel_data.sandbox.server import serve

NAMES = Question(
    "Which platforms are there?",
    "answer",
    [query("events/properties/values", event="Purchase", name="platform")],
    lambda got: sorted(got[0].json()),
    mp("values Purchase platform"),
    lambda text: sorted(text.split()),
)


def answering(text: str):
    def call(args: Sequence[str]) -> tuple[str, int]:
        assert args == ["values", "Purchase", "platform", "--quiet"]
        return text, len(text) + 7

    return call


def test_an_answer_has_a_price_only_if_it_is_that_of_the_api():
    with Sandbox(events=500, profiles=20) as app, serve(app) as server:
        account = app.environment(server.url)
        price = priced(NAMES, account, answering("iOS Web"))
        with pytest.raises(AssertionError, match="is not"):
            priced(NAMES, account, answering("iOS"))
    assert (price.raw, price.ours) == (len('["Web","iOS"]\n'), len("iOS Web") + 7)


def test_there_are_twenty_questions():
    assert len({it.text for it in QUESTIONS}) == 20
    assert {it.kind for it in QUESTIONS} == {"answer", "rows"}
