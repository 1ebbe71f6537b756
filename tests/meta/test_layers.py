"""Each architecture contract is broken on a copy, and must say so."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]

VIOLATIONS = {
    "mixpanel_data/workspace/workspace.py": (
        "import mixpanel_magics",
        "does not know the notebook",
    ),
    "mixpanel_magics/face.py": ("import mixpanel_data.cli.main", "faces are blind"),
    "mixpanel_data/types/answers.py": (
        "def f():\n    import mixpanel_data.workspace",
        "point down: package",
    ),
    "mixpanel_data/_internal/storage/engine/tables.py": (
        "import mixpanel_data._internal.api_client",
        "point down: internals",
    ),
    "mixpanel_data/cli/main.py": ("import mixpanel_data._internal.sql", "only the public library"),
    "mixpanel_data/sandbox/app.py": (
        "import mixpanel_data._internal.services.fetcher",
        "assembled by the facade",
    ),
    "mixpanel_data/_internal/services/fetcher.py": ("import duckdb", "Only storage speaks"),
    "mixpanel_data/_internal/services/downloads.py": (
        "from mixpanel_data._internal.storage.ingest import spool",
        "one front door",
    ),
    "mixpanel_data/_internal/services/discovery.py": ("import httpx", "Only the API client speaks"),
    "mixpanel_data/types/series.py": ("def f():\n    import altair", "Only answers draw"),
    "mixpanel_data/auth.py": ("def f():\n    import typer", "Only the CLI speaks"),
    "mixpanel_data/_internal/utils.py": ("import traitlets", "Only the notebook face"),
    "mixpanel_data/workspace/browsing.py": (
        "def f():\n    import mcp.client",
        "Only the server for agents",
    ),
    "mixpanel_data/mcp/pool.py": ("import mixpanel_data.cli.names", "faces are blind"),
    "mixpanel_data/newcomer.py": ("", "point down: package"),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `lint-imports` says of a copy that breaks every rule at once."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("mixpanel_data", "mixpanel_magics"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name, (line, _) in VIOLATIONS.items():
        with (copy / name).open("a") as module:
            module.write(f"\n{line}\n")
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_caught(report: str, name: str) -> None:
    _, contract = VIOLATIONS[name]
    broken = [line for line in report.splitlines() if " BROKEN" in line]
    assert any(contract in line for line in broken), report


SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_of_the_architecture_has_the_layers_of_the_contracts() -> None:
    picture = ET.parse(ROOT / "docs" / "pictures" / "architecture.svg")
    tops = {
        group.attrib["id"]: float(group.find(f"{SVG}rect").attrib["y"])
        for group in picture.iter(f"{SVG}g")
    }
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for contract in settings["tool"]["importlinter"]["contracts"]:
        if contract["type"] != "layers" or "containers" not in contract:
            continue
        inside = "_internal." if contract["containers"] == ["mixpanel_data._internal"] else ""
        above = 0.0
        for layer in contract["layers"]:
            names = re.split(r" [:|] ", layer)
            drawn = [f"{inside}{name}" if f"{inside}{name}" in tops else name for name in names]
            assert set(drawn) <= set(tops), f"draw {names} in docs/pictures/architecture.svg"
            found = {tops.pop(name) for name in drawn}
            assert len(found) == 1, names
            (top,) = found
            assert top > above, names
            above = top
    assert list(tops) == ["mixpanel_magics"]
