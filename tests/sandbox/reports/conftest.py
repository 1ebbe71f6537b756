"""An empty project whose clock stands at noon of 20 February 2026, to fill with what happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from mixpanel_data.queries import Step
from mixpanel_data.sandbox import Funnel, Project, Sandbox
from tests.sandbox.conftest import Asker

NOW = datetime(2026, 2, 20, 12, tzinfo=UTC)
FUNNELS = (
    Funnel(1, "ABC", tuple(map(Step, "ABC")), length=1, length_unit="hour"),
    Funnel(2, "Large", (Step("A"), Step("B", where='properties["n"] > 1', label="Large B"))),
    Funnel(3, "One", (Step("A"),)),
)


@pytest.fixture
def project() -> Iterator[Asker]:
    with Sandbox.empty(
        limits=None, clock=lambda: NOW, project=Project.empty(funnels=FUNNELS)
    ) as sandbox:
        yield Asker(sandbox)


@pytest.fixture
def tokyo() -> Iterator[Asker]:
    """The same in a zone nine hours ahead of UTC."""
    zoned = Project.empty(funnels=FUNNELS, timezone="Asia/Tokyo")
    with Sandbox.empty(limits=None, clock=lambda: NOW, project=zoned) as sandbox:
        yield Asker(sandbox)
