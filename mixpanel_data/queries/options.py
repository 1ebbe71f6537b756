"""Options that several questions have."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from mixpanel_data.queries.question import Converted, Option
from mixpanel_data.queries.written import Expression

Unit = Literal["minute", "hour", "day", "week", "month"]
NumericUnit = Literal["hour", "day"]
CohortUnit = Literal["day", "week", "month"]
FunnelUnit = Literal["day", "week", "month", "range"]
"""Each bucket is a funnel of its own; "range" is one bucket for all days."""

WindowUnit = Literal["second", "minute", "hour", "day"]
WINDOW_SECONDS: dict[WindowUnit, int] = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}

CountType = Literal["general", "unique", "average"]
"""Total events, distinct users, or events per user."""

CountEntries = Literal["unique", "total"]

MAX_ROWS = 10_000
"""The most segments or values that an answer may be asked to have."""

Event = Annotated[str, Option("The name of the event.", metavar="EVENT")]
FromDate = Annotated[
    Converted[str | date, date],
    Option("The first day, YYYY-MM-DD.", flag="--from", metavar="DATE"),
]
ToDate = Annotated[
    Converted[str | date, date],
    Option("The last day, YYYY-MM-DD, included.", flag="--to", metavar="DATE"),
]
On = Annotated[
    Converted[Expression | None, str | None],
    Option("Break down by a property, or by an expression.", metavar="PROP"),
]
OnNumber = Annotated[
    Converted[Expression, str],
    Option("A property, or an expression, whose values are numbers.", metavar="PROP"),
]
Where = Annotated[
    Converted[Expression | None, str | None],
    Option("Count only events for which this expression is true.", metavar="EXPR"),
]
EventUnit = Annotated[
    Unit, Option("The time bucket: minute, hour, day, week or month.", metavar="UNIT")
]
Counted = Annotated[
    CountType,
    Option(
        "The number to show: general (events), unique (users) or average (events per user).",
        metavar="TYPE",
        is_basic=True,
    ),
]
Entries = Annotated[
    CountEntries,
    Option(
        "unique: each user counts once; total: each entry counts.", metavar="COUNT", is_basic=True
    ),
]
Segments = Annotated[
    int,
    Option(
        "The number of segments to show with `on`, largest first.",
        flag="--top",
        metavar="N",
        least=1,
        most=MAX_ROWS,
    ),
]
LengthUnit = Annotated[
    WindowUnit,
    Option("The unit of `length`: second, minute, hour or day.", metavar="UNIT", is_basic=True),
]
Names = Converted[Sequence[str], tuple[str, ...]]
