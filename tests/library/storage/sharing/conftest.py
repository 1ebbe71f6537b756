from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.sharing.holder import Holder, holding


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ws.duckdb"


@pytest.fixture
def owner(path: Path) -> Iterator[Holder]:
    """Another process, which opened the database first."""
    with holding(path) as holder:
        yield holder


@pytest.fixture
def borrower(path: Path, owner: Holder) -> Iterator[StorageEngine]:
    """The database in this process, borrowed."""
    engine = StorageEngine(path)
    first, *_ = engine.participants()
    assert first.pid == owner.pid
    yield engine
    engine.close()
