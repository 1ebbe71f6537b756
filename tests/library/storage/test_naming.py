"""Names of tables that are the library's own, which no fetch may take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from mixpanel_data import TableMetadata
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.exceptions import InvalidArgumentError, TableExistsError
from mixpanel_data.queries import Mode

DAY = datetime(2024, 1, 1)
EVENTS = TableMetadata(type="events", fetched_at=DAY, from_date="2024-01-01", to_date="2024-01-01")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[StorageEngine]:
    engine = StorageEngine(tmp_path / "mine.duckdb")
    yield engine
    engine.close()


def fetch(engine: StorageEngine, name: str, mode: Mode = "create", **how) -> None:
    with engine.new_table(name, EVENTS, mode=mode, **how):
        pass


@pytest.mark.parametrize("mode", ["create", "append", "replace"])
@pytest.mark.parametrize(
    "name", ["events_flat", "EVENTS_Flat", "other_flat", "_metadata", "_x", ""]
)
def test_a_reserved_name_is_refused_however_it_is_fetched(
    engine: StorageEngine, mode: Mode, name: str
) -> None:
    fetch(engine, "events")
    with pytest.raises(InvalidArgumentError, match="can't be named"):
        fetch(engine, name, mode)
    assert engine.flat_of("events") == "events_flat"
    assert [table.name for table in engine.list_tables()] == ["events"]


@pytest.mark.parametrize("kind", ["TABLE", "VIEW"])
def test_what_people_named_like_a_flat_table_stays(engine: StorageEngine, kind: str) -> None:
    engine.execute_rows(f'CREATE {kind} "Events_Flat" AS SELECT 1 AS one')
    with pytest.raises(TableExistsError, match="'events_flat' already exists") as refused:
        fetch(engine, "events")
    assert "--no-flat" in refused.value.hint
    fetch(engine, "events", flat=False)
    with pytest.raises(TableExistsError):
        engine.flatten("events")
    fetch(engine, "events", "append")
    assert engine.execute_rows('FROM "Events_Flat"') == [(1,)]


def test_a_table_that_was_fetched_under_a_reserved_name_before_stays_usable(
    engine: StorageEngine,
) -> None:
    fetch(engine, "old", flat=False)
    engine.execute_rows(
        "ALTER TABLE old RENAME TO old_flat; UPDATE _metadata SET table_name = 'old_flat'"
    )
    fetch(engine, "old_flat", "append")
    fetch(engine, "old_flat", "replace")
    assert engine.flat_of("old_flat") == "old_flat_flat"
