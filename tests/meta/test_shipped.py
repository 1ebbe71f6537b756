"""What the wheel has beside the code."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_page_of_the_documentation_ships_for_help_to_search() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert {source: f"mixpanel_data/{source}" for source in included} == included
    pages = [path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md")]
    left_out = [page for page in pages if not any(page.is_relative_to(it) for it in included)]
    assert left_out == [], "name them in force-include, in pyproject.toml"
