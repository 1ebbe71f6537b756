"""Tools that report: counted here on fetched tables, or by Mixpanel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.mcp.answers import MOST_BYTES, Bytes, of_report
from mixpanel_data.mcp.call import Call

if TYPE_CHECKING:
    from mixpanel_data.workspace import Workspace
    from mixpanel_data.workspace.local import LocalReports

Source = Literal["local", "live"]
Unit = Literal["minute", "hour", "day", "week", "month"]
Top = Annotated[int, Field(ge=1, le=255)]


def segmentation(
    call: Call,
    event: str,
    from_date: str,
    to_date: str,
    unit: Unit = "day",
    on: str | None = None,
    where: str | None = None,
    type: Literal["general", "unique", "average"] = "general",  # noqa: A002 - Mixpanel's word
    top: Top = 12,
    source: Source = "local",
    table: str = "events",
    max_bytes: Bytes = MOST_BYTES,
) -> str:
    """How often an event happened per unit of time, and per value of a property (on).

    general counts events, unique users, average events per user. source local counts fetched
    tables, live asks Mixpanel (1 query). Days (YYYY-MM-DD, both included) of the project's time zone.
    """
    with _source(call, source, table) as reports:
        found = reports.segmentation(
            event, from_date, to_date, on, unit, where, type=type, limit=top
        )
    return of_report(call, found, max_bytes)


def funnel(
    call: Call,
    from_date: str,
    to_date: str,
    steps: list[str] | None = None,
    funnel_id: int | None = None,
    unit: Literal["day", "week", "month", "range"] = "range",
    on: str | None = None,
    where: str | None = None,
    days: Annotated[int | None, Field(ge=1, le=366)] = None,
    table: str = "events",
    max_bytes: Bytes = MOST_BYTES,
) -> str:
    """How many users go through steps (event names) in order, within so many days (7).

    steps are counted on fetched tables; funnel_id asks Mixpanel for a saved one (1-2 queries).
    Times are seconds.
    """
    if steps is not None and funnel_id is None:
        found = call.workspace.local.funnel(
            steps, from_date, to_date, unit, on, where, length=days or 7, table=table
        )
    elif steps is None and funnel_id is not None:
        length_unit: Literal["day"] | None = None if days is None else "day"
        with call.mixpanel() as workspace:
            found = workspace.funnel(
                funnel_id, from_date, to_date, unit, on,
                where=where, length=days, length_unit=length_unit,
            )  # fmt: skip
    else:
        raise InvalidArgumentError(
            "a funnel has steps, counted here, or the funnel_id of a saved one",
            hint='steps=["Sign Up", "Purchase"]; for ids: discover what="funnels"',
        )
    return of_report(call, found, max_bytes)


def retention(
    call: Call,
    from_date: str,
    to_date: str,
    born_event: str | None = None,
    return_event: str | None = None,
    unit: Literal["day", "week", "month"] = "day",
    interval_count: Annotated[int, Field(ge=1, le=90)] = 7,
    unbounded: bool = False,
    on: str | None = None,
    on_event: Literal["return", "born"] = "return",
    born_where: str | None = None,
    where: str | None = None,
    source: Source = "local",
    table: str = "events",
    max_bytes: Bytes = MOST_BYTES,
) -> str:
    """How many of those who did born_event come back for return_event (any, if left out).

    One row per cohort; interval 0 is the first unit. unbounded counts who comes back then or
    later. rates_within tells what rates divide by: with on a property of an event, on_event born
    (local) has rates within the segment. source as for segmentation.
    """
    if source == "live" and on_event == "born":
        raise InvalidArgumentError(
            "Mixpanel's API takes the value of on at the return event",
            hint='source="local" counts on_event="born" on a fetched table',
        )
    chosen: dict[str, Any] = {"on_event": on_event} if source == "local" else {}
    with _source(call, source, table) as reports:
        found = reports.retention(
            born_event, return_event, from_date, to_date,
            unit=unit, interval_count=interval_count, unbounded=unbounded, on=on,
            born_where=born_where, where=where, **chosen,
        )  # fmt: skip
    return of_report(call, found, max_bytes)


@contextmanager
def _source(call: Call, source: Source, table: str) -> Iterator[LocalReports | Workspace]:
    """Who counts."""
    if source == "local":
        yield call.workspace.local.on(table)
        return
    with call.mixpanel() as workspace:
        yield workspace
