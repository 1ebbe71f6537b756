"""A piece of work in a process of its own, measured: CPU seconds and peak memory."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """The median of several runs."""

    cpu: float
    wall: float
    peak_mb: float
    spread: float

    @classmethod
    def of(cls, runs: list[tuple[float, float, float]]) -> Cost:
        cpus, walls, peaks = zip(*runs, strict=True)
        cpu = statistics.median(cpus)
        spread = (max(cpus) - min(cpus)) / cpu
        return cls(cpu, statistics.median(walls), statistics.median(peaks), spread)


def measured(work: Callable[[], object]) -> None:
    """Do the work and print what it cost; for the child process."""
    cpu, wall = time.process_time(), time.monotonic()
    work()
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    print(json.dumps([cpu, wall, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def side_by_side(commands: dict[str, list[str]], *, runs: int) -> dict[str, Cost]:
    """Each command in turn, several times over, so that noise falls on all of them alike."""
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            done = subprocess.run(
                [sys.executable, *command], stdout=subprocess.PIPE, text=True, check=True
            )
            found[name].append(tuple(json.loads(done.stdout.splitlines()[-1])))
    return {name: Cost.of(results) for name, results in found.items()}
