from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from mixpanel_data import Workspace
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.types import TableMetadata
from mixpanel_data.workspace.local import LocalReports
from tests.library.reports.asking import Project, store

FETCHED = datetime(2024, 6, 1)
JANUARY = ("2024-01-01", "2024-01-31")

Having = Callable[..., LocalReports]


@pytest.fixture(scope="package")
def project() -> Iterator[Project]:
    project = Project()
    yield project
    project.close()


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    path = tmp_path_factory.mktemp("cases") / "cases.duckdb"
    StorageEngine(path).close()
    with Workspace.open(path) as workspace:
        yield workspace


@pytest.fixture
def having(cases: Workspace) -> Having:
    """Store events, and ask the local reports of them."""

    def hold(*events: dict[str, Any]) -> LocalReports:
        facts = TableMetadata("events", datetime(2025, 6, 1), "2024-01-01", "2025-05-31")
        store(cases._storage, "events", list(events), flat=True, facts=facts)
        return cases.local

    return hold


@pytest.fixture
def ws(tmp_path) -> Iterator[Workspace]:
    path = tmp_path / "some.duckdb"
    StorageEngine(path).close()
    with Workspace.open(path) as workspace:
        yield workspace


@pytest.fixture
def put(ws: Workspace) -> Callable[..., None]:
    """Store events as fetched for these days."""

    def put(
        *events: dict[str, Any], table: str = "events", first=JANUARY[0], last=JANUARY[1], **how
    ):
        flat = how.pop("flat", True)
        facts = TableMetadata("events", how.pop("fetched", FETCHED), first, last, **how)
        store(ws._storage, table, list(events), flat=flat, facts=facts)

    return put
