"""The notebooks are run, each in a home of its own; what they print is what they say they print."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_says_what_it_says(notebook: Path, tmp_path: Path) -> None:
    copy = shutil.copy(notebook, tmp_path)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", copy, "--rootdir", tmp_path, "-c", os.devnull),
            *("-p", "no:cacheprovider", "--nbval", "--nbval-current-env"),
            *("--nbval-sanitize-with", HERE / "nbval.cfg"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_saved_as_it_was_run(notebook: Path) -> None:
    """In order, from the top, by `make notebooks`; with nothing of the machine it ran on."""
    read = nbformat.read(notebook, as_version=4)
    code = [cell for cell in read.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, 1):
        is_widget = "widget" in cell.metadata.get("tags", ())  # which nobody sees without a kernel
        assert cell.execution_count == (None if is_widget else number)
    text = notebook.read_text(encoding="utf-8")
    assert not [place for place in (str(ROOT), tempfile.gettempdir()) if f"{place}/" in text]


def test_every_notebook_is_linked_from_the_quickstart() -> None:
    text = (ROOT / "notebooks" / "quickstart.ipynb").read_text(encoding="utf-8")
    others = {path.name for path in NOTEBOOKS} - {"quickstart.ipynb"}
    assert {name for name in others if name in text} == others
