"""How far people get: through a funnel that is saved, or through any steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mixpanel_data.cli.app import App
from mixpanel_data.cli.asking import CountEntries, From, On, To, Top, Where, WindowUnit
from mixpanel_data.cli.reporting import Answer, Ask, here, report
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.text import listed

if TYPE_CHECKING:
    from mixpanel_data.queries import Exclusion, Step

app = App()

_OF_STEP = re.compile(r"\s*(\d+)\s*:\s*(.*)", re.DOTALL)
_BETWEEN = re.compile(r"\s*(\d+)\s*-\s*(\d+)\s*:\s*(.*)", re.DOTALL)


@app.command(
    examples="""
Examples:
  mp funnels                                    which are there?
  mp funnel 7509 --from 2026-02-01 --to 2026-02-28 --format table
  mp funnel 7509 --from 2026-02-01 --to 2026-02-28 --unit week --on '$browser'

Any steps, on fetched events:
  mp funnel --steps "View Item,Add To Cart,Purchase" \\
      --from 2026-02-01 --to 2026-02-28 --length 3 --format table
  mp funnel --steps "View Item,Purchase" --exclude "Support Ticket" \\
      --step-where '2: properties["amount"] > 9' \\
      --from 2026-02-01 --to 2026-02-28
"""
)
@report
def funnel(
    ask: Ask,
    from_date: From,
    to_date: To,
    funnel_id: Annotated[
        int | None, typer.Argument(metavar="ID", help="Id of a saved funnel; or name --steps.")
    ] = None,
    unit: Annotated[
        Literal["day", "week", "month", "range"],
        typer.Option(
            "--unit", metavar="UNIT", help="range: one funnel; day, week, month: one for each."
        ),
    ] = "range",
    on: On = None,
    where: Where = None,
    interval: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, help="A funnel for each so many days.")
    ] = None,
    length: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Time to convert; else as saved, or 7 for --steps."),
    ] = None,
    length_unit: Annotated[
        WindowUnit | None,
        typer.Option(metavar="UNIT", help="Of --length: second, minute, hour, else day."),
    ] = None,
    top: Top = None,
    steps: Annotated[
        list[str] | None, here(metavar="A,B", help="Events, in order, in place of a saved funnel.")
    ] = None,
    step_where: Annotated[
        list[str] | None,
        here(metavar="N:EXPR", help="Step N is only events that EXPR holds for. Repeatable."),
    ] = None,
    count: Annotated[CountEntries, here(metavar="COUNT", help="unique: users; total: entries.")] = (
        "unique"
    ),
    exclude: Annotated[
        list[str] | None,
        here(metavar="A,B", help="Events that throw a user out between any two steps."),
    ] = None,
    exclude_between: Annotated[
        list[str] | None,
        here(metavar="N-M:EVENT", help="The same, between steps N and M. Repeatable."),
    ] = None,
    grace_seconds: Annotated[
        float, here(metavar="SEC", min=0, help="Steps so close together may change places.")
    ] = 2,
    attribution: Annotated[
        Literal["first", "last"],
        here(metavar="STEP", help="Which step gives the value of --on: first or last."),
    ] = "first",
    window_end: Annotated[
        Literal["inclusive", "exclusive"],
        here(metavar="END", help="Is the last instant of --length in it? inclusive, exclusive."),
    ] = "inclusive",
    reuse_events: Annotated[
        bool, here("--reuse-events", help="One event may be several steps.")
    ] = False,
    no_clamp_times: Annotated[
        bool, here("--no-clamp-times", help="Time to a step that came before is below zero.")
    ] = False,
    where_applies: Annotated[
        Literal["every_step", "first_step"],
        here(metavar="STEPS", help="What --where filters: every_step, or first_step only."),
    ] = "every_step",
    buckets: Annotated[
        Literal["separate", "split"],
        here(metavar="HOW", help="With --unit: separate funnels, or one, split by day of entry."),
    ] = "separate",
) -> Answer:
    """Show how many get through the steps of a saved funnel, or through --steps.

    A user who enters in two days counts twice with --unit day, once with range.
    """
    from mixpanel_data.workspace import Workspace

    if length_unit and not length:
        raise InvalidArgumentError("--length-unit goes with --length", hint="--length 7")
    if isinstance(ask, Workspace):
        return ask.funnel(
            _saved(funnel_id), from_date, to_date, unit, on, where=where, interval=interval,
            length=length, length_unit=length_unit or ("day" if length else None), limit=top or 255,
        )  # fmt: skip
    return ask.funnel(
        _steps(funnel_id, steps, step_where or ()), from_date, to_date, unit, on, where,
        interval=interval, length=length or 7, length_unit=length_unit or "day",
        limit=top or 255, count=count, exclusions=_exclusions(exclude, exclude_between or ()),
        grace_seconds=grace_seconds, attribution=attribution, window_end=window_end,
        reuse_events=reuse_events, clamp_times=not no_clamp_times, where_applies=where_applies,
        buckets=buckets,
    )  # fmt: skip


def _saved(funnel_id: int | None) -> int:
    if funnel_id is None:
        raise InvalidArgumentError(
            "which funnel? ID and --steps are missing",
            hint="mp funnels lists saved ones; --steps 'Sign Up,Purchase' counts here",
        )
    return funnel_id


def _steps(funnel_id: int | None, events: list[str] | None, filters: Sequence[str]) -> list[Step]:
    """The steps, each with its filter."""
    from mixpanel_data.queries import Step

    if funnel_id is not None:
        raise InvalidArgumentError(
            f"funnel {funnel_id} is saved at Mixpanel, which counts it: no --steps, no --local",
            hint="leave out the ID, or all options of local reports",
        )
    if events is None:
        raise InvalidArgumentError(
            "a funnel that is counted here needs --steps", hint="--steps 'Sign Up,Purchase'"
        )
    steps = [Step(event) for event in listed(events, "--steps")]
    for text in filters:
        number, where = _parts(_OF_STEP, text, "--step-where", '2: properties["amount"] > 9')
        at = int(number) - 1
        if not 0 <= at < len(steps):
            raise InvalidArgumentError(
                f"--step-where: there is no step {number}", hint=f"the steps are 1..{len(steps)}"
            )
        if steps[at].where is not None:
            raise InvalidArgumentError(
                f"--step-where: step {number} has a filter already",
                hint="join the two with 'and'",
            )
        steps[at] = Step(steps[at].event, where)
    return steps


def _exclusions(events: list[str] | None, between: Sequence[str]) -> list[Exclusion]:
    from mixpanel_data.queries import Exclusion

    found = [Exclusion(name) for name in listed(events, "--exclude")] if events else []
    for text in between:
        after, before, event = _parts(_BETWEEN, text, "--exclude-between", "1-2: Support Ticket")
        found.append(Exclusion(event, after_step=int(after), before_step=int(before)))
    return found


def _parts(pattern: re.Pattern[str], text: str, option: str, example: str) -> Sequence[str]:
    match = pattern.fullmatch(text)
    if match is None:
        raise InvalidArgumentError(
            f"{option} {text!r} does not say of which step it is", hint=f"{option} '{example}'"
        )
    return match.groups()
