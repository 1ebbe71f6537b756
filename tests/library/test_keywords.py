"""A misspelt keyword is an error, whatever public thing it is given to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, get_type_hints

import pytest

import mixpanel_data
import mixpanel_magics
from mixpanel_data import (
    Exclusion,
    Step,
    Workspace,
    auth,
    expressions,
    queries,
    sandbox,
    types,
)
from mixpanel_data.queries.local import LocalOptions
from mixpanel_data.workspace.local import LocalReports, ReportsAsSql

MODULES = (mixpanel_data, auth, expressions, queries, sandbox, types, mixpanel_magics)
OPTIONS = frozenset(LocalOptions.__annotations__)
SUGGESTING = (
    Workspace, LocalReports, auth, Step, Exclusion,
    sandbox.Sandbox, sandbox.Project, sandbox.Fault, sandbox.Limits,
)  # fmt: skip
"""Python suggests a name from 3.13 on; these do in every version."""
HANDING_ON = {
    "sandbox.Project.empty": sandbox.Project,
}
"""Functions whose `**keywords` go to another one, which refuses them."""


def names(module: ModuleType) -> list[str]:
    return getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]


def subjects() -> Iterator[tuple[str, Any]]:
    yield "local", LocalReports
    for module in MODULES:
        for name in names(module):
            value = getattr(module, name)
            if not isinstance(value, ModuleType):
                yield f"{module.__name__.removeprefix('mixpanel_data.')}.{name}", value


def callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions, constructors and methods; a method stands without its object."""
    for label, subject in subjects():
        if isinstance(subject, type):
            if is_ours(subject.__init__):
                yield label, subject
            for name, member in inspect.getmembers(subject):
                if not name.startswith("_") and callable(member):
                    yield f"{label}.{name}", member
        elif inspect.isfunction(subject):
            yield label, subject


def is_ours(function: Callable[..., Any]) -> bool:
    return (getattr(function, "__module__", None) or "").startswith("mixpanel_")


CALLABLES = {label: it for label, it in callables() if is_ours(it)}


def keywords(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    named = [it.name for it in parameters if it.kind in {it.POSITIONAL_OR_KEYWORD, it.KEYWORD_ONLY}]
    return [name for name in named if name != "self" and not name.startswith("_")]


def takes_any(function: Callable[..., Any]) -> bool:
    return any(it.kind is it.VAR_KEYWORD for it in inspect.signature(function).parameters.values())


def misspelt(name: str) -> str:
    return f"{name}{name[-1]}"


def test_a_misspelt_keyword_is_a_type_error_that_has_it() -> None:
    assert len(CALLABLES) > 300
    for label, function in CALLABLES.items():
        for name in [*keywords(HANDING_ON.get(label, function)), "unknown"]:
            with pytest.raises(TypeError, match=rf"unexpected keyword argument '{misspelt(name)}'"):
                function(**{misspelt(name): None})


def suggesting() -> Iterator[tuple[str, Callable[..., Any]]]:
    for label, function in CALLABLES.items():
        home = label.rpartition(".")[0]
        if any(function is it or CALLABLES.get(home) is it for it in SUGGESTING) or home == "auth":
            yield label, function
    yield from (("sandbox.serve", sandbox.serve),)


def test_what_people_call_with_options_suggests_the_nearest() -> None:
    for label, function in suggesting():
        known = keywords(HANDING_ON.get(label, function))
        if takes_any(function) and label not in HANDING_ON:
            known = [*known, *OPTIONS]
        for name in known:
            with pytest.raises(TypeError, match=rf"Did you mean '{name}'\?$"):
                function(**{misspelt(name): None})


def test_every_function_with_free_keywords_is_known() -> None:
    free = {label for label, it in CALLABLES.items() if takes_any(it)}
    assert free == {"local.on", *HANDING_ON}
    annotation = inspect.signature(LocalReports.on).parameters["options"].annotation
    assert annotation == "Unpack[LocalOptions]"


def test_options_of_all_local_reports_are_those_of_the_question() -> None:
    fields = {it.name: it.annotation for it in queries.parameters(queries.LocalQuestion)}
    assert fields == get_type_hints(LocalOptions)


def test_sql_of_reports_refuses_the_same() -> None:
    with Workspace.sandbox() as ws:
        as_sql = ws.local.as_sql
        for name in dir(as_sql):
            with pytest.raises(TypeError, match=r"Did you mean 'week_start'\?"):
                getattr(as_sql, name)(week_startt="monday")


def test_a_misspelt_report_is_an_attribute_error_with_the_nearest() -> None:
    with Workspace.sandbox() as ws:
        with pytest.raises(AttributeError, match=r"no report 'funel': did you mean 'funnel'\?"):
            ws.local.as_sql.funel(["A"], "2026-01-01", "2026-01-02")
        with pytest.raises(AttributeError, match="no report 'zzz': it has flows, freq"):
            ws.local.as_sql.zzz  # noqa: B018
        assert not hasattr(ReportsAsSql.__new__(ReportsAsSql), "_zzz")  # as copy and pickle ask


def test_a_function_without_options_says_so_plainly() -> None:
    with Workspace.sandbox() as ws, pytest.raises(TypeError) as caught:
        ws.tables(name="events")  # type: ignore[call-arg]
    assert str(caught.value) == "Tables.tables() got an unexpected keyword argument 'name'"


def test_signatures_and_docstrings_are_those_of_the_functions() -> None:
    assert "lookback_days" in inspect.signature(Workspace.fetch_events).parameters
    assert (LocalReports.funnel.__doc__ or "").startswith("How many users get through these steps")
