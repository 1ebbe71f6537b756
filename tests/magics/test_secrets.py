"""A secret that is typed into the credential browser, as a front end sends it to a real kernel."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from tests.magics.conftest import ROOT
from tests.waiting import HANG

SECRET = "5ecret-that-is-typed-in-a-widget"
CELLS = (
    "%load_ext mixpanel_magics",
    "from mixpanel_magics import AccountBrowser\nbrowser = AccountBrowser()\nbrowser",
    "%mp_accounts",
    "print(In, Out, [repr(value) for value in list(globals().values())])\nprint(vars(browser))",
    "%history -o",
    "browser.close()",
)


class FrontEnd:
    """Runs cells, and sends what a browser sends for what its user does."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS]
        )
        self.client = NotebookClient(
            self.notebook,
            timeout=HANG,
            startup_timeout=HANG,
            iopub_timeout=HANG,
            store_widget_state=True,
        )
        self.heard: list[dict[str, Any]] = []

    def run(self, index: int) -> None:
        self.client.execute_cell(self.notebook.cells[index], index)

    def model(self, name: str, description: str) -> str:
        """The newest widget of this kind with this label."""
        found = [
            comm
            for comm, state in self.client.widget_state.items()
            if (state.get("_model_name"), state.get("description")) == (name, description)
        ]
        return found[-1]

    def type(self, label: str, text: str, kind: str = "TextModel") -> None:
        state = {"method": "update", "state": {"value": text}, "buffer_paths": []}
        self.send(self.model(kind, label), state)

    def press(self, label: str) -> None:
        self.send(
            self.model("ButtonModel", label), {"method": "custom", "content": {"event": "click"}}
        )

    def send(self, comm: str, data: dict[str, Any]) -> None:
        """Send to a widget, and hear all that the kernel says to it."""
        client = self.client.kc
        message = client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        client.shell_channel.send(message)
        while True:
            answer = run_sync(client.iopub_channel.get_msg)(timeout=HANG)
            self.heard.append(answer)
            if answer["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                return
            if answer["msg_type"] == "comm_msg":
                self.client.handle_comm_msg([], answer, 0)

    def kept(self) -> str:
        """The notebook as it is saved now, with the state of its widgets, and as a page."""
        self.client.set_widgets_metadata()
        page, _ = HTMLExporter().from_notebook_node(self.notebook)
        return nbformat.writes(self.notebook) + page


@pytest.fixture
def front_end(home: Path, tmp_path: Path) -> Iterator[FrontEnd]:
    """A notebook that is executed, and its widgets clicked."""
    front_end = FrontEnd(home)
    own = {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path / "ipython")}
    with front_end.client.setup_kernel(env={**os.environ, **own}, cwd=str(tmp_path)):
        yield front_end


def open_form(front_end: FrontEnd) -> None:
    front_end.run(0)
    front_end.run(1)
    front_end.press("Add account …")
    for label, text in {"name": "shop", "project ID": "4711", "user name": "sa"}.items():
        front_end.type(label, text)


def leave_secret(front_end: FrontEnd) -> None:
    """What a browser sends when its user leaves the field."""
    front_end.type("secret", SECRET, "PasswordModel")


@pytest.mark.parametrize("how", ["button", "enter", "late"])
def test_a_secret_goes_to_the_config_and_nowhere_else(front_end, tmp_path, how):
    open_form(front_end)
    status = front_end.client.widget_state
    field = front_end.model("PasswordModel", "secret")
    assert status[field]["continuous_update"] is False
    if how == "button":
        leave_secret(front_end)
        assert status[field]["value"] == ""
        assert SECRET not in front_end.kept()
        front_end.press("Add")
    elif how == "enter":  # a browser tells of Enter, and then of the value
        front_end.send(field, {"method": "custom", "content": {"event": "submit"}})
        leave_secret(front_end)
    else:  # the click overtakes the value
        front_end.press("Add")
        assert "secret is empty" in front_end.kept()
        leave_secret(front_end)
    config = Path(os.environ["MP_CONFIG_PATH"])
    assert f'secret = "{SECRET}"' in config.read_text()
    for index in range(2, 6):
        front_end.run(index)
    kept = front_end.kept()
    assert "stored &#x27;shop&#x27; (project 4711)" in kept
    assert SECRET not in kept
    heard = json.dumps(front_end.heard, default=str)
    assert "stored &#x27;shop&#x27;" in heard
    assert SECRET not in heard
    (tmp_path / "saved.ipynb").write_text(kept)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 2
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == [config]


def test_a_secret_that_is_given_up_is_forgotten(front_end):
    open_form(front_end)
    leave_secret(front_end)
    front_end.press("Cancel")
    front_end.press("Add account …")
    for label, text in {"name": "shop", "project ID": "4711", "user name": "sa"}.items():
        front_end.type(label, text)
    front_end.press("Add")
    assert "secret is empty" in front_end.kept()
    assert not Path(os.environ["MP_CONFIG_PATH"]).exists()
    assert SECRET not in front_end.kept()
