"""What is noted of an unfinished fetch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mixpanel_data._internal.storage.ingest import spool


@pytest.fixture
def _tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_tokyo")
def test_when_a_fetch_began_is_noted_in_utc(tmp_path: Path) -> None:
    with spool.job(tmp_path / "spool", {"table": "events"}) as job:
        began = datetime.fromisoformat(job.asked["started_at"])
    assert timedelta(0) <= datetime.now(UTC) - began.replace(tzinfo=UTC) < timedelta(hours=1)


def test_a_question_has_the_same_key_however_its_parts_are_ordered() -> None:
    assert spool.key_of({"table": "events", "from": 1}) == spool.key_of(
        {"from": 1, "table": "events"}
    )
