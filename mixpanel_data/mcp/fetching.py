"""Tools that fetch: a plan first, and what costs more than a little only with a word for it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from mixpanel_data.exceptions import InvalidArgumentError, TableExistsError
from mixpanel_data.mcp.answers import fields
from mixpanel_data.mcp.call import Call

SMALL = 5
"""Requests that a fetch may take without a plan that was seen."""

Kind = Literal["events", "profiles"]

_KEY = secrets.token_bytes(16)


@dataclass(frozen=True)
class Wanted:
    """What is to be fetched."""

    what: Kind
    from_date: str | None
    to_date: str | None
    table: str
    events: tuple[str, ...] | None
    where: str | None
    append: bool
    replace: bool

    def question(self) -> dict[str, Any]:
        """Arguments of `plan_events` and `fetch_events`."""
        return {
            "name": self.table,
            "from_date": self.from_date,
            "to_date": self.to_date,
            "events": self.events,
            "where": self.where,
            "append": self.append,
            "replace": self.replace,
        }

    def word(self, requests: int) -> str:
        """What confirms that so many requests may be made for this, and nothing else."""
        digest = hashlib.blake2s(f"{requests} {self}".encode(), key=_KEY, digest_size=4)
        return f"{requests}-{digest.hexdigest()}"

    def is_confirmed(self, word: str, requests: int) -> bool:
        """Whether this word confirms as many requests, or more: some may be done by now."""
        planned = word.partition("-")[0]
        return planned.isdecimal() and word == self.word(int(planned)) and requests <= int(planned)


@dataclass(frozen=True)
class Plan:
    """What a fetch costs."""

    wanted: Wanted
    facts: dict[str, Any]
    requests: int
    is_small: bool

    @property
    def confirm(self) -> str | None:
        """The word that a fetch needs, None where it needs none."""
        return None if self.is_small else self.wanted.word(self.requests)

    def __str__(self) -> str:
        return fields({**self.facts, "confirm": self.confirm})


def plan_fetch(
    call: Call,
    what: Kind = "events",
    from_date: str | None = None,
    to_date: str | None = None,
    table: str | None = None,
    events: list[str] | None = None,
    where: str | None = None,
    append: bool = False,
    replace: bool = False,
) -> str:
    """Say what the same fetch would cost; fetches nothing, needs no quota.

    Gives requests, quota left (exports an hour), seconds of waiting, and the word to confirm a
    fetch of more than 5 requests. Show a large plan to the person.
    """
    return str(
        _planned(call, _wanted(what, from_date, to_date, table, events, where, append, replace))
    )


def fetch(
    call: Call,
    what: Kind = "events",
    from_date: str | None = None,
    to_date: str | None = None,
    table: str | None = None,
    events: list[str] | None = None,
    where: str | None = None,
    append: bool = False,
    replace: bool = False,
    confirm: str | None = None,
) -> str:
    """Fetch events of some days (YYYY-MM-DD, both included, UTC), or profiles, into a table.

    All or nothing; the same call goes on after a failure. events and where (a Mixpanel expression)
    fetch less; append adds days, by default until yesterday. More than 5 requests, profiles and
    replace fetch nothing without confirm: they answer with the plan.
    """
    wanted = _wanted(what, from_date, to_date, table, events, where, append, replace)
    plan = _planned(call, wanted)
    if not plan.is_small and not (confirm and wanted.is_confirmed(confirm, plan.requests)):
        call.note(
            "nothing was fetched: this is the plan. When it is wanted, make the same call with its"
            " confirm" + (" (the one given is of another plan)" if confirm else "")
        )
        return str(plan)
    if what == "events":
        with call.mixpanel("export") as workspace:
            result = workspace.fetch_events(**wanted.question(), progress=call.fetched)
    else:
        with call.mixpanel() as workspace:
            result = workspace.fetch_profiles(
                wanted.table, wanted.where, call.fetched, replace=replace
            )
    if result.complete_until:
        call.note(f"every day until {result.complete_until} is here: nothing was to be fetched")
    return fields(result.to_dict(), without=("warnings",))  # which are the call's notes


def _wanted(
    what: Kind,
    from_date: str | None,
    to_date: str | None,
    table: str | None,
    events: list[str] | None,
    where: str | None,
    append: bool,
    replace: bool,
) -> Wanted:
    names = tuple(events) if events else None
    return Wanted(what, from_date, to_date, table or what, names, where, append, replace)


def _planned(call: Call, wanted: Wanted) -> Plan:
    if wanted.what == "profiles":
        return _planned_profiles(call, wanted)
    plan = call.workspace.plan_events(**wanted.question())
    is_small = plan.requests <= SMALL and not plan.wait_seconds and not wanted.replace
    return Plan(wanted, plan.to_dict(), plan.requests, is_small)


def _planned_profiles(call: Call, wanted: Wanted) -> Plan:
    """Of profiles nobody knows how many there are before they come."""
    if wanted.from_date or wanted.to_date or wanted.events or wanted.append:
        raise InvalidArgumentError(
            "profiles have no days and no events, and are not appended",
            hint="where chooses profiles, replace=true fetches all anew",
        )
    here = {table.name.lower() for table in call.workspace.tables()}
    if wanted.table.lower() in here and not wanted.replace:
        raise TableExistsError(wanted.table, hint="replace=true puts a new one in its place")
    quota = call.workspace.api.quota("query")
    facts = {
        "table": wanted.table,
        "queries": 1,
        "queries_left": quota.left,
        "pages": "one for each 1,000 profiles; the first counts as a query, the others are free",
    }
    return Plan(wanted, facts, 1, is_small=False)
