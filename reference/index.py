"""`docs/llms.txt`: the documentation for those who read with a limited context window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

ABOUT = """# mixpanel_data

> Fetch Mixpanel events and profiles once into a DuckDB file, then ask many questions of them: from the terminal (`mp`), Python (`mixpanel_data`) and Jupyter (`mixpanel_magics`). Exact answers, not dumps.

Offline, `mp skill` prints what an agent needs, and `mp help WORDS` searches commands, methods and these pages. Without an account everything runs on a built-in sandbox: `MP_ACCOUNT=sandbox`.
"""


def index() -> str:
    """Every page of the navigation, with what it is about: its first sentence."""
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    lines = [ABOUT]
    for entry in navigation:
        for title, below in entry.items():
            if isinstance(below, list):
                lines += [f"## {title}", "", *map(_line, _pages(below)), ""]
    return "\n".join(lines)


def _pages(entries: list[object]) -> Iterator[Path]:
    for entry in entries:
        if isinstance(entry, dict):
            for below in entry.values():
                yield from _pages(below if isinstance(below, list) else [below])
        else:
            yield DOCS / str(entry)


def _line(page: Path) -> str:
    title, _, text = page.read_text(encoding="utf-8").removeprefix("# ").partition("\n")
    return f"- [{title}]({page.relative_to(DOCS)}): {_first_sentence(text)}"


def _first_sentence(text: str) -> str:
    """Of the paragraph under the title, without links."""
    paragraph = " ".join(text.strip().partition("\n\n")[0].split())
    if re.match(r"#|```|\||<!--", paragraph):
        raise ValueError(f"a page begins with a sentence, not with {paragraph[:40]!r}")
    plain = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", paragraph)
    return re.split(r"(?<=[.?])\s", plain)[0].rstrip(":")
