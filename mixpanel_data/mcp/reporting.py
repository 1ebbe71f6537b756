"""Tools that report: counted here on fetched tables, or by Mixpanel.

A tool names the options of a question that it takes: types, choices, bounds and defaults are the
question's. It takes few of them, since an agent reads the schema before every conversation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING
from datetime import date
from typing import Annotated, Any, Literal, get_origin

from pydantic import Field

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.mcp.answers import MAX_BYTES, Bytes, of_report
from mixpanel_data.mcp.call import Call
from mixpanel_data.queries import (
    Funnel,
    LocalFunnel,
    LocalRetention,
    LocalSegmentation,
    Parameter,
    Retention,
    Segmentation,
    parameters,
)

Source = Literal["local", "live"]
Tool = Callable[..., str]

_RENAMED = {"limit": "top"}  # `limit` sounds like a number of rows
_TOP = 12
"""Segments that an agent is shown unless it asks for more."""


def takes(kind: type, *names: str) -> Callable[[Tool], Tool]:
    """Have a tool take these options of a question, which it gets as keywords, before its own."""
    known = {it.name: it for it in parameters(kind)}
    options = [_option(known[name]) for name in names]

    def decorate(tool: Tool) -> Tool:
        call, *own = inspect.signature(tool, eval_str=True).parameters.values()
        own = [it for it in own if it.kind is not it.VAR_KEYWORD]
        every = sorted([*options, *own], key=lambda it: it.default is not it.empty)
        signature = inspect.Signature(
            [call, *(it.replace(kind=it.KEYWORD_ONLY) for it in every)], return_annotation=str
        )
        vars(tool)["__signature__"] = signature
        return tool

    return decorate


def _option(it: Parameter) -> inspect.Parameter:
    kind: Any = list[str] if get_origin(it.keeps) is tuple else it.keeps
    if kind is date:
        kind = str
    if it.option.least is not None:
        kind = Annotated[kind, Field(ge=it.option.least, le=it.option.most)]
    default = _TOP if it.name == "limit" else it.default
    return inspect.Parameter(
        _RENAMED.get(it.name, it.name),
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if it.is_required or default is MISSING else default,
        annotation=kind | None if it.is_optional and not it.is_required else kind,
    )


def _named(options: dict[str, Any]) -> dict[str, Any]:
    """The options as the question names them."""
    names = {shown: name for name, shown in _RENAMED.items()}
    return {names.get(shown, shown): value for shown, value in options.items()}


@takes(LocalSegmentation, "event", "from_date", "to_date", "unit", "on", "where", "type", "limit")
def segmentation(
    call: Call,
    source: Source = "local",
    table: str = "events",
    max_bytes: Bytes = MAX_BYTES,
    **options: Any,
) -> str:
    """How often an event happened per unit of time, and per value of a property (on).

    general counts events, unique users, average events per user. source local counts fetched
    tables, live asks Mixpanel (1 query). Days (YYYY-MM-DD, both included) of the project's time zone.
    """
    asked = _named(options)
    if source == "live":
        return _live(call, Segmentation(**asked), max_bytes)
    return _local(call, LocalSegmentation(**asked, table=table), max_bytes)


@takes(LocalFunnel, "from_date", "to_date", "unit", "on", "where")
def funnel(
    call: Call,
    steps: list[str] | None = None,
    funnel_id: int | None = None,
    days: Annotated[int | None, Field(ge=1, le=366)] = None,
    table: str = "events",
    max_bytes: Bytes = MAX_BYTES,
    **options: Any,
) -> str:
    """How many users go through steps (event names) in order, within so many days (7).

    steps are counted on fetched tables; funnel_id asks Mixpanel for a saved one (1-2 queries).
    Times are seconds.
    """
    window: dict[str, Any] = {} if days is None else {"length": days, "length_unit": "day"}
    if steps is not None and funnel_id is None:
        return _local(call, LocalFunnel(steps, **options, **window, table=table), max_bytes)
    if steps is None and funnel_id is not None:
        return _live(call, Funnel(funnel_id, **options, **window), max_bytes)
    raise InvalidArgumentError(
        "a funnel has steps, counted here, or the funnel_id of a saved one",
        hint='steps=["Sign Up", "Purchase"]; for ids: discover what="funnels"',
    )


@takes(
    LocalRetention,
    "from_date", "to_date", "born_event", "return_event", "unit", "interval_count", "unbounded",
    "on", "on_event", "born_where", "where",
)  # fmt: skip
def retention(
    call: Call,
    source: Source = "local",
    table: str = "events",
    max_bytes: Bytes = MAX_BYTES,
    **options: Any,
) -> str:
    """How many of those who did born_event come back for return_event (any, if left out).

    One row per cohort; interval 0 is the first unit. unbounded counts who comes back then or
    later. rates_within tells what rates divide by: with on a property of an event, on_event born
    (local) has rates within the segment. source as for segmentation.
    """
    if source == "local":
        return _local(call, LocalRetention(**options, table=table), max_bytes)
    if options.pop("on_event") == "born":
        raise InvalidArgumentError(
            "Mixpanel's API takes the value of on at the return event",
            hint='source="local" counts on_event="born" on a fetched table',
        )
    return _live(call, Retention(**options), max_bytes)


def _local(call: Call, question: Any, max_bytes: int) -> str:
    return of_report(call, call.workspace.local.ask(question), max_bytes)


def _live(call: Call, question: Any, max_bytes: int) -> str:
    with call.mixpanel() as workspace:
        found = workspace.ask(question)
    return of_report(call, found, max_bytes)
