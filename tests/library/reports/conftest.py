from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.library.reports.asking import Project


@pytest.fixture(scope="package")
def project() -> Iterator[Project]:
    project = Project()
    yield project
    project.close()
