"""How each kind of code block in the documentation is run, or checked where it can't be run."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from tests.meta.fences.queries import compare_answer, run_javascript, run_sql
from tests.meta.fences.shell import check_setup, run_bash, run_console
from tests.meta.fences.workflows import run_workflow

ROOT = Path(__file__).parents[3]
SKILL = ROOT / "mixpanel_data" / "SKILL.md"
PAGES = [ROOT / "README.md", SKILL, *sorted((ROOT / "docs").rglob("*.md"))]

Evaluator = Callable[[Example], str | None]

RUN: dict[str, Evaluator] = {
    "console": run_console,  # `$ command`s and what they print
    "bash": run_bash,  # a script, at the real time
    "sh": check_setup,  # what sets a machine up, such as `pip install`
    "yaml": run_workflow,  # of GitHub Actions: its `run:` steps
    "sql": run_sql,  # on what the page fetched
    "csv": compare_answer,  # what the last `sql` answered
    "javascript": run_javascript,  # JQL, which the next `sql` must agree with
    "json": lambda example: str(json.loads(example.parsed) and ""),
    "toml": lambda example: str(tomllib.loads(example.parsed) and ""),
}
ELSEWHERE = {
    "python",
    "ipython",  # tests/magics/test_docs.py
    "text",  # a picture or a message: no code
}

SYBIL = Sybil(
    parsers=[PythonCodeBlockParser(), *(CodeBlockParser(kind, run) for kind, run in RUN.items())]
)


def run(page: Path) -> None:
    """All blocks of a page, in order, in the current folder.

    A block that begins with the name of a file in a comment is that file for the blocks after it.
    """
    for example in SYBIL.parse(page).examples():
        name = re.match(r"# ([\w./-]+\.\w+)\n", example.parsed)
        if name:
            file = Path(name[1])
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(example.parsed)
        example.evaluate()


def kinds(page: Path) -> list[str]:
    """What is written after the three backticks of each block."""
    return re.findall(r"^ *```(\S*).*\n(?:.*\n)*? *```$", page.read_text(), flags=re.MULTILINE)


def blocks(page: Path, kind: str) -> list[str]:
    """The blocks of one kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
