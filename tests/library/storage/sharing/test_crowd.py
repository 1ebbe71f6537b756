"""Many real processes on one workspace: nothing fails, nothing is lost, nothing is there twice.

For 20 seconds each with HYPOTHESIS_PROFILE=deep, else for a few.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.sharing.script import ROWS

SECONDS = 20.0 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 4.0
SCRIPT = Path(__file__).with_name("script.py")
ROOT = SCRIPT.parents[4]
MP = [sys.executable, "-c", "from mixpanel_data.cli.main import run; run()"]


@pytest.fixture
def path(path: Path) -> Path:
    engine = StorageEngine(path)
    engine.execute_rows(f"CREATE TABLE base AS SELECT i FROM range({ROWS}) t(i)")
    engine.execute_rows("CREATE TABLE diary(who VARCHAR, number INT)")
    engine.close()
    return path


class Crowd:
    """Scripts at work, and what they wrote."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scripts: dict[int, subprocess.Popen[str]] = {}
        self.killed = 0

    def add(self, how: str) -> None:
        name = f"{how}{len(self.scripts)}"
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(self.path), name, str(SECONDS), how],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.scripts[process.pid] = process

    def owner(self) -> subprocess.Popen[str] | None:
        try:
            address = json.loads(self.path.with_name(self.path.name + ".lock").read_bytes())
        except ValueError:
            return None
        return self.scripts.get(address["owner"]["pid"])

    def diaries(self) -> list[dict]:
        """What those wrote that were not killed; a failure of any of them fails the test."""
        found = []
        for process in self.scripts.values():
            out, err = process.communicate(timeout=SECONDS + 60)
            if process.returncode == -signal.SIGKILL:
                continue
            assert (process.returncode, err) == (0, "")
            diary = json.loads(out)
            assert diary["failed"] == []
            found.append(diary)
        return found


def check(path: Path, diaries: list[dict]) -> None:
    """What is written is there once; what may have been, once at most."""
    engine = StorageEngine(path)
    rows = Counter(engine.execute_rows("FROM diary"))
    engine.close()
    for diary in diaries:
        for number in diary["done"]:
            assert rows[diary["name"], number] == 1
    assert set(rows.values()) == {1}
    assert any(diary["done"] for diary in diaries)


@pytest.fixture
def crowd(path: Path) -> Iterator[Crowd]:
    crowd = Crowd(path)
    yield crowd
    for process in crowd.scripts.values():
        process.kill()
        process.communicate()


@pytest.mark.parametrize("hows", [["keep", "keep", "reopen", "reopen"], ["reopen"] * 4])
def test_scripts_share_a_workspace(crowd: Crowd, hows: list[str]) -> None:
    for how in hows:
        crowd.add(how)
    diaries = crowd.diaries()
    assert len(diaries) == len(hows)
    check(crowd.path, diaries)
    # No one waits until the others are done.
    done = [len(diary["times"]) for diary in diaries]
    assert min(done) * 10 >= max(done)


def test_the_owner_is_killed_every_second(crowd: Crowd) -> None:
    for how in ["keep", "reopen", "keep", "reopen"]:
        crowd.add(how)
    killed = 0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        threading.Event().wait(1)
        if owner := crowd.owner():
            owner.kill()
            killed += 1
            crowd.add("keep" if killed % 2 else "reopen")
    assert killed >= SECONDS / 4
    check(crowd.path, crowd.diaries())


def test_someone_is_interrupted_every_second(crowd: Crowd) -> None:
    for how in ["keep", "reopen", "keep", "reopen"]:
        crowd.add(how)
    processes = list(crowd.scripts.values())
    threading.Event().wait(2)  # until all are past their imports
    for number in range(int(SECONDS) - 2):
        processes[number % len(processes)].send_signal(signal.SIGINT)
        threading.Event().wait(1)
    check(crowd.path, crowd.diaries())


def test_a_kernel_two_terminals_and_a_script(crowd: Crowd) -> None:
    manager = KernelManager()
    manager.start_kernel(env={**os.environ, "PYTHONPATH": str(ROOT)})
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    cells: list[str] = []

    def cell(code: str) -> None:
        reply = client.execute_interactive(code, timeout=60, output_hook=lambda _: None)
        cells.append(reply["content"]["status"])

    failed: list[str] = []

    def terminal(name: str) -> None:
        number = 0
        while time.monotonic() < until:
            number += 1
            commands = [
                (["sql", "SELECT count(*) AS n FROM base", "-f", "csv"], f"n\n{ROWS}\n"),
                (["sql", f"INSERT INTO diary VALUES ('{name}', {number})", "-f", "csv"], "Count\n1\n"),
                (["--account", "sandbox", "-q", "fetch", "events", f"got_{name}",
                  "--from", "2026-01-01", "--to", "2026-01-02"], None),
                (["drop", f"got_{name}", "--force"], None),
                (["tables", "-f", "csv"], None),
            ]  # fmt: skip
            for words, expected in commands:
                done = subprocess.run(
                    [*MP, "--db", str(crowd.path), *words],
                    check=False,
                    capture_output=True,
                    text=True,
                    env={**os.environ, "PYTHONPATH": str(ROOT)},
                )
                if done.returncode or (expected is not None and done.stdout != expected):
                    failed.append(f"mp {' '.join(words)}: {done.stdout} {done.stderr}")
            written[name] = number

    written: dict[str, int] = {}
    try:
        cell(
            f"from mixpanel_data import Workspace; ws = Workspace('sandbox', path={str(crowd.path)!r})"
        )
        cell("ws.sql('SELECT 1')")
        crowd.add("keep")
        until = time.monotonic() + SECONDS
        terminals = [threading.Thread(target=terminal, args=[name]) for name in ("one", "two")]
        for thread in terminals:
            thread.start()
        number = 0
        while time.monotonic() < until or any(thread.is_alive() for thread in terminals):
            number += 1
            cell(f"ws.sql(\"INSERT INTO diary VALUES ('kernel', {number})\")")
            cell(f"assert ws.sql_scalar('SELECT count(*) FROM base') == {ROWS}")
            cell(f"assert len(ws.sql('SELECT i FROM base')) == {ROWS}")
            threading.Event().wait(0.02)
        cell("assert ws.info() is not None; ws.close()")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert failed == []
    assert set(cells) == {"ok"}
    names = {**written, "kernel": number}
    mine = [{"name": name, "done": list(range(1, count + 1))} for name, count in names.items()]
    check(crowd.path, [*crowd.diaries(), *mine])
