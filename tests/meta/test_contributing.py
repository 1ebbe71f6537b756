"""What is written for those who work on this, or report a weakness, is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECURITY = ROOT / "docs" / "explanation" / "security.md"
PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", SECURITY]


def test_every_test_that_is_named_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", SECURITY.read_text()))
    assert len(named) > 15
    sources = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]
    defined = set(re.findall(r"^def (test_\w+)", "\n".join(sources), re.MULTILINE))
    assert named - defined == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_target_that_is_named_is_there(page: Path) -> None:
    text = page.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)(?:`|$)", text, re.MULTILINE)) <= targets
    roots = "mixpanel_data|mixpanel_magics|tests|docs|reference|bench|notebooks"
    paths = re.findall(rf"[`(]((?:{roots})/[\w./-]*)[`)]", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []
