"""What is published, built as for a release into `dist/`, and environments that have only that."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"


def build(folder: Path, *options: str) -> None:
    """With what pyproject.toml asks for alone: pip fetches it into an environment of its own."""
    command = [sys.executable, "-m", "build", "--outdir", folder, *options, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True)
class Distributions:
    """An sdist, and the wheel that was built from it."""

    sdist: Path
    wheel: Path


@pytest.fixture(scope="session")
def distributions() -> Distributions:
    shutil.rmtree(DIST, ignore_errors=True)
    build(DIST)
    (sdist,) = DIST.glob("*.tar.gz")
    (wheel,) = DIST.glob("*.whl")
    return Distributions(sdist, wheel)


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Environment:
    """A virtual environment that knows nothing of the one that runs the tests."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin") / "python"

    def run(self, *command: object, **variables: str) -> Outcome:
        """A program of the environment: `python`, `mp`, `pip`."""
        program, *args = command
        outer = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [self.python.with_name(str(program)), *map(str, args)],
            cwd=self.folder, env={**outer, **variables}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)

    def python_says(self, code: str, *args: object) -> str:
        """What a script prints, which must not fail."""
        done = self.run("python", "-c", code, *args)
        assert done.code == 0, done.err
        return done.out

    @classmethod
    def having(cls, folder: Path, requirement: str) -> Environment:
        """Newest versions, as a user's pip finds them: no constraints of ours."""
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        self = cls(folder)
        done = self.run("python", "-m", "pip", "install", "--no-compile", requirement)
        assert done.code == 0, done.out + done.err
        return self


@pytest.fixture(scope="session")
def bare(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """`pip install mixpanel-data`."""
    return Environment.having(tmp_path_factory.mktemp("bare"), str(distributions.wheel))


@pytest.fixture(scope="session")
def shop(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """`pip install 'mixpanel-data[sandbox]'`."""
    wanted = f"mixpanel-data[sandbox] @ {distributions.wheel.as_uri()}"
    return Environment.having(tmp_path_factory.mktemp("shop"), wanted)
