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

_MOMENT = "{'at': event_time, 'row': row_id}"
_NL = "\n"
_NO_VALUE = "(['undefined'], ['null'])"


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
        self.has_labels = query.on is not None
        self.once = query.count == "unique" and not self.has_labels

    def named(self) -> dict[str, str]:
        """The events, and a stage for each step."""
        named = {
            self.events.several_times: self._read(),
            "stage_1 AS MATERIALIZED": self._entries(),
        }
        for number in self.numbers[1:]:
            if self._exclusions(number):
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

    def _is_step(self, number: int) -> list[str]:
        step = self.query.steps[number - 1]
        filtered = [f"passes_step_{number}"] if step.where is not None else []
        if number == 1 and self._filters_entries:
            filtered.append("passes_where")
        return [one_of("event_name", [step.event]), *filtered]

    @property
    def _filters_entries(self) -> bool:
        """Whether `where` is a filter of the first step alone."""
        return self.query.where is not None and self.query.where_applies == "first_step"

    def _exclusions(self, number: int) -> list[tuple[int, Exclusion]]:
        """Those on the way to a step, with their place in the question."""
        return [
            (place, it)
            for place, it in enumerate(self.query.exclusions, 1)
            if it.after_step < number <= (it.before_step or len(self.query.steps))
        ]

    @property
    def _event(self) -> str:
        """An event as a step: when and which, and what it is called in a breakdown."""
        called = ", 'labels': labels" if self.has_labels else ""
        return f"{{'at': event_time, 'row': row_id{called}}}"

    # -- from stage to stage --------------------------------------------------------------------

    def _entries(self) -> str:
        """The first stage: an entry each, or only the first one of each user and bucket."""
        unit = unit_of(self.query)
        bucket = f"{self.calendar.bucket(unit)} AS bucket"
        row, time = "row_id", "event_time"
        source = f"events{where(*self._is_step(1), *self.calendar.covers('event_time'))}"
        if self.once:
            split = self.query.buckets == "split"
            per = ["distinct_id"] if split else ["distinct_id", bucket]
            first = select(*per, f"min({_MOMENT}) AS entry")
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
            *([] if self.once else [f"{time} AS latest_time"]),
            *(["labels"] if self.has_labels else []),
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
            *([] if self.once else ["greatest(latest_time, found.at) AS latest_time"]),
            *(["found.labels AS labels"] if self.has_labels else []),
        )
        joined = f"{columns}\nFROM stage_{number - 1}\nJOIN found_{number} USING (entry_row)"
        if not self._exclusions(number):
            return joined
        thrown = f"LEFT JOIN thrown_{number} USING (entry_row)"
        return f"{joined}\n{thrown}\nWHERE out IS NULL OR out.at > found.at + {self.grace}"

    def _found(self, number: int) -> str:
        """The next step of each attempt that has one."""
        return self._first("found", number, self._is_step(number), self._used_steps(number))

    def _thrown(self, number: int) -> str:
        """What throws out first on the way to a step, of each attempt that has such an event."""
        condition = " OR ".join(_is_exclusion(*it) for it in self._exclusions(number))
        return self._first("out", number, [f"({condition})"], self._used_exclusions(number))

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
        columns = select("entry_row", f"min({self._event}) AS {name}")
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
        chosen, event = "e.event", self._event
        if used:
            # The first of them may be used already; of the next few, one is not.
            rows = ", ".join(f"row_{step}" for step in used)
            chosen = f"list_filter(e.event, lambda it: it.row NOT IN ({rows}))[1]"
            event = (
                f"list({event}) OVER (PARTITION BY distinct_id ORDER BY event_time, row_id"
                f" ROWS BETWEEN CURRENT ROW AND {len(used)} FOLLOWING)"
            )
        candidates = select("distinct_id", f"{_MOMENT} AS moment", f"{event} AS event")
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

    # -- what became of the attempts ------------------------------------------------------------

    def ended(self) -> str:
        """Every attempt, and when it is over: with its last step, an exclusion, or its time."""
        thrown = [
            f"SELECT entry_row, out.at AS exit\nFROM thrown_{number}"
            f"\nANTI JOIN stage_{number} USING (entry_row)"
            for number in self.numbers
            if self._exclusions(number)
        ]
        over = [
            f"SELECT entry_row, latest_time AS exit\nFROM stage_{self.numbers[-1]}",
            *thrown,
        ]
        time_out = f"coalesce(exit, entry_time + {self.window})"
        columns = select(
            "entry_row",
            "distinct_id",
            "bucket",
            "entry_time",
            f"greatest(entry_time, {time_out}) AS exit",
        )
        union = "\nUNION ALL\n".join(over)
        return f"{columns}\nFROM stage_1\nLEFT JOIN (\n{deeper(union)}\n) USING (entry_row)"

    def called(self) -> str:
        """The value of each attempt at the first (or last) step that has one, else at its entry."""
        every = "\nUNION ALL\n".join(
            f"SELECT entry_row, {number} AS step, labels FROM stage_{number}"
            for number in self.numbers
        )
        function = "arg_min" if self.query.attribution == "first" else "arg_max"
        defined = f"{function}(labels, step) FILTER (labels NOT IN {_NO_VALUE})"
        columns = select("entry_row", f"coalesce({defined}, arg_min(labels, step)) AS labels")
        return f"{columns}\nFROM (\n{deeper(every)}\n)\nGROUP BY entry_row"


def _is_exclusion(place: int, exclusion: Exclusion) -> str:
    named = one_of("event_name", [exclusion.event])
    return f"({named} AND passes_exclusion_{place})" if exclusion.where is not None else named
