"""`%mp_fetch`: from Mixpanel into a table of the session's workspace."""

from __future__ import annotations

import re
from argparse import BooleanOptionalAction, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.text import listed
from mixpanel_magics import arguments
from mixpanel_magics.errors import shorten, shown_short
from mixpanel_magics.progress import fetching
from mixpanel_magics.session import OnSession
from mixpanel_magics.state.fetching import kept_windows

if TYPE_CHECKING:
    from mixpanel_data import Workspace
    from mixpanel_data.types import FetchPlan, FetchResult
    from mixpanel_magics.widgets.fetching import FetchForm

_ONLY = {
    "events": (
        "from", "to", "events", "limit", "append", "lookback", "plan", "dedupe", "window",
        "concurrency", "max_wait",
    ),
    "profiles": ("cohort", "all_members", "user", "properties", "group", "behaviors", "as_of"),
}  # fmt: skip
"""Options that go with one kind of table."""

_SWITCHES = ("append", "plan")

_Either = BooleanOptionalAction
"""`--flat` and `--no-flat`; None where neither is there."""


@magics_class
class FetchMagics(OnSession):
    """`%mp_fetch`."""

    @line_magic
    @needs_local_scope
    @no_var_expand
    @magic_arguments()
    @argument("type", nargs="?", choices=["events", "profiles"], help="What to fetch.")
    @argument("name", nargs="?", help="The table's name; what is fetched names it by default.")
    @argument("--from", metavar="DATE", help="First day: YYYY-MM-DD, or a Python expression.")
    @argument("--to", metavar="DATE", help="Last day, included.")
    @argument("--events", action="append", metavar="A,B", help="Only these; may be repeated.")
    @argument("--where", action="append", metavar="EXPR", help="Only what all of these hold for.")
    @argument("--limit", type=int, metavar="N", help="At most so many events: a sample.")
    @argument("--append", action="store_true", help="Add days; those there are come anew.")
    @argument("--lookback", type=int, metavar="DAYS", help="With --append, so many days again.")
    @argument("--replace", action="store_true", help="Swap the table for a new one, in one step.")
    @argument("--dedupe", action=_Either, help="Leave out copies of an event, or keep them.")
    @argument("--bad-lines", choices=["fail", "skip"], help="Lines that can't be read.")
    @argument("--allow-gap", action="append", metavar="DAY", help="A day to leave out.")
    @argument("--window", type=int, metavar="DAYS", help="Days per request.")
    @argument("--concurrency", type=int, metavar="N", help="Requests at once.")
    @argument("--max-wait", type=float, metavar="SECONDS", help="Longest wait for the quota.")
    @argument("--plan", "--dry-run", action="store_true", help="Only say what it costs.")
    @argument("--cohort", type=int, metavar="ID", help="Only profiles of this saved cohort.")
    @argument("--all-members", action="store_true", default=None, help="With --cohort: all.")
    @argument("--with-profile", action="store_false", dest="all_members", help="Or those alone.")
    @argument("--user", action="append", metavar="A,B", help="Only profiles of these distinct_ids.")
    @argument("--properties", action="append", metavar="A,B", help="Only these of profiles.")
    @argument("--group", metavar="ID", help="Profiles of this group key, not of users.")
    @argument("--behaviors", metavar="EXPR", help="Event conditions that --where refers to.")
    @argument("--as-of", type=int, metavar="SECONDS", help="Epoch at which they are judged.")
    @argument("--flat", action=_Either, help="Typed columns for properties, or JSON alone.")
    def mp_fetch(
        self, line: str, local_ns: dict[str, Any] | None = None
    ) -> FetchResult | FetchPlan | FetchForm:
        """Fetch events or user profiles into a table: all of them, or no change and an error.

        Run the same line again to resume an interrupted fetch. Without any
        argument it is a form, to fetch events with the mouse.

        Examples::

          %mp_fetch events --from 2026-01-01 --to 2026-01-31
          %mp_fetch events signups --from start --to end --events "Sign Up"
          %mp_fetch events --append
          %mp_fetch profiles --where 'properties["plan"] == "pro"' --replace
        """
        with shown_short():
            asked = arguments.parse(self.mp_fetch, line)
            workspace = self._session.workspace
            if not line.strip():
                return self._form(workspace)
            _check(asked)
            variables = {**self.shell.user_ns, **(local_ns or {})}
            if asked.type == "profiles":
                return self._profiles(workspace, asked, variables)
            return self._events(workspace, asked, variables)

    def _form(self, workspace: Workspace) -> FetchForm:
        from mixpanel_magics.widgets.fetching import FetchForm

        return self._session.show(FetchForm(workspace))

    def _events(
        self, workspace: Workspace, asked: Namespace, variables: dict[str, Any]
    ) -> FetchResult | FetchPlan:
        table = asked.name or "events"
        question: dict[str, Any] = {
            "name": table,
            "from_date": _day(vars(asked)["from"], variables, "--from"),
            "to_date": _day(asked.to, variables, "--to"),
            "events": _names(asked.events, "--events"),
            "where": _condition(asked.where),
            "limit": asked.limit,
            "append": asked.append,
            "replace": asked.replace,
            "lookback_days": asked.lookback or 0,
            "bad_lines": asked.bad_lines or "fail",
            "allow_gap": asked.allow_gap,
            "window_days": asked.window,
        }
        if asked.plan:
            return workspace.plan_events(**question)
        with _keeping(workspace, table), fetching(self.shell, workspace) as progress:
            return workspace.fetch_events(
                **question,
                progress=progress,
                dedupe=asked.dedupe is not False,
                concurrency=asked.concurrency,
                max_wait=asked.max_wait,
                flat=asked.flat,
            )

    def _profiles(
        self, workspace: Workspace, asked: Namespace, variables: dict[str, Any]
    ) -> FetchResult:
        behaviors = asked.behaviors
        if behaviors is not None:
            behaviors = arguments.evaluate(behaviors, variables, "--behaviors")
        with fetching(self.shell, workspace) as progress:
            return workspace.fetch_profiles(
                asked.name or "profiles",
                _condition(asked.where),
                progress,
                cohort_id=asked.cohort,
                include_all_users=asked.all_members,
                distinct_ids=_names(asked.user, "--user"),
                output_properties=_names(asked.properties, "--properties"),
                group=asked.group,
                behaviors=behaviors,
                as_of_timestamp=asked.as_of,
                replace=asked.replace,
                flat=asked.flat is not False,
            )


