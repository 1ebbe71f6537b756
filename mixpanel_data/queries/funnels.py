"""Questions for funnels: one that Mixpanel has saved, or steps of one's own."""

from collections.abc import Sequence
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Literal

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import check_number, check_text, parse_date, parse_list
from mixpanel_data.queries.local import LocalQuestion
from mixpanel_data.queries.options import (
    WINDOW_SECONDS,
    Entries,
    FromDate,
    FunnelUnit,
    LengthUnit,
    On,
    Segments,
    ToDate,
    Where,
    WindowUnit,
)
from mixpanel_data.queries.question import Converted, Option, Options, Question, question
from mixpanel_data.queries.written import Expression, expression

if TYPE_CHECKING:
    from mixpanel_data.types import FunnelResult


FunnelBuckets = Literal["separate", "split"]
WhereApplies = Literal["every_step", "first_step"]
MAX_SAVED_DAYS = 90
MAX_STEPS = 100
MAX_WINDOW_DAYS = 366

_Unit = Annotated[
    FunnelUnit,
    Option("range: one funnel of all days; day, week, month: one funnel for each.", metavar="UNIT"),
]
_Interval = Annotated[
    int | None,
    Option("One funnel for each so many days, in place of `unit`.", metavar="DAYS", least=1),
]


@question
class Funnel(Question["FunnelResult"]):
    """How many users get through the steps of a saved funnel that they enter in the range.

    With unit day, week or month each bucket is a funnel of its own, which a user may enter again.
    The name of the funnel costs one more query, once per workspace.
    """

    funnel_id: Annotated[int, Option("The id of a saved funnel.", metavar="ID")]
    from_date: FromDate = Converted(parse_date)
    to_date: ToDate = Converted(parse_date)
    unit: _Unit = "range"
    on: On = Converted(expression, default=None)
    _: KW_ONLY
    where: Where = Converted(expression, default=None)
    interval: _Interval = None
    length: Annotated[
        int | None,
        Option("The time to convert, in `length_unit`; else as saved.", metavar="N", least=1),
    ] = None
    length_unit: Annotated[
        WindowUnit | None,
        Option("The unit of `length`: second, minute, hour or day.", metavar="UNIT"),
    ] = None
    limit: Segments = 255

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_interval(self)
        if (self.length is None) != (self.length_unit is None):
            raise InvalidArgumentError(
                "length and length_unit go together", hint="length=7, length_unit='day'"
            )
        if self.length is not None and self.length_unit is not None:
            check_window(self.length, self.length_unit, MAX_SAVED_DAYS)


@question
class Step(Options):
    """An event that counts as a step of a funnel; `where` filters it, `label` renames it."""

    event: str
    where: Where = Converted(expression, default=None)
    label: str | None = None

    @classmethod
    def of(cls, value: "str | tuple[str, Expression] | Step") -> "Step":
        """A step as people write it: a name, or a name and a filter.

        >>> Step.of(("Purchase", 'properties["amount"] > 9')).event
        'Purchase'
        """
        if isinstance(value, Step):
            return value
        return cls(value) if isinstance(value, str) else cls(*value)

    def __post_init__(self) -> None:
        check_text(self.event, "event of a step")
        super().__post_init__()


@question
class Exclusion(Options):
    """An event that ends an attempt between two steps, counted from 1; None is the last step."""

    event: str
    where: Where = Converted(expression, default=None)
    after_step: int = 1
    before_step: int | None = None

    @classmethod
    def of(cls, value: "str | tuple[str, Expression] | Exclusion") -> "Exclusion":
        """An exclusion as people write it: a name, or a name and a filter."""
        if isinstance(value, Exclusion):
            return value
        return cls(value) if isinstance(value, str) else cls(*value)

    def __post_init__(self) -> None:
        check_text(self.event, "event of an exclusion")
        super().__post_init__()


Steps = Sequence[str | tuple[str, Expression] | Step]
Exclusions = Sequence[str | tuple[str, Expression] | Exclusion]


def _steps(values: Steps, name: str) -> tuple[Step, ...]:
    return tuple(Step.of(it) for it in parse_list(values, name))


