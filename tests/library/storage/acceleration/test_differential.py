"""Whatever is asked of whatever data: with flat tables and without, the answer is the same."""

from __future__ import annotations

from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.acceleration import data, grammar


def opened(rows: list[dict[str, Any]], users: list[dict[str, Any]]) -> StorageEngine:
    engine = StorageEngine()
    data.load(engine, rows, users)
    data.add_others(engine)
    return engine


@given(data.events(), data.profiles(), st.lists(grammar.queries(), min_size=10, max_size=20))
def test_answers_are_the_same(
    rows: list[dict[str, Any]], users: list[dict[str, Any]], queries: list[str]
) -> None:
    engine = opened(rows, users)
    try:
        for query in queries:
            answer = data.same(engine, query)
            event(f"fails: {answer.error is not None}")
            event(f"accelerated: {bool(engine.explain(query).tables) if not answer.error else '-'}")
    finally:
        engine.close()


@given(data.events(), st.lists(grammar.failing(), min_size=5, max_size=10))
def test_errors_are_the_same(rows: list[dict[str, Any]], queries: list[str]) -> None:
    engine = opened(rows, [])
    try:
        for query in queries:
            data.same(engine, query)
    finally:
        engine.close()
