from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
sys.modules[{package!r}] = None
try:
    {statement}
except Exception as error:
    print(type(error).__name__, error.hint, sep=": ")
"""


@pytest.mark.parametrize(
    ("package", "statement"),
    [
        ("werkzeug", "from mixpanel_data.sandbox import Sandbox"),
        ("cheroot", "import mixpanel_data.sandbox.server"),
    ],
)
def test_without_its_extra_the_sandbox_says_what_to_install(package, statement):
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(package=package, statement=statement)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "MissingExtraError: pip install 'mixpanel-data[sandbox]'\n"


def test_importing_the_sandbox_loads_neither_pandas_nor_httpx():
    code = "import sys, mixpanel_data.sandbox; print({'pandas', 'httpx'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"
