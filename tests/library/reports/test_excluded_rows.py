"""What an expression refuses is an error of the rows that are asked, and of no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from mixpanel_data import MixpanelDataWarning, QueryError
from mixpanel_data._internal.services.local_query import LocalQueryService
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.queries import (
    Flows,
    LocalFrequency,
    LocalFunnel,
    LocalRetention,
    LocalSegmentationSum,
    Step,
)
from mixpanel_data.queries import LocalSegmentation as Segments
from tests.library.reports.asking import store, store_users

DAYS: dict[str, Any] = {
    "from_date": datetime(2024, 1, 2).date(),
    "to_date": datetime(2024, 1, 3).date(),
}


def event(name: str, user: str, at: str, **properties: Any) -> dict[str, Any]:
    time = round(datetime.fromisoformat(f"{at}+00:00").timestamp() * 1000)
    return {"event": name, "properties": {"time": time, "distinct_id": user, **properties}}


def copies(*of_versions: dict[str, Any]) -> list[dict[str, Any]]:
    """Copies of one event, each processed after the one before."""
    return [
        event("A", "u1", "2024-01-02", **{"$insert_id": "i"}, mp_processing_time_ms=n, **properties)
        for n, properties in enumerate(of_versions, 1)
    ]


ASKED = [
    event("A", "u1", "2024-01-02", ok=True, kind="truth", truth=True),
    *(event("A", f"u2 {n}", "2024-01-03", ok=False, kind="truth", truth=True) for n in range(300)),
]
UNASKED = [
    *(event("B", "u1", "2024-01-02", ok=5, kind="number") for _ in range(3)),
    event("A", "u1", "2024-01-01", ok=5, kind="number"),
    event("A", "u1", "2024-03-01", ok="text", kind="number"),
    event("C", "u3", "2024-01-02", ok=None, kind="null"),
]
USERS: dict[str, dict[str, Any]] = {
    "u1": {"ok": True, "active": True},
    "u3": {"ok": "text", "active": True},
    **{f"u2 {n}": {"ok": False, "active": False} for n in range(300)},
    **{f"u2 {n} and nobody": {"ok": n, "active": n} for n in range(600)},
}
"""Most of them have no events; u3 has none that is asked."""


@pytest.fixture(scope="module", params=[True, False], ids=["typed", "json"])
def storage(request: pytest.FixtureRequest) -> Iterator[StorageEngine]:
    storage = StorageEngine()
    store(storage, "events", ASKED + UNASKED, flat=request.param)
    store(
        storage,
        "copied",
        copies({"ok": 5}, {"ok": "text"}, {"ok": True}) + UNASKED,
        flat=request.param,
    )
    store(storage, "refused", copies({"ok": True}, {"ok": 5}) + UNASKED, flat=request.param)
    store_users(storage, USERS, flat=request.param)
    yield storage
    storage.close()


@pytest.fixture
def local(storage: StorageEngine) -> LocalQueryService:
    return LocalQueryService(storage)


def ask(
    local: LocalQueryService, question: Any, *, table: str = "events", dedupe: bool = False
) -> Any:
    return local.answer(replace(question, table=table, timezone="UTC", dedupe=dedupe))


OK = ['properties["ok"]', 'user["ok"]', 'user["ok"] and true', 'not (false or user["ok"] == false)']


@pytest.mark.parametrize("dedupe", [False, True])
@pytest.mark.parametrize("where", OK)
def test_events_of_other_names_and_days_are_not_asked_nor_users_without_events(
    local: LocalQueryService, where: str, *, dedupe: bool
) -> None:
    found = ask(local, Segments(event="A", where=where, **DAYS), dedupe=dedupe)
    assert found.total == 1
    found = ask(
        local, Segments(event="A", where=where, on=f"{where} or true", **DAYS), dedupe=dedupe
    )
    assert {name: sum(of.values()) for name, of in found.series.items()} == {"true": 1}
    total = ask(
        local, LocalSegmentationSum(event="A", on=f"number({where})", **DAYS), dedupe=dedupe
    )
    assert sum(total.values.values()) == 1


@pytest.mark.parametrize("where", OK)
def test_every_report_asks_only_what_it_counts(local: LocalQueryService, where: str) -> None:
    only = 'properties["kind"] == "truth"'
    frequency = ask(local, LocalFrequency(event="A", where=where, **DAYS))
    assert [period.counts[0] for period in frequency.periods] == [1, 0]
    steps = (Step("A", where=where), Step("C"))
    funnel = ask(local, LocalFunnel(steps=steps, **DAYS))
    assert [step.count for step in funnel.steps] == [1, 0]
    retention = ask(
        local,
        LocalRetention(born_event="A", return_event="A", born_where=where, where=where, **DAYS),
    )
    assert [cohort.size for cohort in retention.cohorts] == [1, 0]
    compounded = LocalRetention(
        return_event="A", retention_type="compounded", where=only, born_where=where, **DAYS
    )
    assert [cohort.size for cohort in ask(local, compounded).cohorts] == [1, 0]
    with pytest.warns(MixpanelDataWarning, match="other events are not seen"):
        flows = ask(local, Flows(event="A", where=where, **DAYS))
    assert [(path.events, path.count) for path in flows.paths] == [(("A", "B"), 1)]


def test_users_without_events_are_not_asked_where_any_event_is_a_return(
    local: LocalQueryService,
) -> None:
    query = LocalRetention(born_event="A", where='user["active"]', **DAYS)
    with pytest.warns(MixpanelDataWarning, match="other events are not seen"):
        found = ask(local, query)
    assert [(cohort.size, cohort.counts[0]) for cohort in found.cohorts] == [(1, 1), (300, 0)]


@pytest.mark.parametrize(
    "kept",
    [
        'properties["kind"] == "truth"',
        'has_prefix(string(properties["kind"]) + properties["kind"], "truthTRUTH")',
        'boolean(properties["kind"] == "truth") and (properties["truth"] or false)',
    ],
)
@pytest.mark.parametrize("where", ['properties["ok"]', 'properties["ok"] and true'])
def test_a_step_asks_no_event_that_the_filter_of_all_leaves_out(
    local: LocalQueryService, where: str, kept: str
) -> None:
    days = {"from_date": datetime(2024, 1, 1).date(), "to_date": datetime(2024, 3, 2).date()}
    query = LocalFunnel(steps=(Step("A", where=where),), where=kept, **days)
    assert ask(local, query).steps[0].count == 1
    both = f"{kept} and {where}"
    assert ask(local, Segments(event="A", where=both, **days)).total == 1


def test_copies_that_are_left_out_are_not_asked(local: LocalQueryService) -> None:
    for where in OK:
        query = Segments(event="A", where=where, on='properties["ok"] and true', **DAYS)
        assert ask(local, query, table="copied", dedupe=True).series["true"]["2024-01-02"] == 1


@pytest.mark.parametrize("dedupe", [False, True])
def test_a_row_that_is_asked_fails_the_report(local: LocalQueryService, *, dedupe: bool) -> None:
    for name in ("where", "on"):
        for text in ('properties["ok"] and true', 'user["ok"] and properties["ok"] and true'):
            query = Segments(event="A", **{name: text}, **DAYS)
            with pytest.raises(
                QueryError, match="'and' takes true or false, not a number"
            ) as error:
                ask(local, query, table="refused", dedupe=dedupe)
            assert error.value.hint == 'compare it, or write boolean(properties["ok"])'
