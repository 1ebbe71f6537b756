"""How far people get: through a funnel that is saved, or through any steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from mixpanel_data.cli.app import App
from mixpanel_data.cli.reporting import Asked, Asking, here, report
from mixpanel_data.exceptions import InvalidArgumentError

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
@report("Funnel", "LocalFunnel", arguments=["funnel_id"])
def funnel(
    asked: Asked,
    step_where: Annotated[
        list[str] | None,
        here(metavar="N:EXPR", help="Count step N only where EXPR is true. Repeatable."),
    ] = None,
    exclude_between: Annotated[
        list[str] | None,
        here(metavar="N-M:EVENT", help="As --exclude, between steps N and M. Repeatable."),
    ] = None,
) -> Asking:
    """Show how many users get through the steps of a saved funnel, or through --steps.

    A user who enters on two days counts twice with --unit day, once with range. The time to
    convert of --steps is 7 days unless --length is given.
    """
    options = asked.options
    funnel_id = options.pop("funnel_id", None)
    if "length_unit" in options and "length" not in options:
        raise InvalidArgumentError("--length-unit goes with --length", hint="--length 7")
    if not asked.is_local:
        if "length" in options:
            options.setdefault("length_unit", "day")
        return asked.question(funnel_id=_saved(funnel_id))
    return asked.question(
        steps=_steps(funnel_id, options.get("steps"), step_where or ()),
        exclusions=_exclusions(options.get("exclusions"), exclude_between or ()),
    )


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
    steps = [Step(event) for event in events]
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

    found = [Exclusion(name) for name in events or ()]
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
