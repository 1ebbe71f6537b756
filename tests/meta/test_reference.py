"""What the documentation says of the code is written from the code, and up to date."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest
import yaml

import mixpanel_data
import reference
from reference.commands import commands

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GENERATED = [page for page in sorted(DOCS.rglob("*.md")) if "[[[cog" in page.read_text()]


def test_generated_parts_are_those_of_the_code() -> None:
    assert len(GENERATED) >= 5
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "-P", *map(str, GENERATED)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nmake docs writes them anew"


def test_the_index_for_agents_is_that_of_the_pages() -> None:
    assert (DOCS / "llms.txt").read_text() == f"{reference.index()}\n"


def test_every_page_is_in_the_navigation() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    listed = set(re.findall(r"[\w/-]+\.md", str(nav)))
    assert listed == {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}


def test_every_public_name_has_its_place_in_the_reference() -> None:
    text = "\n".join(page.read_text() for page in (DOCS / "reference").rglob("*.md"))
    named = set(re.findall(r"^## (\w+)$", text, re.MULTILINE))
    for place in re.findall(r"^::: ([\w.]+)$", text, re.MULTILINE):
        named |= {place.rpartition(".")[2], *getattr(resolve_name(place), "__all__", ())}
    assert [name for name in mixpanel_data.__all__ if name not in named] == []


def test_no_command_is_left_out() -> None:
    text = commands()
    assert {"### mp auth add", "### mp fetch profiles", "### mp sql"} <= set(text.splitlines())
    assert text.count("  -a, --account NAME") == 1


@pytest.mark.parametrize("table", ["events", "_properties"])
def test_a_column_that_nobody_describes_is_no_reference(
    table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reference import tables

    monkeypatch.delitem(tables.COLUMNS[table], next(iter(tables.COLUMNS[table])))
    with pytest.raises(ValueError, match="other columns"):
        tables.columns(table)


def test_a_setting_and_a_variable_that_nobody_describes_are_no_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from reference import configuration

    monkeypatch.delitem(configuration.SETTINGS, "max_wait")
    monkeypatch.delitem(configuration.ENVIRONMENT, "MP_REGION")
    with pytest.raises(ValueError, match="settings are"):
        configuration.settings()
    with pytest.raises(ValueError, match="MP_REGION"):
        configuration.environment()
