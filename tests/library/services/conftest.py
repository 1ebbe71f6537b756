"""A workspace on a scripted Mixpanel, on loopback: answers by path, and what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mixpanel_data import Workspace
from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.api_client.clock import Clock
from mixpanel_data._internal.config import ConfigManager, Credentials, Settings
from tests.loopback import Reply, Request, Server, reply_json

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Scripted:
    """A workspace, and the server that answers it."""

    workspace: Workspace
    server: Server

    @property
    def paths(self) -> list[str]:
        """What was asked, in order."""
        return [_name(request) for request in self.server.requests]

    @property
    def asked(self) -> dict[str, str]:
        """The parameters of the last question, without the project."""
        query = dict(self.server.requests[-1].query)
        assert query.pop("project_id") == "12345"
        return query


def _name(request: Request) -> str:
    return request.path.removeprefix("/api/query/").removeprefix("/api/app/projects/12345/")


Script = Callable[..., Scripted]


@pytest.fixture
def mixpanel(tmp_path: Path) -> Iterator[Script]:
    """Make it of answers by path: JSON, or a Reply; other paths are 404."""
    with ExitStack() as stack:

        def start(answers: dict[str, Any], **who: Any) -> Scripted:
            def answer(request: Request) -> Reply:
                found = answers.get(_name(request), Reply(404, b"no such path"))
                return found if isinstance(found, Reply) else reply_json(found)

            server = stack.enter_context(Server(answer))
            credentials = Credentials(
                "user", "s3cr3t-word", "12345", "us", base_url=server.url, **who
            )
            clock = Clock(now=lambda: NOW, wait=lambda *_: None)
            client = MixpanelAPIClient(credentials, settings=Settings(), _clock=clock)
            workspace = Workspace(
                path=tmp_path / "ws.duckdb",
                _api_client=client,
                _config_manager=ConfigManager(tmp_path / "config.toml"),
            )
            return Scripted(stack.enter_context(workspace), server)

        yield start
