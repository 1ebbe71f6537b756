"""Tools that fetch: a plan first, and what costs more than a little only with a word for it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Any, Literal

from mixpanel_data.exceptions import InvalidArgumentError, TableExistsError
from mixpanel_data.mcp.answers import fields
from mixpanel_data.mcp.call import Call
from mixpanel_data.mcp.reporting import takes
from mixpanel_data.queries import EventsFetch, ProfilesFetch

SMALL = 5
"""Requests that a fetch may take without a plan that was seen."""

Kind = Literal["events", "profiles"]
Fetch = EventsFetch | ProfilesFetch

_OPTIONS = "from_date", "to_date", "events", "where", "append", "replace"

_KEY = secrets.token_bytes(16)


@dataclass(frozen=True)
class Plan:
    """What a fetch costs."""

    fetch: Fetch
    facts: dict[str, Any]
    requests: int
    is_small: bool

    @property
    def confirm(self) -> str | None:
        """The token that the fetch needs, None where it needs none."""
        return None if self.is_small else _token(self.fetch, self.requests)

    def is_confirmed_by(self, token: str) -> bool:
        """Whether a token allows as many requests or more: some may be done by now."""
        planned = token.partition("-")[0]
        return (
            planned.isdecimal()
            and token == _token(self.fetch, int(planned))
            and self.requests <= int(planned)
        )

    def __str__(self) -> str:
        return fields({**self.facts, "confirm": self.confirm})


def _token(fetch: Fetch, requests: int) -> str:
    """What confirms that a fetch may make this number of requests, and nothing else."""
    digest = hashlib.blake2s(f"{requests} {fetch}".encode(), key=_KEY, digest_size=4)
    return f"{requests}-{digest.hexdigest()}"


@takes(EventsFetch, *_OPTIONS)
def plan_fetch(call: Call, what: Kind = "events", table: str | None = None, **options: Any) -> str:
    """Say what the same fetch would cost; fetches nothing, needs no quota.

    Gives requests, quota left (exports an hour), seconds of waiting, and the token to confirm a
    fetch of more than 5 requests. Show a large plan to the person.
    """
    return str(_planned(call, _fetch(what, table, options)))


@takes(EventsFetch, *_OPTIONS)
def fetch(
    call: Call,
    what: Kind = "events",
    table: str | None = None,
    confirm: str | None = None,
    **options: Any,
) -> str:
    """Fetch events of some days (YYYY-MM-DD, both included, UTC), or profiles, into a table.

    All or nothing; the same call resumes after a failure. events and where (a Mixpanel expression)
    fetch less; append adds days, by default until yesterday. More than 5 requests, profiles and
    replace fetch nothing without confirm: they answer with the plan.
    """
    wanted = _fetch(what, table, options)
    plan = _planned(call, wanted)
    if not plan.is_small and not (confirm and plan.is_confirmed_by(confirm)):
        call.note(
            "nothing was fetched: this is the plan. When it is wanted, make the same call with its"
            " confirm" + (" (the one given is of another plan)" if confirm else "")
        )
        return str(plan)
    with call.mixpanel("export" if what == "events" else "query") as workspace:
        result = workspace.fetch(replace(wanted, progress=call.fetched))
    if result.complete_until:
        call.note(f"every day until {result.complete_until} is here: nothing was to be fetched")
    return fields(result.to_dict(), without=("warnings",))  # which are the call's notes


def _fetch(what: Kind, table: str | None, options: dict[str, Any]) -> Fetch:
    given = {name: value for name, value in options.items() if value}
    if what == "events":
        return EventsFetch(table or what, **given)
    if given.keys() - {"where", "replace"}:
        raise InvalidArgumentError(
            "profiles have no days and no events, and are not appended",
            hint="where chooses profiles, replace=true fetches all anew",
        )
    return ProfilesFetch(table or what, **given)


def _planned(call: Call, fetch: Fetch) -> Plan:
    if isinstance(fetch, ProfilesFetch):
        return _planned_profiles(call, fetch)
    plan = call.workspace.plan(fetch)
    is_small = plan.requests <= SMALL and not plan.wait_seconds and not fetch.replace
    return Plan(fetch, plan.to_dict(), plan.requests, is_small)


def _planned_profiles(call: Call, fetch: ProfilesFetch) -> Plan:
    """Nobody knows how many profiles there are before they come."""
    here = {table.name.lower() for table in call.workspace.tables()}
    if fetch.name.lower() in here and not fetch.replace:
        raise TableExistsError(fetch.name, hint="replace=true puts a new one in its place")
    quota = call.workspace.api.quota("query")
    facts = {
        "table": fetch.name,
        "queries": 1,
        "queries_left": quota.left,
        "pages": "one for each 1,000 profiles; the first counts as a query, the others are free",
    }
    return Plan(fetch, facts, 1, is_small=False)