def _exclusions(values: Exclusions, name: str) -> tuple[Exclusion, ...]:
    return tuple(Exclusion.of(it) for it in parse_list(values, name))


@question
class LocalFunnel(LocalQuestion, Question["FunnelResult"]):
    """How many users get through these steps, which they enter in the range.

    A step is the name of an event, or that and a filter: `("Purchase", 'properties["amount"] > 9')`.
    All steps are done in order within `length`. With unit day, week or month each bucket is a
    funnel of its own, which a user may enter again.
    """

    steps: Annotated[
        Converted[Steps, tuple[Step, ...]],
        Option("The events, in order.", metavar="A,B"),
    ] = Converted(_steps)
    from_date: FromDate = Converted(parse_date)
    to_date: ToDate = Converted(parse_date)
    unit: _Unit = "range"
    on: On = Converted(expression, default=None)
    where: Where = Converted(expression, default=None)
    _: KW_ONLY
    interval: _Interval = None
    length: Annotated[
        int,
        Option("The time to convert, in `length_unit`.", metavar="N", least=1, is_basic=True),
    ] = 7
    length_unit: LengthUnit = "day"
    limit: Segments = 255
    count: Entries = "unique"
    exclusions: Annotated[
        Converted[Exclusions, tuple[Exclusion, ...]],
        Option(
            "Events that end an attempt, between any two steps.", flag="--exclude", metavar="A,B"
        ),
    ] = Converted(_exclusions, default=())
    grace_seconds: Annotated[
        float,
        Option(
            "Steps within so many seconds may be in any order.",
            metavar="SEC",
            least=0,
            most=MAX_WINDOW_DAYS * 86_400,
        ),
    ] = 2
    attribution: Annotated[
        Literal["first", "last"],
        Option("The step that gives the value of `on`: first or last.", metavar="STEP"),
    ] = "first"
    window_end: Annotated[
        Literal["inclusive", "exclusive"],
        Option(
            "Whether a step at the very end of `length` counts: inclusive or exclusive.",
            metavar="END",
        ),
    ] = "inclusive"
    reuse_events: Annotated[bool, Option("Let one event be several steps.")] = False
    clamp_times: Annotated[
        bool, Option("Report 0 for the time to a step that came before the one it follows.")
    ] = True
    where_applies: Annotated[
        WhereApplies,
        Option(
            "The steps that `where` filters: every_step (and exclusions) or first_step.",
            metavar="STEPS",
        ),
    ] = "every_step"
    buckets: Annotated[
        FunnelBuckets,
        Option(
            "With `unit`: separate funnels, or one funnel, split by day of entry.", metavar="HOW"
        ),
    ] = "separate"

    def __post_init__(self) -> None:
        if not self.steps:
            raise InvalidArgumentError("a funnel needs steps", hint="steps=['Sign Up', 'Purchase']")
        if len(self.steps) > MAX_STEPS:
            raise InvalidArgumentError(
                f"a funnel has at most {MAX_STEPS} steps, not {len(self.steps)}"
            )
        super().__post_init__()
        _check_interval(self)
        check_window(self.length, self.length_unit, MAX_WINDOW_DAYS)
        for exclusion in self.exclusions:
            last = exclusion.before_step or len(self.steps)
            if not 1 <= exclusion.after_step < last <= len(self.steps):
                raise InvalidArgumentError(
                    f"exclusion {exclusion.event!r} is not between two steps of the funnel",
                    hint=f"the steps are 1..{len(self.steps)}",
                )

    @property
    def window_seconds(self) -> int:
        """The time to convert."""
        return self.length * WINDOW_SECONDS[self.length_unit]


def _check_interval(query: Funnel | LocalFunnel) -> None:
    """Buckets are a unit, or so many days."""
    if query.interval is None:
        return
    check_number(query.interval, "interval", 1, (query.to_date - query.from_date).days + 1)
    if query.unit != "range":
        raise InvalidArgumentError(
            "unit and interval can't be combined", hint="leave one of them out"
        )


def check_window(length: int, unit: WindowUnit, max_days: int) -> None:
    """A time to convert that Mixpanel would take."""
    check_number(length, "length", 1, max_days * WINDOW_SECONDS["day"] // WINDOW_SECONDS[unit])
