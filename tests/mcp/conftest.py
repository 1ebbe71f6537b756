"""A real client of the SDK, and a real `mp mcp` on the sandbox, which many tests share."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import Tool

from tests.waiting import HANG

LOG = "stderr"
"""The file in a machine's home that has what the server wrote there."""

MP = ("-c", "from mixpanel_data.cli.main import run; run()")


@dataclass(frozen=True)
class Said:
    """What a tool answered."""

    failed: bool
    text: str
    notes: str = ""

    @property
    def data(self) -> Any:
        assert not self.failed, self.text
        return json.loads(self.text)

    @property
    def error(self) -> dict[str, str]:
        assert self.failed, self.text
        assert "\n" not in self.text
        return json.loads(self.text)


@dataclass
class Agent:
    """A client in a thread of its own, which is asked as if it were here."""

    client: Client
    portal: BlockingPortal

    def __call__(
        self, tool: str, *, progress: Callable[..., Any] | None = None, **arguments
    ) -> Said:
        async def ask() -> Said:
            done = await self.client.call_tool(tool, arguments, progress_callback=progress)
            return Said(bool(done.is_error), *(part.text for part in done.content))

        return self.portal.call(ask)

    def tools(self) -> dict[str, Tool]:
        async def ask() -> dict[str, Tool]:
            return {tool.name: tool for tool in (await self.client.list_tools()).tools}

        return self.portal.call(ask)


def environment(home: Path) -> dict[str, str]:
    """That of a process which finds nothing of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MP_")}
    return {
        **kept,
        "HOME": str(home),
        "MP_DATA_DIR": str(home / "data"),
        "MP_CONFIG_PATH": str(home / "config.toml"),
    }


@contextmanager
def serving(home: Path, *args: str, **env: str) -> Iterator[Agent]:
    """A client of `mp mcp`."""
    whole = {**environment(home), **env}
    parameters = StdioServerParameters(command=sys.executable, args=[*MP, "mcp", *args], env=whole)
    with (home / LOG).open("w") as log, start_blocking_portal() as portal:
        client = Client(stdio_client(parameters, errlog=log), read_timeout_seconds=HANG)
        with portal.wrap_async_context_manager(client):
            yield Agent(client, portal)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("machine")


@pytest.fixture(scope="module")
def empty(machine: Path) -> Iterator[Agent]:
    """An agent on the sandbox, of which nothing is fetched yet."""
    with serving(machine, "--account", "sandbox") as agent:
        yield agent


@pytest.fixture(scope="module")
def agent(empty: Agent) -> Agent:
    """The same, with January's events in `events`, and `profiles`."""
    assert empty("fetch", from_date="2026-01-01", to_date="2026-01-31").data["rows"]
    plan = empty("fetch", what="profiles").data
    assert empty("fetch", what="profiles", confirm=plan["confirm"]).data["rows"]
    return empty
