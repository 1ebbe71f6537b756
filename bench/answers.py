"""The answers to the twenty questions, found in what the API sends and in what `mp` prints."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from bench.raw import Body

DAY = 86_400_000
FEBRUARY_ENDS = 1_772_323_200_000


def rows(text: str) -> list[list[str]]:
    """CSV without its header."""
    return list(csv.reader(text.splitlines()))[1:]


def counts(text: str) -> dict[str, int]:
    """CSV whose last two columns are a name and a number."""
    return {name: int(value) for *_, name, value in rows(text)}


def amounts(pairs: Iterable[tuple[str, float | str]]) -> dict[str, float]:
    return {name: round(float(value), 2) for name, value in pairs}


def events(body: Body) -> list[tuple[str, str, int, dict[str, Any]]]:
    """Event, user, milliseconds and properties, in order; copies are left out, as reports do."""
    found = {}
    for it in body.lines():
        its = it["properties"]
        insert_id = its.get("$insert_id", len(found))  # without one, an event is no copy
        key = (it["event"], its["distinct_id"], its["time"], insert_id)
        found[key] = (it["event"], str(its["distinct_id"]), its["time"], its)
    return sorted(found.values(), key=lambda it: it[2])


def by_user(body: Body) -> dict[str, list[tuple[str, int]]]:
    """What each user did and when, in order."""
    found = defaultdict(list)
    for event, user, time, _ in events(body):
        found[user].append((event, time))
    return found


def total(body: Body) -> float:
    return sum(body.json()["results"].values())


def wide(text: str) -> dict[str, dict[str, int]]:
    """By column, then by row, what is not 0."""
    header, *lines = csv.reader(text.splitlines())
    cells = [(header[i], line[0], int(line[i])) for line in lines for i in range(1, len(header))]
    return {
        name: {day: n for column, day, n in cells if column == name and n} for name in header[1:]
    }


def weekly(bodies: list[Body]) -> dict[str, float]:
    """Averages of weeks, from the sums and numbers of each day: Mixpanel averages days alone."""
    sums, numbers = bodies[0].json()["results"], bodies[1].json()["data"]["values"]["Purchase"]
    money, orders = Counter(), Counter()
    for day in numbers:
        monday = date.fromisoformat(day) - timedelta(date.fromisoformat(day).weekday())
        money[str(monday)] += sums.get(day, 0)
        orders[str(monday)] += numbers[day]
    return amounts((week, money[week] / orders[week]) for week in sorted(orders))


def conversion(body: Body, steps: tuple[str, ...], within: int) -> list[int]:
    """Users by step, by Mixpanel's rules: the first entry counts, and two seconds don't matter."""
    reached = Counter()
    for user, did in by_user(body).items():
        entries = [t for event, t in did if event == steps[0] and t < FEBRUARY_ENDS]
        if user and entries:
            reached.update(range(_depth(did, steps, entries[0], within)))
    return [reached[i] for i in range(len(steps))]


def _depth(did: list[tuple[str, int]], steps: tuple[str, ...], start: int, within: int) -> int:
    last = start
    for depth, step in enumerate(steps[1:], 1):
        after = [t for event, t in did if event == step and last - 2000 <= t <= start + within]
        if not after:
            return depth
        last = after[0]
    return len(steps)


def next_events(body: Body) -> dict[str, int]:
    """What users did right after they signed up."""
    did = Counter(
        after[0]
        for it in by_user(body).values()
        for before, after in pairwise(it)
        if before[0] == "Sign Up"
    )
    return dict(did.most_common(3))


def spenders(body: Body) -> dict[str, float]:
    spent = Counter()
    for _, user, _, its in events(body):
        spent[user] += its["amount"]
    return amounts(sorted(spent.items(), key=lambda it: (-round(it[1], 2), it[0]))[:10])


def days_to_buy(body: Body) -> float:
    """The median, of users who bought after they signed up."""
    found = []
    for did in by_user(body).values():
        since = [time for event, time in did if event == "Sign Up"]
        bought = [time for event, time in did if event == "Purchase" and since and time > since[0]]
        if bought:
            found.append((bought[0] - since[0]) / DAY)
    return round(median(found), 2)


def names(body: Body) -> list[str]:
    return sorted(body.json())


def as_json(text: str) -> Any:
    return json.loads(text)


def seen(text: str) -> list[str]:
    """Without the event that the Lexicon describes and nobody has sent: `mp` names that, too."""
    return [name for name in as_json(text) if name != "Refund"]
