"""A piece of work in a process of its own, measured: CPU seconds and peak memory."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

Measure = tuple[float, float, float]
"""CPU seconds, seconds, peak memory in MB."""


@dataclass(frozen=True)
class Cost:
    """The median of several runs."""

    cpu: float
    wall: float
    peak_mb: float
    spread: float

    @classmethod
    def of(cls, runs: list[Measure]) -> Cost:
        cpus, walls, peaks = zip(*runs, strict=True)
        cpu = statistics.median(cpus)
        spread = (max(cpus) - min(cpus)) / cpu
        return cls(cpu, statistics.median(walls), statistics.median(peaks), spread)


def measured(work: Callable[[], object], *, times: int = 1) -> None:
    """Do the work, once or several times, and print what one of them cost; for the child process."""
    cpu, wall = time.process_time(), time.monotonic()
    for _ in range(times):
        work()
    cpu, wall = (time.process_time() - cpu) / times, (time.monotonic() - wall) / times
    print(json.dumps([cpu, wall, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def reported(command: list[str]) -> Measure:
    """What a process that ends with `measured` says of its work, without its start."""
    done = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, text=True, check=True)
    cpu, wall, peak = json.loads(done.stdout.splitlines()[-1])
    return cpu, wall, peak


def whole(command: list[str]) -> Measure:
    """What a process costs from its start to its end, as its parent sees it."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    wall = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.DEVNULL, env=environment
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return used.ru_utime + used.ru_stime, time.monotonic() - wall, used.ru_maxrss / 1024


def side_by_side(
    commands: dict[str, list[str]], *, runs: int, measure: Callable[[list[str]], Measure] = reported
) -> dict[str, Cost]:
    """Each command in turn, several times over, so that noise falls on all of them alike."""
    found: dict[str, list[Measure]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(measure(command))
    return {name: Cost.of(results) for name, results in found.items()}
