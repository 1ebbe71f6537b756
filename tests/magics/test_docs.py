"""The cells that the documentation shows are run, in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "magics.md"


def test_the_cells_of_the_page_run(cell, shell):
    cells = re.findall(r"^```ipython\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(cells) > 8
    for code in cells:
        shown = cell(code.rstrip())
        assert shown.error is None, f"{code}\n{shown.out}{shown.err}"
    variables = shell.user_ns
    assert variables["ios"].n[0] > 0
    assert variables["web"].n[0] > 0
    assert list(variables["revenue"].columns) == ["platform", "revenue"]
    assert variables["ws"].tables() == []


@pytest.mark.parametrize("magic", ["mp_fetch", "mp_use", "mpsql"])
def test_every_option_is_on_the_page(shell, magic):
    text = PAGE.read_text()
    parser = shell.find_line_magic(magic).parser
    options = [name for action in parser._actions for name in action.option_strings]
    assert options
    assert [name for name in options if name not in {"-h", "--help"} and name not in text] == []
