"""Many real processes on one workspace: nothing fails, nothing is lost, nothing is there twice.

Ten times as long with HYPOTHESIS_PROFILE=deep.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.sharing.script import ROWS
from tests.waiting import HANG, until

ROUNDS = 30 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 3
VISITS = ROUNDS // 3
THINGS = 10
"""What everyone does in a round, at least."""
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
        self.names: dict[int, str] = {}

    def add(self, how: str) -> None:
        name = f"{how}{len(self.scripts)}"
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(self.path), name, how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.scripts[process.pid] = process
        self.names[process.pid] = name

    def work(self, things: int) -> None:
        """Until each one has done so many things more: nobody waits until the others are done."""
        alive = [pid for pid, process in self.scripts.items() if process.poll() is None]
        due = {pid: self.done(pid) + things for pid in alive}
        until(lambda: all(self.done(pid) >= number for pid, number in due.items()))

    def done(self, pid: int) -> int:
        """How many things a script has done."""
        try:
            return self.path.with_name(self.names[pid]).stat().st_size
        except FileNotFoundError:
            return 0

    def owner(self) -> subprocess.Popen[str] | None:
        try:
            address = json.loads(self.path.with_name(self.path.name + ".lock").read_bytes())
        except ValueError:
            return None
        return self.scripts.get(address["owner"]["pid"])

    def diaries(self) -> list[dict]:
        """End them; what those wrote that were not killed. A failure of any fails the test."""
        found = []
        for process in self.scripts.values():
            process.stdin.close()
            process.stdin = None
        for process in self.scripts.values():
            out, err = process.communicate(timeout=HANG)
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
    crowd.work(ROUNDS * THINGS)
    diaries = crowd.diaries()
    assert len(diaries) == len(hows)
    check(crowd.path, diaries)


def test_the_owner_is_killed_again_and_again(crowd: Crowd) -> None:
    for how in ["keep", "reopen", "keep", "reopen"]:
        crowd.add(how)
    for number in range(ROUNDS):
        crowd.work(THINGS)
        owner = until(crowd.owner)
        owner.kill()
        owner.wait(HANG)
        crowd.add("reopen" if number % 2 else "keep")
    crowd.work(THINGS)
    check(crowd.path, crowd.diaries())


def test_someone_is_interrupted_again_and_again(crowd: Crowd) -> None:
    for how in ["keep", "reopen", "keep", "reopen"]:
        crowd.add(how)
    processes = list(crowd.scripts.values())
    for number in range(ROUNDS):
        crowd.work(THINGS)
        processes[number % len(processes)].send_signal(signal.SIGINT)
    crowd.work(THINGS)
    check(crowd.path, crowd.diaries())


def test_a_kernel_two_terminals_and_a_script(crowd: Crowd) -> None:
    manager = KernelManager()
    manager.start_kernel(env={**os.environ, "PYTHONPATH": str(ROOT)})
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=HANG)
    cells: list[str] = []

    def cell(code: str) -> None:
        reply = client.execute_interactive(code, timeout=HANG, output_hook=lambda _: None)
        cells.append(reply["content"]["status"])

    failed: list[str] = []

    def terminal(name: str) -> None:
        for number in range(1, VISITS + 1):
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
        written[name] = VISITS

    written: dict[str, int] = {}
    try:
        cell(
            f"from mixpanel_data import Workspace; ws = Workspace('sandbox', path={str(crowd.path)!r})"
        )
        cell("ws.sql('SELECT 1')")
        crowd.add("keep")
        terminals = [threading.Thread(target=terminal, args=[name]) for name in ("one", "two")]
        for thread in terminals:
            thread.start()
        number = 0
        while any(thread.is_alive() for thread in terminals):
            number += 1
            cell(f"ws.sql(\"INSERT INTO diary VALUES ('kernel', {number})\")")
            cell(f"assert ws.sql_scalar('SELECT count(*) FROM base') == {ROWS}")
            cell(f"assert len(ws.sql('SELECT i FROM base')) == {ROWS}")
        cell("assert ws.info() is not None; ws.close()")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert failed == []
    assert set(cells) == {"ok"}
    names = {**written, "kernel": number}
    mine = [{"name": name, "done": list(range(1, count + 1))} for name, count in names.items()]
    check(crowd.path, [*crowd.diaries(), *mine])
