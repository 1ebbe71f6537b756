"""Which of several copies of an event stays, and what appends leave of the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mixpanel_data import Workspace
from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.loading import EVENTS, load


def copy(place: int, processed: object = None) -> dict[str, Any]:
    facts = {"time": 1_704_067_200_000, "distinct_id": "u", "$insert_id": "i", "place": place}
    known = {} if processed is None else {"mp_processing_time_ms": processed}
    return {"event": "A", "properties": {**facts, **known}}


@pytest.mark.parametrize(
    ("processed", "stays"),
    [
        ((None, None, None), 2),
        ((5, 5, 5), 2),
        ((7, 7, 5), 1),
        ((5, None, "x"), 0),
        ((5, 9, 7), 1),
    ],
)
def test_the_copy_that_was_processed_last_stays_else_the_one_that_came_last(
    processed: tuple[object, ...], stays: int
) -> None:
    engine = StorageEngine()
    load(engine, [copy(*it) for it in enumerate(processed)], deduplicate=True)
    assert engine.execute_rows("SELECT properties->>'place' FROM t") == [(str(stays),)]
    engine.close()


def test_appends_merge_the_small_row_groups_that_they_leave(tmp_path: Path) -> None:
    setting = "SELECT current_setting('max_vacuum_tasks')"
    engine = StorageEngine(tmp_path / "shop.duckdb")
    load(engine, [copy(0)])
    assert engine.execute_scalar(setting) == 0
    later = replace(EVENTS, from_date="2024-02-01", to_date="2024-02-01")
    load(engine, [], later, mode="append")
    assert engine.execute_scalar(setting) == 1
    engine.close()


def test_an_append_that_conflicts_with_a_change_loses_no_mark(tmp_path: Path) -> None:
    engine = StorageEngine(tmp_path / "shop.duckdb")
    load(engine, [copy(0)], flat=False)
    other = engine.sibling()
    other.execute_rows("BEGIN; UPDATE t SET distinct_id = 'x'")
    with pytest.raises(Exception, match="onflict"):
        load(engine, [copy(1)], mode="append")
    other.execute_rows("COMMIT")
    other.close()
    engine.close()
    with Workspace.open(tmp_path / "shop.duckdb") as workspace:
        assert [table.changed for table in workspace.tables()] == [True]
