"""`mp` in this process through its front door, a Mixpanel on loopback, and a filled database."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import ConfigManager
from mixpanel_data.cli.main import run
from mixpanel_data.sandbox import Project, Sandbox
from mixpanel_data.sandbox.server import Server, serve
from mixpanel_data.workspace import Workspace


@dataclass(frozen=True)
class Outcome:
    """How a call of `mp` ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Mp = Callable[..., Outcome]


@pytest.fixture
def mp(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mp:
    """Call `mp` with these arguments, and with `stdin` as its standard input."""

    def call(*args: object, stdin: str = "") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["mp", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin.encode()), "utf-8"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run()
        captured = capsys.readouterr()
        return Outcome(int(left.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def project() -> Iterator[Sandbox]:
    app = Sandbox(events=2_000, profiles=50, limits=None, project=Project(timezone="Europe/Berlin"))
    yield app
    app.close()


@pytest.fixture(scope="session")
def server(project: Sandbox) -> Iterator[Server]:
    with serve(project) as running:
        yield running


@pytest.fixture
def online(project: Sandbox, server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment sends `mp` to the server; its address."""
    who = project.credentials()
    monkeypatch.setenv("MP_BASE_URL", server.url)
    monkeypatch.setenv("MP_USERNAME", who.username)
    monkeypatch.setenv("MP_SECRET", who.secret.get_secret_value())
    monkeypatch.setenv("MP_PROJECT_ID", who.project_id)
    return server.url


@pytest.fixture(scope="session")
def filled(project: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    client = MixpanelAPIClient(project.credentials(), app=project)
    config = ConfigManager(folder / "config.toml")
    path = folder / "shop.duckdb"
    with Workspace(path=path, _config_manager=config, _api_client=client) as workspace:
        workspace.fetch_events(from_date="2026-01-01", to_date="2026-01-31")
        workspace.fetch_profiles()
    return path


@pytest.fixture
def db(filled: Path, tmp_path: Path) -> Path:
    """A database of one's own, with the tables `events` and `profiles`."""
    return Path(shutil.copy(filled, tmp_path / "shop.duckdb"))