def _names(texts: list[str] | None, option: str) -> list[str] | None:
    return None if texts is None else listed(texts, option)


def _condition(texts: list[str] | None) -> str | None:
    """A single one as it is typed; several hold together."""
    from mixpanel_data.expressions import all_of

    return None if not texts else texts[0] if len(texts) == 1 else all_of(texts)


def _check(asked: Namespace) -> None:
    if asked.type is None:
        raise UsageError("what is to be fetched? %mp_fetch events …, or %mp_fetch profiles …")
    other = "profiles" if asked.type == "events" else "events"
    misplaced = [name for name in _ONLY[other] if _is_typed(vars(asked)[name], name)]
    if misplaced:
        option = misplaced[0].replace("_", "-")
        raise InvalidArgumentError(
            f"--{option} does not go with {asked.type}", hint="%mp_fetch? has examples"
        )
    missing = [name for name in ("from", "to") if vars(asked)[name] is None]
    if asked.type == "events" and missing and not asked.append:
        raise InvalidArgumentError(
            f"--{missing[0]} is missing",
            hint="%mp_fetch events --from 2026-01-01 --to 2026-01-31",
        )


def _is_typed(value: Any, name: str) -> bool:
    """True where an option is there; those of `_SWITCHES` are False where they are not."""
    return value is not None and not (value is False and name in _SWITCHES)


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
        if kept := kept_windows(workspace, table):
            shorten(error, f"interrupted; kept {kept} windows, run the same fetch to resume")
        raise
