from __future__ import annotations

from collections.abc import Iterator

import pytest

from mixpanel_data._internal.storage import StorageEngine


@pytest.fixture
def engine() -> Iterator[StorageEngine]:
    engine = StorageEngine.ephemeral()
    yield engine
    engine.cleanup()
