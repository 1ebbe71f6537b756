"""Raw events and profiles: what Mixpanel is asked for, and how it becomes a table."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, field, fields
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries.checks import check_names, parse_date, parse_list
from mixpanel_data.queries.options import FromDate, ToDate
from mixpanel_data.queries.question import Converted, Option, Options, Question, question
from mixpanel_data.queries.written import Expression, expression

if TYPE_CHECKING:
    from mixpanel_data.types import FetchProgress, FetchResult
else:
    FetchProgress = Any  # looked up at run time, where the layer of the answers can't be imported

Mode = Literal["create", "append", "replace"]
"""What may be there before a fetch: no table, one that gets more days, one that is replaced."""

MAX_DAYS = 36_500
"""More than any project has, and still days of the calendar."""
MAX_EXPORT_LIMIT = 100_000
"""The most events one export may be limited to (export OpenAPI document)."""

MAX_CONCURRENCY = 100
"""The most exports that Mixpanel answers at once (rate limits of the Raw Data Export API)."""


def _optional_date(value: str | date | None, name: str) -> date | None:
    return None if value is None else parse_date(value, name)


def _days(values: Sequence[str | date] | None, name: str) -> tuple[date, ...]:
    listed = [values] if isinstance(values, str | date) else values or ()
    return tuple(sorted({parse_date(value, name) for value in listed}))


def _names(values: Sequence[str] | None, name: str) -> tuple[str, ...] | None:
    """Names, or None for all of them."""
    if values is None:
        return None
    names = parse_list(values, name)
    try:
        check_names(names, name)
    except InvalidArgumentError as error:
        error.hint = "leave it out to get all of them"
        raise
    return names


def _condition(value: Expression | None, name: str) -> str | None:
    text = expression(value, name)
    if text is not None and not text.strip():
        raise InvalidArgumentError(f"{name} is empty", hint="leave it out to get all of them")
    return text


def _objects(
    value: str | Sequence[dict[str, Any]] | None, name: str
) -> tuple[dict[str, Any], ...] | None:
    """Objects, or the JSON text of a list of them."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise InvalidArgumentError(f"{name} is not JSON: {error}") from None
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(it, dict) for it in value):
        raise InvalidArgumentError(
            f"{name} is not a list of objects",
            hint='[{"window": "30d", "name": "b1", "event_selectors": [{"event": "Purchase"}]}]',
        )
    return tuple(value)


BadLines = Literal["fail", "skip"]

Events = Annotated[
    Converted[Sequence[str] | None, tuple[str, ...] | None],
    Option("Only events with these names.", metavar="A,B"),
]
EventsWhere = Annotated[
    Converted[Expression | None, str | None],
    Option("Only events for which this expression is true.", metavar="EXPR"),
]
ProfilesWhere = Annotated[
    Converted[Expression | None, str | None],
    Option("Only profiles for which this expression is true.", metavar="EXPR"),
]
Limit = Annotated[
    int | None,
    Option(
        "The most events to fetch, in one request: a sample, not a page.",
        metavar="N",
        least=1,
        most=MAX_EXPORT_LIMIT,
    ),
]
Table = Annotated[str, Option("The name of the table.", metavar="NAME")]
Progress = Annotated[
    Callable[[FetchProgress], None] | None,
    Option("Called a few times a second with the rows and bytes so far."),
]
Replace = Annotated[bool, Option("Replace the table that exists with the new one, atomically.")]


@question
class Export(Question["Iterator[dict[str, Any]]"]):
    """Raw events of some days, both ends included.

    Days are in UTC, or in the project's time zone for projects created before 2023.
    """

    from_date: FromDate = Converted(parse_date)
    to_date: ToDate = Converted(parse_date)
    events: Events = Converted(_names, default=None)
    where: EventsWhere = Converted(_condition, default=None)
    _: KW_ONLY
    limit: Limit = None


