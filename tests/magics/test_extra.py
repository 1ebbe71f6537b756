from __future__ import annotations

import subprocess
import sys

LOADED = """
import sys
sys.modules["ipywidgets"] = None  # as where it is not installed
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
quiet = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})
shell = InteractiveShell.instance(config=quiet)
shell.run_cell("%load_ext mixpanel_magics")
print("mpsql" in shell.magics_manager.magics["cell"])
"""


def test_the_extension_says_what_to_install_when_it_is_loaded():
    ended = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == [
        "MissingExtraError: %load_ext mixpanel_magics needs the extra 'jupyter', which is not installed",
        "hint: pip install 'mixpanel-data[jupyter]'",
        "False",
    ]
