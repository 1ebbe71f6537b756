"""Workflows of GitHub Actions: what their steps run is run here, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from sybil import Example

from tests.meta.fences.shell import bash, project, wrong_setup


def run_workflow(example: Example) -> str | None:
    """Every `run:` in a shell; secrets are those of a project at the real time."""
    workflow = yaml.safe_load(example.parsed)
    with project() as variables:
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                given = {**workflow.get("env", {}), **job.get("env", {}), **step.get("env", {})}
                filled = {name: _filled(text, variables) for name, text in given.items()}
                fault = _run(step, {"MP_BASE_URL": variables["MP_BASE_URL"], **filled})
                if fault is not None:
                    return fault
    return None


def _run(step: Mapping[str, Any], variables: Mapping[str, str]) -> str | None:
    if "uses" in step:
        known = re.fullmatch(r"actions/[a-z-]+(?:/[a-z]+)?@v\d+", step["uses"])
        return None if known else f"not an action of GitHub's own: {step['uses']}"
    for line in _installs(step["run"]):
        fault = wrong_setup(line)
        if fault:
            return f"{line}: {fault}"
    script = re.sub(r"^pip install .*$", "", step["run"], flags=re.MULTILINE)
    done = bash(f"set -eo pipefail\n{script}", variables)
    return None if done.returncode == 0 else f"{script}\n{done.stdout}{done.stderr}"


def _installs(script: str) -> Iterator[str]:
    return (line for line in script.splitlines() if line.startswith("pip install "))


def _filled(text: object, secrets: Mapping[str, str]) -> str:
    """The text with `${{ secrets.NAME }}` filled in; an unknown name is an error."""
    return re.sub(r"\$\{\{ secrets\.(\w+) \}\}", lambda found: secrets[found[1]], str(text))
