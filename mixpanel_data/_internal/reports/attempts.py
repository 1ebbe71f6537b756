"""The attempts of a user at a funnel, one after the other.

The stages say how far each entry gets if it is the only one. Which entries count, and how far they
get, depends on earlier attempts: a new attempt begins after the exit of the last one, and an event
belongs to one attempt. A fold over the entries of a user, in order, decides both.

An attempt can meet events of an earlier one only where it looks back before its own entry, within
the grace. For users without such an attempt, the fold picks entries. For the others it computes each
attempt anew, without the events that are used, from lists of the user's events. A moment is the
time and row of an event, which orders events of one instant; a place is a position in the list of
moments, from 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from mixpanel_data._internal.reports.stages import MOMENT, Stages, unit_of
from mixpanel_data._internal.reports.text import deeper, seconds, select

_MICROSECOND = 1e-6
_MOST = 512
"""A fold copies the list that it makes at each entry: so many entries make a list of their own."""

_TYPE = 'STRUCT("at" TIMESTAMP, "row" BIGINT)'

_PEOPLE = """SELECT distinct_id
FROM ended
WHERE looks_back"""

_KEPT = """SELECT unnest(done) AS entry_row
FROM picked"""

_STEPS = """SELECT *, unnest(range(1, len(steps) + 1)) AS step
FROM (
    SELECT {person}, unnest(done) AS steps
    FROM computed
)"""

# What a fold knows: when the last attempt was over, and of each attempt, the row of its entry or the
# moments of its steps.
_PICKED = {"exit": f"NULL::{_TYPE}"}

# An attempt that is computed goes through operations, each of which reads what the one before left:
# it starts; for each step, it looks for the next event, and goes there; it ends. `over` is the exit
# of an attempt that did not get to the last step, `used` the events of attempts before.
_COMPUTED = {
    **_PICKED,
    "used": f"[]::{_TYPE}[]",
    "places": "[]::BIGINT[]",
    "next": "NULL::BIGINT",
    "out": "NULL::BIGINT",
    "over": f"NULL::{_TYPE}",
}
_START = 1


class Attempts:
    """The named queries that lead from the stages to `reached`: each step of each attempt."""

    def __init__(self, stages: Stages) -> None:
        self.stages = stages
        self.query = stages.query
        self.later = stages.numbers[1:]
        self.person = "distinct_id, bucket" if self.query.buckets == "separate" else "distinct_id"

    def named(self) -> dict[str, str]:
        """The queries, which read `events` and the stages."""
        named = {"ended AS MATERIALIZED": "\nUNION ALL\n".join(self._ended())}
        named["busy AS"] = (
            f"SELECT {self.person}\nFROM ended\nGROUP BY ALL\nHAVING count(*) > {_MOST}"
        )
        named["entries AS MATERIALIZED"] = self._entries()
        if self.later:
            named["places AS MATERIALIZED"] = self._places()
            named["people AS MATERIALIZED"] = self._people()
        named["picked AS"] = self._picked()
        named["kept AS MATERIALIZED"] = _KEPT
        if self.later:
            named["computed AS"] = self._computed()
        named["reached AS MATERIALIZED"] = self._reached()
        return named

    # -- each entry on its own ------------------------------------------------------------------

    def _ended(self) -> Iterator[str]:
        """Every entry, by the step that it gets to: what it uses, and when it is over."""
        for number in self.stages.numbers:
            last = number == self.stages.numbers[-1]
            thrown = not last and self.stages.has_exclusions(number + 1)
            over, back = "latest" if last else self._time_out("entry_time"), "looks_back"
            if thrown:
                over = f"CASE WHEN out IS NULL THEN {over} ELSE greatest(latest, out) END"
                back = f"{back} OR coalesce(out < entry, false) AS looks_back"
            columns = select(
                *self.person.split(", "),
                "{'at': entry_time, 'row': entry_row} AS entry",
                f"{over} AS exit",
                back,
            )
            rows = f"{columns}\nFROM stage_{number}"
            if thrown:
                rows += f"\nLEFT JOIN thrown_{number + 1} USING (entry_row)"
            yield rows if last else f"{rows}\nANTI JOIN stage_{number + 1} USING (entry_row)"

    def _time_out(self, entry: str) -> str:
        """The last moment of the window."""
        row = (1 << 63) - 1 if self.query.window_end == "inclusive" else -1
        return f"{{'at': {entry} + {self.stages.window}, 'row': {row}}}"

    def _entries(self) -> str:
        """The same in blocks; only users with many entries have more than one."""
        order = f"PARTITION BY {self.person} ORDER BY entry.at, entry.row"
        blocks = f"(row_number() OVER ({order}) - 1) // {_MOST}"
        return (
            f"SELECT *, NULL AS block\nFROM ended\nANTI JOIN busy USING ({self.person})\nUNION ALL\n"
            f"SELECT *, {blocks} AS block\nFROM ended\nSEMI JOIN busy USING ({self.person})"
        )

    # -- the events of users whose attempts look back -------------------------------------------

    def _places(self) -> str:
        """Events by place; for each, the first that may be its next step, and how far is near."""
        before = f"UNBOUNDED PRECEDING AND {seconds(self.query.grace_seconds + _MICROSECOND)}"
        columns = [
            "distinct_id",
            f"{MOMENT} AS moment",
            "row_number() OVER in_order AS place",
            f"{_count()} OVER (by_time RANGE {self._within()}) AS within",
        ]
        for name, condition in self._conditions():
            columns.append(f"{condition} AS is_{name}")
            count = f"{_count(f'is_{name}')} OVER (by_time RANGE BETWEEN {before} PRECEDING)"
            columns.append(f"1 + {count} AS first_{name}")
        if self.query.exclusions:
            after = f"UNBOUNDED PRECEDING AND {self.stages.grace} FOLLOWING"
            columns.append(f"{_count()} OVER (by_time RANGE BETWEEN {after}) AS near")
        window = (
            "WINDOW by_time AS (PARTITION BY distinct_id ORDER BY event_time),"
            " in_order AS (PARTITION BY distinct_id ORDER BY event_time, row_id)"
        )
        some = f"WHERE distinct_id IN (\n{deeper(_PEOPLE)}\n)"
        return f"{select(*columns)}\nFROM events\n{some}\n{window}"

    def _within(self) -> str:
        length = float(self.query.window_seconds)
        if self.query.window_end == "exclusive":
            length -= _MICROSECOND
        return f"BETWEEN UNBOUNDED PRECEDING AND {seconds(length)} FOLLOWING"

    def _conditions(self) -> Iterator[tuple[str, str]]:
        """What is looked for on the way to each step: the step, and what throws out before it."""
        for number in self.later:
            yield f"step_{number}", " AND ".join(self.stages.is_step(number))
            if self.stages.has_exclusions(number):
                yield f"out_{number}", self.stages.is_exclusion(number)

    def _people(self) -> str:
        lists = ["moment", "within", *(["near"] if self.query.exclusions else [])]
        columns = [f"list({it} ORDER BY place) AS {it}" for it in lists]
        for name, _ in self._conditions():
            columns.append(f"list(first_{name} ORDER BY place) AS first_{name}")
            columns.append(f"list(place ORDER BY place) FILTER (is_{name}) AS {name}")
        return f"{select('distinct_id', *columns)}\nFROM places\nGROUP BY distinct_id"

    # -- one after the other --------------------------------------------------------------------

    def _picked(self) -> str:
        """The attempts of users of whom none looks back: the first entry after each exit."""
        after = _state(_PICKED, "now", exit="it.exit", done="list_append(now.done, it.entry.row)")
        fold = f"CASE WHEN now.exit >= it.entry THEN now ELSE {after} END"
        others = "\nANTI JOIN people USING (distinct_id)" if self.later else ""
        entry = "{'entry': entry, 'exit': exit}"
        return self._fold(_PICKED, "BIGINT", fold, entry, f"FROM entries{others}")

    def _computed(self) -> str:
        """The attempts of the others, without the events that those before used."""
        last = 2 * self.later[-1] + 2
        operation = "{'entry': entry, 'operation': operation, 'place': place}"
        source = (
            "FROM (\n    SELECT *, unnest([{}]) AS operation\n    FROM entries\n"
            "    JOIN (SELECT moment AS entry, place FROM places) USING (entry)\n)"
        ).format(", ".join(map(str, self._operations())))
        reach = seconds(self.query.grace_seconds * len(self.later))
        start = self._state(
            used=f"list_filter(now.used, lambda event: event.at >= it.entry.at - {reach})",
            places="CASE WHEN now.exit >= it.entry THEN [] ELSE [it.place] END",
            over="NULL",
        )
        own = _moments("now.places")
        used = _moments("list_append(now.places, now.out)") if self.query.exclusions else own
        used = f"CASE WHEN now.out IS NULL THEN {own} ELSE {used} END"
        end = self._state(
            exit=f"coalesce(now.over, list_max({own}))",
            used=f"list_concat(now.used, {used})",
            done=f"list_append(now.done, {own})",
        )
        cases = [
            f"WHEN it.operation = {_START} THEN {start}",
            "WHEN len(now.places) = 0 THEN now",
            f"WHEN it.operation = {last} THEN {end}",
            "WHEN now.over IS NOT NULL THEN now",
            *(f"WHEN it.operation = {2 * it} THEN {self._look(it)}" for it in self.later),
            *self._go(),
        ]
        fold = "CASE\n" + "\n".join(cases) + "\nEND"
        return self._fold(
            _COMPUTED,
            f"{_TYPE}[]",
            fold,
            operation,
            source,
            "JOIN people USING (distinct_id)",
        )

    def _operations(self) -> list[int]:
        steps = [number for it in self.later for number in (2 * it, 2 * it + 1)]
        return [_START, *steps, 2 * self.later[-1] + 2]

    def _look(self, number: int) -> str:
        """Look for the next event of a step, and for what throws out on the way to it."""
        own = [] if self.query.reuse_events else ["now.places"]
        out = "NULL"
        if self.stages.has_exclusions(number):
            out = self._first(f"out_{number}", number, ["now.places"])
        return self._state(next=self._first(f"step_{number}", number, own), out=out)

    def _first(self, name: str, number: int, own: list[str]) -> str:
        """The place of the first such event that is left, from the grace before the last step on."""
        start = f"first_{name}[now.places[-1]]"
        few = f"{name}[{start}:{start} + len(now.used) + {number}]"
        left = ["NOT list_contains(now.used, moment[place])"]
        left += [f"NOT list_contains({places}, place)" for places in own]
        return f"list_filter({few}, lambda place: {' AND '.join(left)})[1]"

    def _go(self) -> Iterator[str]:
        """Go to the event that was looked for, if it comes in time and nothing throws out."""
        end = "within[it.place]"
        if self.query.exclusions:
            used = _moments("list_append(now.places, now.out)")
            throws = f"now.out <= {end} AND now.out <= coalesce(near[now.next], {end})"
            yield f"WHEN {throws} THEN {self._state(over=f'list_max({used})')}"
        gone = self._state(places="list_append(now.places, now.next)", out="NULL")
        yield f"WHEN now.next <= {end} THEN {gone}"
        yield f"ELSE {self._state(over=self._time_out('it.entry.at'), out='NULL')}"

    def _fold(self, new: dict[str, str], kind: str, fold: str, item: str, *source: str) -> str:
        """The attempts of each user, by a fold over items; in blocks, of which each has its list."""
        empty = _state(new, "now", done=f"[]::{kind}[]")
        block = f"list_reduce(block, lambda now, it:\n{deeper(fold)},\n{empty})"
        joined = _state(new, "b", done="list_concat(now.done, b.done)")
        whole = f"list_transform([{block}], lambda b: {joined})[1]"
        first = _state(new, None, done=f"[]::{kind}[]")
        folded = f"list_reduce(blocks, lambda now, block:\n{deeper(whole)},\n{first}).done AS done"
        read, *joins = source
        person = self.person.split(", ")
        items = f"list_sort(list({item}))"
        few = (
            f"{select(*person, f'[{items}] AS blocks')}\n{read}\nWHERE block IS NULL\nGROUP BY ALL"
        )
        block = f"{select(*person, 'block', f'{items} AS items')}\n{read}"
        block = f"{block}\nWHERE block IS NOT NULL\nGROUP BY ALL"
        many = select(*person, "list(items ORDER BY block) AS blocks")
        every = f"{few}\nUNION ALL\n{many}\nFROM (\n{deeper(block)}\n)\nGROUP BY ALL"
        after = "".join(f"\n{it}" for it in joins)
        return f"{select(*person, folded)}\nFROM (\n{deeper(every)}\n){after}"

    def _state(self, **changes: str) -> str:
        return _state(_COMPUTED, "now", **changes)

    # -- what was reached -----------------------------------------------------------------------

    def _reached(self) -> str:
        more = ["distinct_id", *(["step_row"] if self.query.on is not None else [])]
        reached = self.stages.reached(*more, joined="\nJOIN kept USING (entry_row)")
        if self.later:
            reached += f"\nUNION ALL\n{self._reached_anew()}"
        if self.query.on is None:
            return reached
        labels = "(SELECT row_id AS step_row, labels FROM events)"
        return f"SELECT *\nFROM (\n{deeper(reached)}\n)\nJOIN {labels} USING (step_row)"

    def _reached_anew(self) -> str:
        bucket = "bucket"
        if self.query.buckets == "split":
            bucket = self.stages.calendar.bucket(unit_of(self.query), "steps[1].at")
        columns = select(
            "distinct_id",
            *(["steps[step].row"] if self.query.on is not None else []),
            bucket,
            "steps[1].row",
            "steps[1].at",
            "steps[step - 1].at",
            "steps[step].at",
            "step",
        )
        return f"{columns}\nFROM (\n{deeper(_STEPS.format(person=self.person))}\n)"


def _state(fields: dict[str, str], before: str | None, **changes: str) -> str:
    """SQL of what a fold knows, from what it knew before; None at the beginning."""
    values = {
        name: f"{before}.{name}" if before else value
        for name, value in {**fields, "done": ""}.items()
    }
    return "{" + ", ".join(f"'{it}': {value}" for it, value in (values | changes).items()) + "}"


def _moments(places: str) -> str:
    return f"list_transform({places}, lambda place: moment[place])"


def _count(condition: str = "") -> str:
    return f"count(*) FILTER ({condition})" if condition else "count(*)"
