"""The stages of a funnel: the attempts that get to each step.

An attempt is named by the row of the event that it enters with. The next step is the first event
that may follow. Where a user enters once in a bucket, a hash join and a minimum find it; where
every event is an entry, that would compare all events of a user with each other, and an ASOF join
finds it: it stays fast where one user has a million events.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from mixpanel_data._internal.reports.calendar import Calendar, timestamp
from mixpanel_data._internal.reports.events import KEYS, Events, Expression, labels, passing
from mixpanel_data._internal.reports.text import deeper, one_of, seconds, select, where
from mixpanel_data.queries import Exclusion, LocalFunnel

MOMENT = "{'at': event_time, 'row': row_id}"
"""SQL of when an event was, which orders events of one instant as they are stored."""

_USES_FOUND = (
    "greatest(latest, found) AS latest",
    (
        "looks_back OR found.at < entry_time"
        " OR (found.at = entry_time AND found.row < entry_row) AS looks_back"
    ),
)
_NL = "\n"


def unit_of(query: LocalFunnel) -> str | int:
    """The bucket: a unit, or so many days."""
    return query.unit if query.interval is None else query.interval


class Stages:
    """The named queries of a funnel. Steps are counted from 1, as in their text."""

    def __init__(self, query: LocalFunnel, events: Events, calendar: Calendar) -> None:
        self.query = query
        self.events = events
        self.calendar = calendar
        self.numbers = range(1, len(query.steps) + 1)
        self.window = seconds(query.window_seconds)
        self.grace = seconds(query.grace_seconds)
        self.once = query.count == "unique" and query.on is None

    def named(self) -> dict[str, str]:
        """The events, and a stage for each step."""
        named = {
            self.events.several_times: self._read(),
            "stage_1 AS MATERIALIZED": self._entries(),
        }
        for number in self.numbers[1:]:
            if self.has_exclusions(number):
                named[f"thrown_{number} AS MATERIALIZED"] = self._thrown(number)
            named[f"found_{number} AS"] = self._found(number)
            named[f"stage_{number} AS MATERIALIZED"] = self._stage(number)
        return named

    # -- the events -----------------------------------------------------------------------------

    def _read(self) -> str:
        """Everything that may be a step, or throw out."""
        query = self.query
        early = timedelta(seconds=query.grace_seconds * (len(query.steps) - 1))
        late = timedelta(seconds=query.window_seconds)
        more: dict[str, Expression] = {}
        if query.on is not None:
            more["labels"] = labels(query.on)
        days = self.calendar.covers("e.event_time")
        filters = {
            f"step_{n}": passing(it.where, it.event, days if n == 1 else ())
            for n, it in enumerate(query.steps, 1)
        }
        if self._filters_entries:
            filters["where"] = passing(query.where, query.steps[0].event, days)
        for n, it in enumerate(query.exclusions, 1):
            filters[f"exclusion_{n}"] = passing(it.where, it.event)
        more |= {f"passes_{name}": passes for name, passes in filters.items() if passes}
        return self.events.select(
            KEYS,
            more,
            names=[it.event for it in query.steps] + [it.event for it in query.exclusions],
            conditions=[
                "e.distinct_id <> ''",
                f"e.event_time >= {timestamp(self.calendar.start - early)}",
                f"e.event_time < {timestamp(self.calendar.end + late)}",
            ],
            passes=None if self._filters_entries else passing(query.where),
        )

    def is_step(self, number: int) -> list[str]:
        """SQL conditions: an event is such a step."""
        step = self.query.steps[number - 1]
        filtered = [f"passes_step_{number}"] if step.where is not None else []
        if number == 1 and self._filters_entries:
            filtered.append("passes_where")
        return [one_of("event_name", [step.event]), *filtered]

    @property
    def _filters_entries(self) -> bool:
        """Whether `where` is a filter of the first step alone."""
        return self.query.where is not None and self.query.where_applies == "first_step"

    def has_exclusions(self, number: int) -> bool:
        """Whether an event may throw out on the way to a step."""
        return bool(self._exclusions(number))

    def is_exclusion(self, number: int) -> str:
        """SQL: whether an event throws out on the way to a step."""
        return f"({' OR '.join(_is_exclusion(*it) for it in self._exclusions(number))})"

    def _exclusions(self, number: int) -> list[tuple[int, Exclusion]]:
        """Those on the way to a step, with their place in the question."""
        return [
            (place, it)
            for place, it in enumerate(self.query.exclusions, 1)
            if it.after_step < number <= (it.before_step or len(self.query.steps))
        ]

    # -- from stage to stage --------------------------------------------------------------------

    def _entries(self) -> str:
        """The first stage: an entry each, or only the first one of each user and bucket."""
        unit = unit_of(self.query)
        bucket = f"{self.calendar.bucket(unit)} AS bucket"
        row, time = "row_id", "event_time"
        source = f"events{where(*self.is_step(1), *self.calendar.covers('event_time'))}"
        if self.once:
            split = self.query.buckets == "split"
            per = ["distinct_id"] if split else ["distinct_id", bucket]
            first = select(*per, f"min({MOMENT}) AS entry")
            source = f"(\n{deeper(f'{first}{_NL}FROM {source}{_NL}GROUP BY ALL')}\n)"
            row, time = "entry.row", "entry.at"
            bucket = f"{self.calendar.bucket(unit, time)} AS bucket" if split else "bucket"
        columns = select(
            f"{row} AS entry_row",
            "distinct_id",
            bucket,
            f"{time} AS entry_time",
            f"{time} AS last_time",
            f"{time} AS step_time",
            *([f"{row} AS row_1"] if 1 in self._compared else []),
            *([] if self.once else [f"{MOMENT} AS latest", "false AS looks_back"]),
            *([] if self.query.on is None else ["row_id AS step_row"]),
        )
        return f"{columns}\nFROM {source}"

    def _stage(self, number: int) -> str:
        """The attempts that get to a step, in time and without being thrown out before."""
        rows = [f"row_{step}" for step in range(1, number) if step in self._compared]
        rows += [f"found.row AS row_{number}"] if number in self._compared else []
        columns = select(
            "entry_row",
            "distinct_id",
            "bucket",
            "entry_time",
            "step_time AS last_time",
            "found.at AS step_time",
            *rows,
            *([] if self.once else _USES_FOUND),
            *([] if self.query.on is None else ["found.row AS step_row"]),
        )
        joined = f"{columns}\nFROM stage_{number - 1}\nJOIN found_{number} USING (entry_row)"
        if not self.has_exclusions(number):
            return joined
        thrown = f"LEFT JOIN thrown_{number} USING (entry_row)"
        return f"{joined}\n{thrown}\nWHERE out IS NULL OR out.at > found.at + {self.grace}"

    def _found(self, number: int) -> str:
        """The next step of each attempt that has one."""
        return self._first("found", number, self.is_step(number), self._used_steps(number))

    def _thrown(self, number: int) -> str:
        """What throws out first on the way to a step, of each attempt that has such an event."""
        condition = self.is_exclusion(number)
        return self._first("out", number, [condition], self._used_exclusions(number))

    def _first(self, name: str, number: int, conditions: list[str], used: list[int]) -> str:
        """For each attempt of the stage before, the first such event in time that is not used."""
        sign = "<=" if self.query.window_end == "inclusive" else "<"
        end = f"{sign} entry_time + {self.window}"
        if self.once:
            return self._by_minimum(name, number, conditions, used, end)
        return self._by_order(name, number, conditions, used, end)

    def _by_minimum(
        self, name: str, number: int, conditions: list[str], used: list[int], end: str
    ) -> str:
        columns = select("entry_row", f"min({MOMENT}) AS {name}")
        within = [
            "events.distinct_id = tried.distinct_id",
            f"event_time >= step_time - {self.grace}",
            f"event_time {end}",
            *(f"row_id <> row_{step}" for step in used),
        ]
        join = "JOIN events\nON " + "\nAND ".join(within)
        rows = f"{columns}\nFROM stage_{number - 1} AS tried\n{join}"
        return f"{rows}{where(*conditions)}\nGROUP BY entry_row"

    def _by_order(
        self, name: str, number: int, conditions: list[str], used: list[int], end: str
    ) -> str:
        chosen, event = "e.event", MOMENT
        if used:
            # The first of them may be used already; of the next few, one is not.
            rows = ", ".join(f"row_{step}" for step in used)
            chosen = f"list_filter(e.event, lambda it: it.row NOT IN ({rows}))[1]"
            event = (
                f"list({event}) OVER (PARTITION BY distinct_id ORDER BY event_time, row_id"
                f" ROWS BETWEEN CURRENT ROW AND {len(used)} FOLLOWING)"
            )
        candidates = select("distinct_id", f"{MOMENT} AS moment", f"{event} AS event")
        join = (
            f"ASOF JOIN (\n{deeper(f'{candidates}{_NL}FROM events{where(*conditions)}')}\n) AS e"
            "\nON e.distinct_id = tried.distinct_id"
            f"\nAND e.moment >= {{'at': step_time - {self.grace}, 'row': -1}}"
        )
        columns = select("entry_row", f"{chosen} AS {name}")
        return f"{columns}\nFROM stage_{number - 1} AS tried\n{join}\nWHERE ({chosen}).at {end}"

    def _used_steps(self, number: int) -> list[int]:
        """Earlier steps that may be the very event of this one."""
        if self.query.reuse_events:
            return []
        return self._alike(number, {self.query.steps[number - 1].event})

    def _used_exclusions(self, number: int) -> list[int]:
        """Earlier steps that may be an event that throws out on the way to this one."""
        return self._alike(number, {it.event for _, it in self._exclusions(number)})

    def _alike(self, number: int, names: set[str]) -> list[int]:
        return [n for n in range(1, number) if self.query.steps[n - 1].event in names]

    @cached_property
    def _compared(self) -> set[int]:
        """Steps whose row is asked for later."""
        return {
            step
            for number in self.numbers
            for step in (*self._used_steps(number), *self._used_exclusions(number))
        }

    def reached(self, *more: str, joined: str = "") -> str:
        """Each step of each attempt; with more columns, of those that something is joined to."""
        columns = [*more, "bucket", "entry_row", "entry_time", "last_time", "step_time"]
        return "\nUNION ALL\n".join(
            f"{select(*columns, f'{number} AS step')}\nFROM stage_{number}{joined}"
            for number in self.numbers
        )


def _is_exclusion(place: int, exclusion: Exclusion) -> str:
    named = one_of("event_name", [exclusion.event])
    return f"({named} AND passes_exclusion_{place})" if exclusion.where is not None else named
