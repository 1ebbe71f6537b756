"""Commands with their output, scripts, and what sets a machine up."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

from sybil import Example

from mixpanel_data.sandbox import Sandbox, serve
from tests.waiting import HANG

ROOT = Path(__file__).parents[3]
KEPT = ("export ", "cd ", ". ")
"""Commands that the ones after them see."""


def bash(script: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess:
    """Run a script with this environment's programs."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **(variables or {})},
    )


def matches(expected: str, shown: str) -> bool:
    """Whether this was shown; `...` stands for anything."""
    pattern = re.escape(expected.rstrip("\n")).replace(re.escape("..."), ".*")
    return re.fullmatch(pattern, shown.rstrip("\n"), re.DOTALL) is not None


def run_console(example: Example) -> str | None:
    """Each `$ command` in turn, in one environment."""
    kept: list[str] = []
    for block in re.split(r"^\$ ", example.parsed, flags=re.MULTILINE)[1:]:
        command, _, expected = block.partition("\n")
        while expected.startswith("> "):  # as the shell shows a line that goes on
            more, _, expected = expected.removeprefix("> ").partition("\n")
            command += f"\n{more}"
        if command.startswith(KEPT):
            kept.append(command.partition("  #")[0])
            continue
        done = bash("\n".join([*kept, command]))
        if done.returncode or not matches(expected, done.stdout):
            return f"$ {command}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
    return None


@contextmanager
def project() -> Iterator[dict[str, str]]:
    """The variables of a project at the real time, with some sales of the last days."""
    now = datetime.now(UTC).replace(hour=12)
    events = [
        {
            "event": event,
            "properties": {
                "time": int((now - timedelta(days=days)).timestamp() * 1000),
                "distinct_id": f"user-{days}",
                "$insert_id": f"{event}-{days}",
                "amount": 10.5 * days,
            },
        }
        for days in range(1, 40)
        for event in ("Sign Up", "Purchase")
    ]
    with Sandbox.empty(limits=None) as sandbox, serve(sandbox) as server:
        variables = sandbox.environment(server.url)
        sent = Request(
            f"{server.url}/import?project_id={variables['MP_PROJECT_ID']}",
            json.dumps(events).encode(),
            {"Content-Type": "application/json", "Authorization": _basic(variables)},
        )
        with urlopen(sent) as answer:
            assert answer.status == 200
        yield variables


def _basic(variables: Mapping[str, str]) -> str:
    pair = f"{variables['MP_USERNAME']}:{variables['MP_SECRET']}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def run_bash(example: Example) -> str | None:
    """A script, on a project at the real time."""
    with project() as variables:
        done = bash(f"set -euo pipefail\n{example.parsed}", variables)
    return None if done.returncode == 0 else f"{example.parsed}\n{done.stdout}{done.stderr}"


def check_setup(example: Example) -> str | None:
    """Targets of `make` and extras of `pip install` exist; other commands don't belong here."""
    for line in example.parsed.splitlines():
        wrong = wrong_setup(line)
        if wrong:
            return f"{line}: {wrong}"
    return None


def wrong_setup(line: str) -> str | None:
    """What is wrong with a command that sets a machine up."""
    match shlex.split(line, comments=True):
        case []:
            return None
        case ["make", *targets]:
            known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
            missing = [name for name in targets if "=" not in name and name not in known]
            return f"no such target: {missing}" if missing else None
        case ["pip", "install", *what]:
            return _wrong_package(what)
        case ["python3", "-m", "venv", _] | ["git", "clone", _] | ["jupyter", "lab", *_] | [".", _]:
            return None
    return "not a command that sets a machine up: make it console or bash"


def _wrong_package(what: list[str]) -> str | None:
    """This package with extras that it has, or what the tests of tracking code need."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for each in set(what) - {"mixpanel", "pytest"}:
        found = re.fullmatch(r"(?:mixpanel-data|\.)(?:\[([a-z,]+)\])?", each)
        if found is None:
            return f"not this package: {each}"
        missing = set((found[1] or "").split(",")) - {"", *extras}
        if missing:
            return f"no such extra: {missing}"
    return None
