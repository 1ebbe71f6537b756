"""A real IPython shell in this process, and a real kernel in another."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from traitlets.config import Config

from mixpanel_data import Workspace
from tests.waiting import HANG

ROOT = Path(__file__).parents[2]
SECRET = "5ecret-of-the-service-account"


@dataclass
class Shown:
    """What a cell left behind."""

    value: Any
    error: BaseException | None
    out: str
    err: str


Cell = Callable[..., Shown]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell with the extension, whose account is the sandbox."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MP_ACCOUNT", "sandbox")
    config = Config(
        {"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}}
    )
    shell = InteractiveShell.instance(config=config)
    shell.extension_manager.load_extension("mixpanel_magics")
    yield shell
    shell.extension_manager.unload_extension("mixpanel_magics")
    shell.atexit_operations()
    atexit.unregister(shell.atexit_operations)
    InteractiveShell.clear_instance()


@pytest.fixture
def cell(shell: InteractiveShell) -> Cell:
    """Run a cell as a user does."""

    def run(code: str) -> Shown:
        with capture_output() as captured:
            done = shell.run_cell(code)
        error = done.error_in_exec or done.error_before_exec
        return Shown(done.result, error, captured.stdout, captured.stderr)

    return run


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with five days of the sandbox's events, and its profiles."""
    path = tmp_path_factory.mktemp("filled") / "shop.duckdb"
    with Workspace.sandbox(path) as workspace:
        workspace.fetch_events("events", "2026-01-01", "2026-01-05")
        workspace.fetch_profiles()
    return path


@dataclass
class Kernel:
    """A kernel, and all that it printed."""

    manager: KernelManager
    client: BlockingKernelClient
    status: list[dict[str, Any]] = field(default_factory=list)

    def run(
        self,
        code: str,
        then: Callable[[dict[str, Any]], None] = lambda _: None,
        *,
        watched: bool = True,
    ) -> Reply:
        """Run a cell; `then` sees each of its messages as it comes.

        A program such as nbconvert, which runs a notebook unwatched, takes no input.
        """
        messages: list[dict[str, Any]] = []

        def hear(message: dict[str, Any]) -> None:
            messages.append(message)
            then(message)

        reply = self.client.execute_interactive(
            code, timeout=HANG, output_hook=hear, allow_stdin=watched
        )
        self.status += [reply, *messages]
        return Reply(reply["content"], messages)

    @property
    def pid(self) -> int:
        return self.manager.provisioner.pid

    def interrupt(self) -> None:
        """The stop button."""
        self.manager.interrupt_kernel()


@dataclass
class Reply:
    """How a cell ended, and what it showed."""

    content: dict[str, Any]
    messages: list[dict[str, Any]]

    @property
    def failed(self) -> str | None:
        """Name and shown text of the error, None when there was none."""
        if self.content["status"] == "ok":
            return None
        return f"{self.content['ename']}\n" + "\n".join(self.content["traceback"])

    def stream(self, name: str) -> str:
        return "".join(
            m["content"]["text"]
            for m in self.messages
            if m["msg_type"] == "stream" and m["content"]["name"] == name
        )

    def shown(self, kind: str) -> list[dict[str, Any]]:
        return [m["content"]["data"] for m in self.messages if m["msg_type"] == kind]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the extension, whose account is in the environment; `%mp_use sandbox` is run."""
    home = tmp_path_factory.mktemp("kernel")
    kept = {n: v for n, v in os.environ.items() if not n.startswith("MP_")}
    own = {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": str(ROOT),
        "MP_CONFIG_PATH": str(home / "config.toml"),
        "MP_DATA_DIR": str(home),
        "MP_USERNAME": "service-account",
        "MP_SECRET": SECRET,
        "MP_PROJECT_ID": "4711",
        "MP_REGION": "us",
    }
    manager = KernelManager(connection_file=str(home / "kernel.json"))
    manager.start_kernel(env={**kept, **own}, cwd=str(home))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=HANG)
        kernel = Kernel(manager, client)
        assert kernel.run("%load_ext mixpanel_magics\n%mp_use sandbox").failed is None
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
