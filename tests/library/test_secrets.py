"""The secret is in no object: not in what a debugger, a logger or a pickle would find there."""

from __future__ import annotations

import copy
import json
import pickle
import socket
from base64 import b64encode
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass, replace
from types import FunctionType, ModuleType
from typing import Any

import pytest

from mixpanel_data import Workspace, auth
from mixpanel_data._internal.config import ConfigManager, SecretStr
from mixpanel_data.exceptions import AuthenticationError, ConnectionFailedError
from mixpanel_data.sandbox import Project, Sandbox
from mixpanel_data.sandbox.project import ServiceAccount
from mixpanel_data.sandbox.server import Server, serve

USER, SECRET = "sa.5a4db0.mp-service-account", "hush-hush-hush"
FORBIDDEN = SECRET.encode(), b64encode(f"{USER}:{SECRET}".encode())


@pytest.fixture(scope="module")
def mixpanel() -> Iterator[Server]:
    who = ServiceAccount(username=USER, secret=SecretStr(SECRET))
    project = Project(service_accounts=(who,))
    with Sandbox(events=500, profiles=5, project=project) as app, serve(app) as server:
        yield server


@pytest.fixture
def stored(mixpanel: Server) -> str:
    auth.config_path().parent.mkdir()
    auth.config_path().write_text("[settings]\nattempts = 1\n")
    auth.add_account("shop", USER, SECRET, str(Project().id), base_url=mixpanel.url)
    return "shop"


@pytest.fixture
def workspace(stored: str) -> Iterator[Workspace]:
    """One that has asked Mixpanel, and has a table."""
    with Workspace(stored) as workspace:
        workspace.events()
        workspace.fetch_events(from_date="2026-01-01", to_date="2026-01-02")
        yield workspace


def parts(value: Any) -> Iterator[Any]:
    """What an object holds: attributes, slots, items, and the causes of an error."""
    if isinstance(value, Mapping):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset | deque):
        yield from value
    yield from getattr(value, "__dict__", {}).values()
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                yield getattr(value, name)
    if isinstance(value, BaseException):
        yield from (*value.args, value.__cause__, value.__context__)


def everything(value: Any) -> list[Any]:
    """An object and all that can be reached from it; code is no data."""
    found = {id(value): value}
    waiting = [value]
    while waiting:
        for part in parts(waiting.pop()):
            if id(part) not in found and not isinstance(part, ModuleType | FunctionType | type):
                found[id(part)] = part
                waiting.append(part)
    return list(found.values())


def copies(value: Any) -> Iterator[Any]:
    """One object in every form that it can be brought into; some refuse some of them."""
    for make in (
        repr,
        str,
        pickle.dumps,
        lambda it: json.dumps(it, default=vars),
        lambda it: everything(copy.copy(it)),
        lambda it: everything(copy.deepcopy(it)),
        lambda it: everything(asdict(it)) if is_dataclass(it) else None,
    ):
        try:
            yield make(value)
        except (TypeError, AttributeError, ValueError, RecursionError, pickle.PicklingError):
            continue


def shows_the_secret(value: Any) -> bool:
    if isinstance(value, list):
        return any(shows_the_secret(it) for it in value if isinstance(it, str | bytes))
    data = value.encode(errors="replace") if isinstance(value, str) else value
    return isinstance(data, bytes) and any(text in data for text in FORBIDDEN)


def assert_it_keeps_the_secret(thing: Any) -> None:
    reached = everything(thing)
    for value in reached:
        assert not shows_the_secret(value), "a text in it"
    for value in (thing, *parts(thing)):
        for form in copies(value):
            assert not shows_the_secret(form), f"a form of {type(value).__name__}"


def test_no_object_of_an_account_or_a_workspace_has_the_secret(stored, workspace):
    config = ConfigManager()
    for thing in (
        config,
        config.resolve_credentials(stored),
        auth.get_account(stored),
        auth.test_account(stored),
        workspace,
        workspace.api,
        workspace.sibling(),
        workspace.info(),
        workspace.tables(),
    ):
        assert_it_keeps_the_secret(thing)


def test_an_error_has_the_secret_neither_itself_nor_in_what_caused_it(stored, mixpanel):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    nowhere = f"http://127.0.0.1:{port}"
    auth.add_account("wrong", f"not.{USER}", SECRET, "1", base_url=mixpanel.url)
    auth.add_account("nowhere", USER, SECRET, "1", base_url=nowhere)
    with pytest.raises(AuthenticationError) as refused:
        auth.test_account("wrong")
    with pytest.raises(ConnectionFailedError) as failed:
        auth.test_account("nowhere")
    assert_it_keeps_the_secret(refused.value)
    assert_it_keeps_the_secret(failed.value)


def test_credentials_can_be_copied_and_compared_but_not_pickled(stored):
    found = ConfigManager().resolve_credentials(stored)
    for same in (copy.copy(found), copy.deepcopy(found), replace(found)):
        assert same == found
        assert same.secret.get_secret_value() == SECRET
    with pytest.raises(TypeError, match="a secret can't be pickled"):
        pickle.dumps(found)
    assert json.loads(json.dumps(found, default=vars))["username"] == USER
