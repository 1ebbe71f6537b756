"""`pip install 'mixpanel-data[sandbox]'`: the demo, the server, and what a type checker sees."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.packaging.conftest import Environment

TYPED = """
from mixpanel_data import Workspace
from mixpanel_magics import load_ipython_extension
reveal_type(Workspace.open("x").tables())
reveal_type(load_ipython_extension)
Workspace.open(3)
"""


def test_the_demo_runs_and_its_figures_are_those_of_the_shop(shop):
    told = shop.run("mp", "demo")
    assert (told.code, told.err.count("error")) == (0, 0), told.err
    assert "99,328 events in " in told.out
    assert "\nView Item         47927    4443\n" in told.out
    assert "\nUS             1256   41897.90\n" in told.out
    assert "\npro          186       91      48.9\n" in told.out


def test_the_sandbox_answers_in_process(shop):
    told = shop.run("mp", "--account", "sandbox", "values", "Purchase", "platform")
    assert (told.code, json.loads(told.out)) == (0, ["Web", "iOS", "Android"])


def test_a_type_checker_sees_both_packages_as_typed(shop: Environment, tmp_path):
    (tmp_path / "user.py").write_text(TYPED)
    command = ["--strict", "--python-executable", shop.python, "--cache-dir", tmp_path, "user.py"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *command],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = done.stdout.replace("builtins.", "").splitlines()
    assert 'user.py:4: note: Revealed type is "list[mixpanel_data.types.tables.TableInfo]"' in told
    assert any('type is "def (shell: ' in line for line in told), told
    wrong, _summary = (line for line in told if "error" in line)
    assert wrong.startswith('user.py:6: error: Argument 1 to "open" of "Workspace" has incompat')
