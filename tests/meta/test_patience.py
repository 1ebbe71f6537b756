"""No test depends on time: none sleeps, and none ends a wait but by the guard against hangs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
WAITING = TESTS / "waiting.py"
SLEEPS = {"sleep", "sleep_forever", "wait_for_timeout", "pause"}
WAITS = {"wait", "join", "communicate", "result", "acquire", "get_msg", "wait_for_ready", "poll"}
LIMITED = {"timeout", "read_timeout_seconds", "startup_timeout", "iopub_timeout"}
SCRIPTED = "self.server.closing.wait(reply.pause)"
"""A server on loopback that is told to be slow, which is what a client's timeout is about."""


def offences(tree: ast.AST) -> Iterator[str]:
    """What in a module lets time pass, or gives up after a time of its own."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else name
        where = f"line {node.lineno}: {ast.unparse(node)[:80]}"
        if name in SLEEPS:
            yield f"{where} sleeps: wait for what happens, with tests.waiting.until"
        limits = [k.value for k in node.keywords if k.arg in LIMITED]
        limits += node.args[:1] if name in WAITS else []
        is_pause = name == "wait" and isinstance(node.func, ast.Attribute) and limits
        if is_pause and not is_hang(limits[0]) and ast.unparse(node) != SCRIPTED:
            yield f"{where} sleeps: wait for what happens, at most tests.waiting.HANG"
        elif any(is_number(limit) for limit in limits):
            yield f"{where} gives up: the only limit is tests.waiting.HANG"


def is_hang(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "HANG" for n in ast.walk(node))


def is_number(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Constant) and type(n.value) in {int, float} for n in ast.walk(node)) and not any(
        isinstance(n, ast.Name) for n in ast.walk(node)
    )  # fmt: skip


def test_no_test_sleeps_or_gives_up_by_itself() -> None:
    found = [
        f"{path.relative_to(TESTS)}: {offence}"
        for path in sorted(TESTS.rglob("*.py"))
        if path != WAITING
        for offence in offences(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(1)",
        "from time import sleep\nsleep(0)",
        "await asyncio.sleep(x)",
        "threading.Event().wait(0.3)",
        "threading.Event().wait(pause)",
        "stopped.wait(timeout=self.pause)",
        "while not done.wait(timeout=0.01): pass",
        "process.communicate(timeout=2 * 10)",
        "thread.join(5)",
        "subprocess.run(words, timeout=60)",
        "page.wait_for_timeout(100)",
    ],
)
def test_sleeping_is_seen_however_it_is_written(code: str) -> None:
    assert list(offences(ast.parse(code)))


@pytest.mark.parametrize("code", ["done.wait()", "done.wait(HANG)", "', '.join(words)", "f(x=1)"])
def test_waiting_for_what_happens_is_fine(code: str) -> None:
    assert not list(offences(ast.parse(code)))
