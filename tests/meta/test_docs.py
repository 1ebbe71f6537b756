"""What the documentation shows is run: Python blocks, and commands with their output."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

import mixpanel_data
from mixpanel_data import sandbox
from mixpanel_data.sandbox import faults
from tests.meta import fences
from tests.meta.fences import PAGES, SKILL

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_in_the_documentation_runs(
    page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    fences.run(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_code_block_is_of_a_kind_that_is_run(page: Path) -> None:
    text = page.read_text()
    kinds = fences.kinds(page)
    assert 2 * len(kinds) == len(re.findall(r"^ *```", text, flags=re.MULTILINE))
    assert set(kinds) <= {*fences.RUN, *fences.ELSEWHERE}
    commands = r"^(\$ |mp |make |pip |python |export |SELECT |from \w+ import )"
    assert [
        block for block in fences.blocks(page, "text") if re.search(commands, block, re.MULTILINE)
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", prose(page))
    lost = []
    for file, anchor in links:
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(f"{file}#{anchor}")
    assert lost == []


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Those of the headings, as Python-Markdown's `toc` makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    texts = (re.sub(r"\[([^]]*)\]\([^)]*\)|[`*]", r"\1", heading) for heading in headings)
    letters = (re.sub(r"[^\w\s-]", "", text).strip().lower() for text in texts)
    return {re.sub(r"[-\s]+", "-", text) for text in letters}


def test_every_method_of_the_workspace_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text()
    public = [name for name in vars(mixpanel_data.Workspace) if not name.startswith("_")]
    missing = [
        n
        for n in public
        if n not in {"path", "source"} and not re.search(rf"`{n}\b|\.{n}\b|{n}\(", page)
    ]
    assert missing == []


def test_every_fault_and_name_of_the_sandbox_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "sandbox.md").read_text()
    words = [*get_args(faults.Kind), *(field.name for field in fields(faults.Fault))]
    assert [word for word in words if not re.search(rf"`{word}[`=]|{word}=", page)] == []
    assert [name for name in sandbox.__all__ if not re.search(rf"\b{name}\b", page)] == []


def test_every_command_that_the_skill_names_has_the_options_it_is_given(tmp_path: Path) -> None:
    prose = re.sub(r"```.*?```", "", SKILL.read_text(), flags=re.DOTALL)
    named = [
        span.split() for span in re.findall(r"`mp ([^`]+)`", prose) if not re.match("[A-Z]", span)
    ]
    assert ["drop"] in named
    for words in named:
        path = [word for word in words[:2] if word in {words[0], "add", "list"}]
        done = subprocess.run(
            [sys.executable, "-c", "from mixpanel_data.cli.main import run; run()", *path, "-h"],
            capture_output=True, text=True, check=True, cwd=tmp_path,
        )  # fmt: skip
        options = [word for word in words if word.startswith("-")]
        assert [option for option in options if f"{option} " not in done.stdout] == []


def test_the_skill_says_what_it_is_for_and_stays_short() -> None:
    text = SKILL.read_text()
    front = re.match(r"---\nname: ([a-z-]+)\ndescription: (.+)\n---\n", text)
    assert front is not None
    assert len(front[2]) <= 1024
    assert len(text.encode()) < 8_000
