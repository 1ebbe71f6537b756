"""JupyterLab in a real browser: one server for all tests, a notebook with its own kernel for each.

Screenshots are kept in `build/screenshots`.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.waiting import HANG, until

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
SETTINGS = Path(__file__).parent / "settings.json"
expect.set_options(timeout=HANG * 1000)

_IS_READY = """() => {
  const widget = window.jupyterapp?.shell.currentWidget;
  const session = widget?.sessionContext;
  return session?.isReady && session.session?.kernel?.status === 'idle';
}"""
_ADD = """source => {
  const { content } = window.jupyterapp.shell.currentWidget;
  const cells = content.model.sharedModel;
  const last = cells.cells[cells.cells.length - 1];
  if (last?.source === '') last.setSource(source);
  else cells.insertCell(cells.cells.length, { cell_type: 'code', source });
  content.activeCellIndex = cells.cells.length - 1;
  content.mode = 'command';
  window.jupyterapp.commands.execute('notebook:run-cell');
  return cells.cells.length - 1;
}"""
_HAS_RUN = """index => {
  const { model } = window.jupyterapp.shell.currentWidget.content.widgets[index];
  return model.executionCount !== null && model.executionState === 'idle';
}"""


@dataclass
class Server:
    """A running JupyterLab."""

    url: str
    token: str
    folder: Path

    def shut_down_kernels(self) -> None:
        """End all kernels, so that none holds a database."""
        for kernel in self._ask("GET", "kernels"):
            self._ask("DELETE", f"kernels/{kernel['id']}")

    def _ask(self, method: str, path: str) -> list[dict[str, str]]:
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            method=method,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=HANG) as answer:
            text = answer.read()
        return json.loads(text) if text else []


@dataclass
class Notebook:
    """A notebook in the browser."""

    page: Page
    path: Path
    name: str

    def run(self, code: str) -> Locator:
        """Run code in a new cell at the end; its output, once it has run."""
        index = self.page.evaluate(_ADD, code)
        self.page.wait_for_function(_HAS_RUN, arg=index, timeout=HANG * 1000)
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-OutputArea").first

    def save(self) -> nbformat.NotebookNode:
        """Save as the user does; what is on disk then."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.wait_for_function(
            "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
        )
        return nbformat.read(self.path, as_version=4)

    def picture(self, name: str, what: Locator | None = None) -> Path:
        """Keep a screenshot, of all or of one thing."""
        path = SCREENSHOTS / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.page if what is None else what).screenshot(path=path)
        return path

    def use_theme(self, name: Literal["Light", "Dark"]) -> None:
        """Switch to a theme, which the server remembers, and wait until the splash is gone."""
        wanted = self.page.locator(f"body[data-jp-theme-light={str(name == 'Light').lower()}]")
        if wanted.count():
            return
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            f"JupyterLab {name}",
        )
        expect(wanted).to_be_attached()
        expect(self.page.locator("#jupyterlab-splash")).not_to_be_attached()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's Chromium, or Chrome."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("CI"):
        pytest.fail("CI has no Chromium: apt-get install chromium")
    pytest.skip("no Chromium on this machine: apt-get install chromium")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[Server]:
    """JupyterLab on loopback, with folders and settings of its own."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    settings = home / "settings"
    folder.mkdir()
    for plugin, values in json.loads(SETTINGS.read_text()).items():
        package, name = plugin.split(":")
        path = settings / package / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("MP_", "JUPYTER"))}
    own = {
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "MP_ACCOUNT": "sandbox",
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        **{
            f"JUPYTER_{kind}_DIR": str(home / kind.lower())
            for kind in ("CONFIG", "DATA", "RUNTIME")
        },
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        f"--IdentityProvider.token={token}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
        f"--ServerApp.root_dir={folder}",
    ]
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env={**kept, **own},
            stdout=log,
            stderr=log,
            cwd=folder,
        )
        found = Server(f"http://127.0.0.1:{port}", token, folder)
        try:
            until(partial(is_up, found), process)
            yield found
            found.shut_down_kernels()
        except AssertionError:
            sys.stderr.write((home / "server.log").read_text())
            raise
        finally:
            process.terminate()
            process.wait(HANG)


def is_up(server: Server) -> bool:
    try:
        server.shut_down_kernels()
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


@pytest.fixture(scope="session")
def browser(chromium: str, server: Server) -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            timeout=HANG * 1000,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        yield browser
        browser.close()


@pytest.fixture
def notebook(
    request: pytest.FixtureRequest, server: Server, browser: Browser
) -> Iterator[Notebook]:
    """An empty notebook with a kernel; the browser must not ask anyone but the server."""
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    path = server.folder / f"{name}.ipynb"
    empty = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    nbformat.write(empty, path)
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(HANG * 1000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/lab/workspaces/{name}/tree/{path.name}?token={server.token}&reset")
    try:
        page.wait_for_function(_IS_READY, timeout=HANG * 1000)
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        found = Notebook(page, path, name)
        found.use_theme("Light")
        yield found
    finally:
        page.close()
        server.shut_down_kernels()
    elsewhere = {url for url in asked if urlsplit(url).hostname not in {"127.0.0.1", None}}
    assert not elsewhere
