"""The credential browser in a real shell: its widgets, without a front end."""

from __future__ import annotations

import ipywidgets
import pytest

from mixpanel_data import Workspace, auth

SECRET = "hush-5ecret"


def find(widget, kind, description=None):
    """The widget of this kind and label, anywhere in another one."""
    if isinstance(widget, kind) and description in {None, widget.description}:
        return widget
    found = (find(child, kind, description) for child in getattr(widget, "children", ()))
    return next((each for each in found if each is not None), None)


def press(browser, label):
    find(browser.box, ipywidgets.Button, label).click()


@pytest.fixture
def browser(cell):
    return cell("%mp_accounts").value


def test_a_terminal_lists_the_accounts(cell):
    auth.add_account("shop", "sa", SECRET, "4711", "eu")
    shown = cell("%mp_accounts")
    assert shown.out.splitlines()[-2:] == [
        "  default, shop, 4711, eu, sa",
        "  sandbox, invented data, UTC, built in, no secret",
    ]
    assert SECRET not in shown.out


def test_an_account_is_added_used_and_removed(browser, shell, cell):
    press(browser, "Add account …")
    for label, text in {"name": "shop", "project ID": "4711", "user name": "sa"}.items():
        find(browser.box, ipywidgets.Text, label).value = text
    field = find(browser.box, ipywidgets.Password, "secret")
    field.value = SECRET
    assert field.value == ""
    press(browser, "Add")
    assert auth.get_account("shop").project_id == "4711"
    rows = find(browser.box, ipywidgets.Select)
    assert len(rows.options) == 2
    press(browser, "Use here")
    workspace = shell.user_ns["ws"]
    assert isinstance(workspace, Workspace)
    assert (workspace.account, workspace.path.name) == ("shop", "4711.duckdb")
    assert "in\N{NO-BREAK SPACE}use" in rows.options[0][0]

    rows.index = 1
    press(browser, "Use here")
    assert cell("ws.account").value == "sandbox"
    rows.index = 0
    press(browser, "Remove …")
    press(browser, "Remove")
    assert auth.list_accounts() == []


def test_names_that_are_hostile_are_text(cell):
    name = "<img src=x onerror=alert(1)>"
    auth.add_account(name, "sa", SECRET, "4711", "eu")
    browser = cell("%mp_accounts").value
    browser.accounts.select(name)
    for label in ("Remove …", "Remove"):
        press(browser, label)
        html = " ".join(
            widget.value for widget in walk(browser.box) if isinstance(widget, ipywidgets.HTML)
        )
        assert "<img" not in html
        assert "&lt;img" in html


def walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def test_from_python_it_is_on_the_session_of_the_extension(shell, cell):
    shown = cell("from mixpanel_magics import AccountBrowser\nbrowser = AccountBrowser()")
    assert shown.error is None
    browser = shell.user_ns["browser"]
    assert not find(browser.box, ipywidgets.Button, "Use here").disabled
    shell.extension_manager.unload_extension("mixpanel_magics")
    assert find(cell("AccountBrowser()").value.box, ipywidgets.Button, "Use here").disabled
    browser.close()
    assert all(widget.comm is None for widget in walk(browser.box))
