"""The cells that the documentation shows are run, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.meta import fences

PAGE = fences.ROOT / "docs" / "reference" / "magics.md"
OTHERS = [page for page in fences.PAGES if page != PAGE and fences.blocks(page, "ipython")]


def test_the_cells_of_the_page_run(cell, shell):
    assert run_cells(cell, PAGE) > 8
    variables = shell.user_ns
    assert variables["ios"].n[0] > 0
    assert variables["web"].n[0] > 0
    assert list(variables["revenue"].columns) == ["platform", "revenue"]
    assert variables["ws"].tables() == []


def run_cells(cell, page: Path) -> int:
    cells = fences.blocks(page, "ipython")
    for code in cells:
        shown = cell(code.rstrip())
        assert shown.error is None, f"{code}\n{shown.out}{shown.err}"
    return len(cells)


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.stem)
def test_the_cells_of_another_page_run(cell, page):
    run_cells(cell, page)


@pytest.mark.parametrize("magic", ["mp_fetch", "mp_use", "mpsql"])
def test_every_option_is_on_the_page(shell, magic):
    text = PAGE.read_text()
    parser = shell.find_line_magic(magic).parser
    options = [name for action in parser._actions for name in action.option_strings]
    assert options
    assert [name for name in options if name not in {"-h", "--help"} and name not in text] == []
