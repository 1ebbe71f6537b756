"""The credential browser in JupyterLab, and where a secret that is typed there goes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Locator, expect

from mixpanel_data.sandbox import Project, Sandbox, Server, serve

WRONG = "wr0ng-secret-that-is-typed-first"
DRAFT = "dr4ft-secret-that-is-never-sent"


@pytest.fixture(scope="module")
def mixpanel() -> Iterator[tuple[Server, Sandbox]]:
    """A Mixpanel on loopback, whose project lies in Berlin."""
    app = Sandbox(events=200, profiles=5, project=Project(timezone="Europe/Berlin"))
    with serve(app) as server:
        yield server, app
    app.close()


def fill(browser: Locator, **values: str) -> None:
    for label, value in values.items():
        browser.get_by_label(label.replace("_", " "), exact=True).fill(value)


def test_accounts_are_added_tested_switched_and_removed(notebook, mixpanel):
    server, app = mixpanel
    who = app.credentials()
    secret = who.secret.get_secret_value()
    notebook.run("%load_ext mixpanel_magics")
    browser = notebook.run("%mp_accounts").locator(".mp-widget")
    status = browser.locator(".mp-status")
    accounts = browser.get_by_role("listbox").first
    expect(accounts).to_contain_text("sandbox")
    notebook.picture("accounts-first", browser)

    def press(name: str) -> None:
        browser.get_by_role("button", name=name, exact=True).click()

    press("Add account …")
    fill(browser, name="shop", project_ID=who.project_id, user_name=who.username)
    fill(browser, send_to=server.url)
    field = browser.get_by_label("secret", exact=True)
    field.fill(WRONG)
    field.press("Enter")  # which sends the value, too
    expect(status).to_contain_text("stored 'shop'")
    press("Test")
    expect(status).to_contain_text("refused")
    press("Remove …")
    notebook.picture("accounts-remove", browser)
    press("Remove")
    expect(status).to_contain_text("removed 'shop'")

    press("Add account …")
    fill(browser, name="shop", project_ID=who.project_id, user_name=who.username)
    fill(browser, send_to=server.url)
    field.fill(DRAFT)
    kept = nbformat.writes(notebook.save())
    assert "PasswordModel" in kept  # the state of widgets is saved
    assert DRAFT not in kept
    field.fill(secret)
    assert secret not in nbformat.writes(notebook.save())
    notebook.picture("accounts-form", browser)
    press("Add")  # leaves the field, which sends the value
    expect(status).to_contain_text("stored 'shop'")
    expect(accounts).to_contain_text("shop")
    press("Test")
    expect(browser).to_contain_text("Europe/Berlin")
    notebook.picture("accounts-test", browser)
    press("Store it")
    expect(status).to_contain_text("the time zone of 'shop' is Europe/Berlin now")
    press("Use here")
    expect(status).to_contain_text("this notebook uses 'shop' now")
    notebook.use_theme("Dark")
    notebook.picture("accounts-dark", browser)
    expect(notebook.run("ws, ws.api.credentials")).to_contain_text("shop")
    notebook.run("print(In, Out, [repr(value) for value in list(globals().values())])")
    notebook.run("%history -o")
    notebook.save()

    home = notebook.path.parent.parent
    page = [sys.executable, "-m", "nbconvert", "--to", "html", str(notebook.path)]
    subprocess.run(page, check=True, capture_output=True, env={**os.environ, "HOME": str(home)})
    assert "MP_ACCOUNT" in notebook.path.with_suffix(".html").read_text()
    with_secret = {
        path.relative_to(home).as_posix(): typed
        for path in home.rglob("*")
        if path.is_file()
        for typed in (WRONG, DRAFT, secret)
        if typed.encode() in path.read_bytes()
    }
    assert with_secret == {".mp/config.toml": secret}
