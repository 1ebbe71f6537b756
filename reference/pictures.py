"""The pictures in `docs/pictures`, of the real thing: `make pictures` runs it.

Widgets are what the tests saw in JupyterLab; the terminal is a run of `mp demo`.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
SEEN = ROOT / "build" / "screenshots"
PICTURES = ROOT / "docs" / "pictures"

WIDGETS = {
    "accounts": "accounts-form",
    "fetch": "fetch-plan",
    "report": "report",
    "tables": "tables-light-row",
}
"""Each picture, and the test's screenshot that it is."""

WIDTH = 84
UNTIL = "Where does the money"
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def demo() -> str:
    """An SVG of the first questions of `mp demo`, as a terminal shows them."""
    command = f"{Path(sys.executable).parent / 'mp'} demo 2> {os.devnull}"
    ran = subprocess.run(
        ["script", "--quiet", "--return", "--command", command, os.devnull],
        capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": str(WIDTH)},
    )  # fmt: skip
    shown = ran.stdout.replace("\r\n", "\n").partition(UNTIL)[0].rstrip()
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text("$ mp demo\n", style="bold"), Text.from_ansi(shown), sep="\n")
    svg = console.export_svg(title="mp demo", theme=MONOKAI)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # those are on a CDN
    return re.sub(r"font-family: [^;]*;", f"font-family: {FONT};", svg)


if __name__ == "__main__":
    for name, seen in WIDGETS.items():
        shutil.copyfile(SEEN / f"{seen}.png", PICTURES / f"{name}.png")
    (PICTURES / "demo.svg").write_text(demo(), encoding="utf-8")
