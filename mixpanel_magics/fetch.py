"""`%mp_fetch`: from Mixpanel into a table of the session's workspace."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_magics import arguments
from mixpanel_magics.errors import shorten, shown_short
from mixpanel_magics.progress import fetching

if TYPE_CHECKING:
    from mixpanel_data import Workspace
    from mixpanel_data.types import FetchPlan, FetchResult
    from mixpanel_magics.session import MixpanelSession

_ONLY = {
    "events": ("from", "to", "events", "limit", "append", "lookback", "plan"),
    "profiles": ("cohort", "properties"),
}
"""Options that go with one kind of table."""


@magics_class
class FetchMagics(Magics):
    """`%mp_fetch`."""

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell, session: MixpanelSession) -> None:
        super().__init__(shell)
        self._session = session

    @line_magic
    @needs_local_scope
    @no_var_expand
    @magic_arguments()
    @argument("type", choices=["events", "profiles"], help="What to fetch.")
    @argument("name", nargs="?", help="The table's name; what is fetched names it by default.")
    @argument("--from", metavar="DATE", help="First day: YYYY-MM-DD, or a Python expression.")
    @argument("--to", metavar="DATE", help="Last day, included.")
    @argument("--events", metavar="A,B", help="Only these events.")
    @argument("--where", metavar="EXPR", help="Only what this Mixpanel expression holds for.")
    @argument("--limit", type=int, metavar="N", help="At most so many events: a sample.")
    @argument("--append", action="store_true", help="Add days; those there are come anew.")
    @argument("--lookback", type=int, metavar="DAYS", help="With --append, so many days again.")
    @argument("--replace", action="store_true", help="Swap the table for a new one, in one step.")
    @argument("--plan", action="store_true", help="Only say what it costs of the quota.")
    @argument("--cohort", type=int, metavar="ID", help="Only profiles of this saved cohort.")
    @argument("--properties", metavar="A,B", help="Only these properties of profiles.")
    @argument("--no-flat", action="store_true", help="No typed columns for properties.")
    def mp_fetch(
        self, line: str, local_ns: dict[str, Any] | None = None
    ) -> FetchResult | FetchPlan:
        """Fetch events or user profiles into a table: all of them, or no change and an error.

        A fetch that was interrupted goes on where it was when it is run again.

        Examples::

          %mp_fetch events --from 2026-01-01 --to 2026-01-31
          %mp_fetch events signups --from start --to end --events "Sign Up"
          %mp_fetch events --append
          %mp_fetch profiles --where 'properties["plan"] == "pro"' --replace
        """
        with shown_short():
            asked = arguments.parse(self.mp_fetch, line)
            _check(asked)
            workspace = self._session.workspace
            if asked.type == "profiles":
                return self._profiles(workspace, asked)
            return self._events(workspace, asked, {**self.shell.user_ns, **(local_ns or {})})

    def _events(
        self, workspace: Workspace, asked: Namespace, variables: dict[str, Any]
    ) -> FetchResult | FetchPlan:
        table = asked.name or "events"
        question: dict[str, Any] = {
            "name": table,
            "from_date": _day(vars(asked)["from"], variables, "--from"),
            "to_date": _day(asked.to, variables, "--to"),
            "events": None if asked.events is None else arguments.names(asked.events, "--events"),
            "where": asked.where,
            "limit": asked.limit,
            "append": asked.append,
            "replace": asked.replace,
            "lookback_days": asked.lookback or 0,
        }
        if asked.plan:
            return workspace.plan_events(**question)
        with _keeping(workspace, table), fetching(self.shell, workspace) as progress:
            flat = False if asked.no_flat else None
            return workspace.fetch_events(**question, progress=progress, flat=flat)

    def _profiles(self, workspace: Workspace, asked: Namespace) -> FetchResult:
        wanted = asked.properties
        with fetching(self.shell, workspace) as progress:
            return workspace.fetch_profiles(
                asked.name or "profiles",
                asked.where,
                progress,
                cohort_id=asked.cohort,
                output_properties=None
                if wanted is None
                else arguments.names(wanted, "--properties"),
                replace=asked.replace,
                flat=not asked.no_flat,
            )


def _check(asked: Namespace) -> None:
    other = "profiles" if asked.type == "events" else "events"
    typed = {
        name for name, value in vars(asked).items() if value is not None and value is not False
    }
    misplaced = [name for name in _ONLY[other] if name in typed]
    if misplaced:
        raise InvalidArgumentError(
            f"--{misplaced[0]} does not go with {asked.type}", hint="%mp_fetch? has examples"
        )
    missing = [name for name in ("from", "to") if vars(asked)[name] is None]
    if asked.type == "events" and missing and not asked.append:
        raise InvalidArgumentError(
            f"--{missing[0]} is missing",
            hint="%mp_fetch events --from 2026-01-01 --to 2026-01-31",
        )


def _day(text: str | None, variables: dict[str, Any], option: str) -> Any:
    """A date as it is typed, or what an expression of the notebook gives."""
    if text is None or re.match(r"\d", text):
        return text
    return arguments.evaluate(text, variables, option)


@contextmanager
def _keeping(workspace: Workspace, table: str) -> Iterator[None]:
    """After an interrupt, say what the same fetch will not have to ask for again."""
    try:
        yield
    except KeyboardInterrupt as error:
        kept = sum(len(fetch.done) for fetch in workspace.fetches() if fetch.table == table)
        if kept:
            shorten(error, f"interrupted; kept {kept} windows, the same fetch goes on from there")
        raise