@question
class EventsFetch(Question["FetchResult"]):
    """Fetch events into a table: all of them, or no change and an error.

    Days are in UTC, or in the project's time zone for projects created before 2023. What was
    downloaded before an error or an interrupt is kept beside the database; the same call resumes
    from it. Raises TableExistsError where the table exists and neither `append` nor `replace` is
    given, and IncompleteExportError where a day could not be downloaded as a whole.
    """

    name: Table = "events"
    from_date: Annotated[
        Converted[str | date | None, date | None],
        Option(
            "The first day, YYYY-MM-DD; with `append`, by default the day after the last one that"
            " was over when it was fetched.",
            flag="--from",
            metavar="DATE",
        ),
    ] = Converted(_optional_date, default=None)
    to_date: Annotated[
        Converted[str | date | None, date | None],
        Option(
            "The last day, YYYY-MM-DD, included; with `append`, by default yesterday.",
            flag="--to",
            metavar="DATE",
        ),
    ] = Converted(_optional_date, default=None)
    events: Events = Converted(_names, default=None)
    where: EventsWhere = Converted(_condition, default=None)
    progress: Progress = field(default=None, repr=False, compare=False)
    _: KW_ONLY
    limit: Limit = None
    append: Annotated[
        bool, Option("Add days to the table; days that it already has are fetched again.")
    ] = False
    replace: Replace = False
    lookback_days: Annotated[
        int,
        Option(
            "With `append`, the number of earlier days to fetch again, for late events.",
            flag="--lookback",
            metavar="DAYS",
            least=0,
            most=MAX_DAYS,
        ),
    ] = 0
    dedupe: Annotated[
        bool,
        Option("Leave out duplicates, by Mixpanel's key: event, distinct_id, time and $insert_id."),
    ] = True
    bad_lines: Annotated[
        BadLines,
        Option(
            "The effect of a line that can't be read: fail the fetch, or skip the line, which is"
            " counted by day.",
            metavar="fail|skip",
        ),
    ] = "fail"
    allow_gap: Annotated[
        Converted[Sequence[str | date] | None, tuple[date, ...]],
        Option("A day to leave out, such as one that can't be fetched.", metavar="DAY"),
    ] = Converted(_days, default=())
    window_days: Annotated[
        int | None,
        Option(
            "The days of one request; by default as the settings and the quota allow.",
            flag="--window",
            metavar="DAYS",
            least=1,
            most=MAX_DAYS,
        ),
    ] = None
    concurrency: Annotated[
        int | None,
        Option("The number of concurrent requests.", metavar="N", least=1, most=MAX_CONCURRENCY),
    ] = None
    max_wait: Annotated[
        float | None,
        Option(
            "The longest wait for the quota; a longer one is a RateLimitError.",
            metavar="SECONDS",
            least=0,
        ),
    ] = None
    flat: Annotated[
        bool | None,
        Option(
            "Whether to keep a flat table, with a typed column for each property; by default yes,"
            " and with `append` as the table has it."
        ),
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.append and self.replace:
            raise InvalidArgumentError("append and replace can't be combined", hint="choose one")
        if self.allow_gap and self.limit is not None:
            raise InvalidArgumentError("a limited fetch is a sample, from which no day is left out")

    @property
    def mode(self) -> Mode:
        """What may be there before."""
        return "append" if self.append else "replace" if self.replace else "create"

    def export(self, from_date: date | None, to_date: date | None) -> Export:
        """The events that it asks Mixpanel for."""
        return Export(
            parse_date(from_date, "from_date"),
            parse_date(to_date, "to_date"),
            self.events,
            self.where,
            limit=self.limit,
        )


@question
class _ProfileOptions(Options):
    """What narrows the profiles that Mixpanel is asked for (contract: /engage)."""

    _: KW_ONLY
    cohort_id: Annotated[
        int | None,
        Option("Only members of this saved cohort.", flag="--cohort", metavar="ID"),
    ] = None
    include_all_users: Annotated[
        bool | None,
        Option(
            "With `cohort_id`, also members without a profile, which is Mixpanel's default.",
            flag="--all-members/--with-profile",
        ),
    ] = None
    distinct_ids: Annotated[
        Converted[Sequence[str] | None, tuple[str, ...] | None],
        Option("Only the users with these distinct_ids.", flag="--user", metavar="A,B"),
    ] = Converted(_names, default=None)
    output_properties: Annotated[
        Converted[Sequence[str] | None, tuple[str, ...] | None],
        Option(
            "Only these properties, which is much faster than all.",
            flag="--properties",
            metavar="A,B",
        ),
    ] = Converted(_names, default=None)
    group: Annotated[
        str | None,
        Option("Profiles of this group key (its data_group_id), not of users.", metavar="ID"),
    ] = None
    behaviors: Annotated[
        Converted[str | Sequence[dict[str, Any]] | None, tuple[dict[str, Any], ...] | None],
        Option("Conditions on events that `where` refers to; not with a cohort.", metavar="JSON"),
    ] = Converted(_objects, default=None)
    as_of_timestamp: Annotated[
        int | None,
        Option(
            "The time at which `behaviors` are evaluated, in epoch seconds; needed for more than"
            " 1,000 profiles.",
            flag="--as-of",
            metavar="SECONDS",
        ),
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.behaviors is not None and self.cohort_id is not None:
            raise InvalidArgumentError(
                "behaviors and a cohort can't be combined", hint="ask for one of them"
            )
        if self.include_all_users is not None and self.cohort_id is None:
            raise InvalidArgumentError(
                "include_all_users only goes with a cohort", hint="give cohort_id too"
            )


@question
class Profiles(_ProfileOptions, Question["Iterator[dict[str, Any]]"]):
    """Profiles of users or groups."""

    where: ProfilesWhere = Converted(_condition, default=None)


@question
class ProfilesFetch(_ProfileOptions, Question["FetchResult"]):
    """Fetch profiles of users or groups into a table, one row per profile.

    All of them, or no change and an error. Raises TableExistsError where the table exists and
    `replace` is not given.
    """

    name: Table = "profiles"
    where: ProfilesWhere = Converted(_condition, default=None)
    progress: Progress = field(default=None, repr=False, compare=False)
    _: KW_ONLY
    replace: Replace = False
    flat: Annotated[
        bool, Option("Whether to keep a flat table, with a typed column for each property.")
    ] = True

    @property
    def mode(self) -> Mode:
        """What may be there before."""
        return "replace" if self.replace else "create"

    @property
    def query(self) -> Profiles:
        """The profiles that it asks Mixpanel for."""
        narrowed = {it.name: getattr(self, it.name) for it in fields(_ProfileOptions)}
        return Profiles(self.where, **narrowed)
