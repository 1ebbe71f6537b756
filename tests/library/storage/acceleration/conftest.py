from __future__ import annotations

from collections.abc import Iterator

import pytest

from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.acceleration import data


@pytest.fixture(scope="module")
def shop() -> Iterator[StorageEngine]:
    """Tables with all that properties can hold, only to be asked."""
    engine = StorageEngine()
    data.fill(engine)
    yield engine
    engine.close()
