"""Context economy: bytes that an agent reads for an answer, from the API and from `mp`.

`make docs` writes the table into `docs/explanation/context-economy.md`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.questions import QUESTIONS, Question
from bench.raw import answered
from mixpanel_data.sandbox import Sandbox
from mixpanel_data.sandbox.server import serve

MP = str(Path(sys.executable).with_name("mp"))
FETCH = ["--from", "2026-01-01", "--to", "2026-03-01"]
SKILL = 8_000
"""More than this `mp skill` must not print: its exact size would change the table all the time."""
ONCE = {
    "`mp fetch events`": ["fetch", "events", *FETCH, "--columns", "table,rows", "--quiet"],
    "`mp fetch profiles`": ["fetch", "profiles", "--columns", "table,rows", "--quiet"],
}
KINDS = {"answer": "The API has the answer", "rows": "The API has only the rows"}

Call = Callable[[Sequence[str]], tuple[str, int]]
"""A command of `mp`: what it prints on stdout, and the bytes on stdout and stderr."""


@dataclass(frozen=True)
class Price:
    """What a question costs to read, either way."""

    question: Question
    raw: int
    ours: int

    @property
    def ratio(self) -> float:
        return self.raw / self.ours


def priced(question: Question, account: Mapping[str, str], call: Call) -> Price:
    """Ask both, and see that they agree."""
    bodies = [answered(ask, account) for ask in question.asks]
    out, size = call([*question.command, "--quiet"])
    expected, told = question.read(bodies), question.told(out)
    assert told == expected, f"{question.text} {expected} is not {told}"
    return Price(question, sum(body.size for body in bodies), size)


CONFIG = """
default = "shop"
[accounts.shop]
username = "{MP_USERNAME}"
secret = "{MP_SECRET}"
project_id = "{MP_PROJECT_ID}"
base_url = "{MP_BASE_URL}"
region = "us"
timezone = "UTC"
"""


def processes(account: Mapping[str, str], folder: Path) -> Call:
    """`mp` as an agent runs it, with a stored account."""
    config = folder / "config.toml"
    config.touch(0o600)
    config.write_text(CONFIG.format(**account))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MP_")}
    environment |= {"MP_DATA_DIR": str(folder), "MP_CONFIG_PATH": str(config)}

    def call(args: Sequence[str]) -> tuple[str, int]:
        done = subprocess.run([MP, *args], env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode(), len(done.stdout) + len(done.stderr)

    return call


def table(once: Mapping[str, int], prices: Sequence[Price]) -> str:
    """Markdown: the questions by kind with their sums, then what is read once for all of them."""
    lines = ["| | API, bytes | `mp`, bytes | times fewer |", "|---|---:|---:|---:|"]
    for kind, title in KINDS.items():
        chosen = [price for price in prices if price.question.kind == kind]
        lines.append(f"| **{title}** | | | |")
        lines += [_line(it.question.text, it.raw, it.ours) for it in chosen]
        lines.append(_sum(f"these {len(chosen)}", chosen))
    lines += ["| **All** | | | |", _sum(f"these {len(prices)}", prices)]
    lines += [f"| once: {name} | | {size:,} | |" for name, size in once.items()]
    raw = sum(it.raw for it in prices)
    lines.append(_line("with that", raw, sum(it.ours for it in prices) + sum(once.values())))
    return "\n".join(lines)


def _line(text: str, raw: int, ours: int) -> str:
    return f"| {text} | {raw:,} | {ours:,} | {_times(raw / ours)} |"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _sum(name: str, prices: Sequence[Price]) -> str:
    middle = _times(median(it.ratio for it in prices))
    line = _line(f"{name} together", sum(it.raw for it in prices), sum(it.ours for it in prices))
    return f"{line}\n| the median of {name} | | | {middle} |"


def measured() -> str:
    """The table, of the sandbox's shop."""
    with (
        Sandbox(limits=None) as app,
        serve(app) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        account = app.environment(server.url)
        call = processes(account, Path(folder))
        assert call(["skill"])[1] <= SKILL
        once = {"`mp skill`, at most": SKILL}
        once |= {name: call(args)[1] for name, args in ONCE.items()}
        return table(once, [priced(question, account, call) for question in QUESTIONS])


if __name__ == "__main__":
    print(f"Bytes that an agent reads (goal: 50 times fewer)\n\n{measured()}\n", flush=True)
