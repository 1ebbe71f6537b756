"""The reports as an analyst writes them in pandas: the columns of all events are a DataFrame.

Naive, but fair: vectorised where pandas has a function for it. A funnel is a loop over the events
of each user, as it is mostly written; `funnel_by_joins` is the way of those who know better.
"""

from __future__ import annotations

from typing import Any

FIRST, LAST = "2026-01-01", "2026-03-01"
STEPS = ["Page View", "Sign Up", "Add To Cart", "Checkout", "Purchase"]
WINDOW = 7 * 86_400_000_000
GRACE = 2_000_000
"""Both in microseconds."""

Frame = Any
Attempt = tuple[str, int]
"""The value of the breakdown, and how many steps were done."""


def shown(ours: Any, expected: Any) -> Any:
    """What pandas found, as far as an answer shows it: intervals that have begun, 100 paths."""
    first = next(iter(ours), None)
    if isinstance(first, tuple):
        least = min(ours.values())
        return {path: n for path, n in expected.items() if n > least or path in ours}
    return {
        name: found[: len(ours[name])] if isinstance(found, list) else found
        for name, found in expected.items()
    }


def _pages(df: Frame) -> Frame:
    return df[df.event_name == "Page View"]


def segmentation(df: Frame) -> Any:
    pages = _pages(df)
    days = pages.groupby(pages.event_time.dt.floor("D")).size()
    return {"Page View": {f"{day:%Y-%m-%d}": count for day, count in days.items()}}


def unique_by_country(df: Frame) -> Any:
    pages = _pages(df)
    users = pages.groupby([pages.country, pages.event_time.dt.floor("D")]).distinct_id.nunique()
    return _nested(users)


def ranges(df: Frame) -> Any:
    pages = _pages(df)
    low = (pages.amount // 10 * 10).astype(int).clip(upper=100)
    found = _nested(pages.groupby([low, pages.event_time.dt.floor("D")]).size())
    return {f"{low} - {low + 10}": days for low, days in found.items()}


def total(df: Frame) -> Any:
    pages = _pages(df)
    days = pages.groupby(pages.event_time.dt.floor("D")).amount.sum()
    return {f"{day:%Y-%m-%d}": round(value, 4) for day, value in days.items()}


def average(df: Frame) -> Any:
    pages = _pages(df)
    days = pages.groupby(pages.event_time.dt.floor("D")).amount.mean()
    return {f"{day:%Y-%m-%d}": round(value, 4) for day, value in days.items()}


def _nested(counts: Frame) -> dict[Any, dict[str, int]]:
    found: dict[Any, dict[str, int]] = {}
    for (name, day), count in counts.items():
        found.setdefault(name, {})[f"{day:%Y-%m-%d}"] = count
    return found


def _attempts(df: Frame) -> list[list[Attempt]]:
    """The attempts of each user, one after the other's exit."""
    steps = df[df.event_name.isin(STEPS)].sort_values("event_time")
    steps = steps.assign(at=steps.event_time.astype("datetime64[us]").astype("int64"))
    if "country" not in steps:
        steps = steps.assign(country="")
    users = []
    for _, own in steps.groupby("distinct_id", sort=False):
        names, times, countries = (list(own[it]) for it in ("event_name", "at", "country"))
        attempts: list[Attempt] = []
        exit_at = -1
        for entry, name in enumerate(names):
            if name == STEPS[0] and times[entry] > exit_at:
                done = _follow(names, times, entry)
                attempts.append((countries[entry], len(done)))
                whole = len(done) == len(STEPS)
                exit_at = max(times[it] for it in done) if whole else times[entry] + WINDOW
        users.append(attempts)
    return users


def _follow(names: list[str], times: list[int], entry: int) -> list[int]:
    """The events that are the steps of an attempt, by their places."""
    done = [entry]
    for step in STEPS[1:]:
        for place, at in enumerate(times):
            in_time = times[done[-1]] - GRACE <= at <= times[entry] + WINDOW
            if in_time and names[place] == step and place not in done:
                done.append(place)
                break
        else:
            break
    return done


def _reached(attempts: list[Attempt]) -> list[int]:
    return [sum(done >= step for _, done in attempts) for step in range(1, len(STEPS) + 1)]


def funnel(df: Frame) -> Any:
    return {"$overall": _reached([tried[0] for tried in _attempts(df) if tried])}


def funnel_total(df: Frame) -> Any:
    return {"$overall": _reached([attempt for tried in _attempts(df) for attempt in tried])}


def funnel_by_country(df: Frame) -> Any:
    everyone = []
    segments: dict[str, list[Attempt]] = {}
    for tried in _attempts(df):
        everyone += tried[:1]
        first: dict[str, Attempt] = {}
        for country, done in tried:
            first.setdefault(country, (country, done))
        for country, attempt in first.items():
            segments.setdefault(country, []).append(attempt)
    return {"$overall": _reached(everyone), **{it: _reached(own) for it, own in segments.items()}}


def funnel_by_joins(df: Frame) -> Any:
    import pandas as pd

    first = df[df.event_name == STEPS[0]].groupby("distinct_id").event_time.min()
    current = pd.DataFrame({"start": first, "last": first}).reset_index()
    counts = [len(current)]
    for step in STEPS[1:]:
        events = df.loc[df.event_name == step, ["distinct_id", "event_time"]]
        near = current.merge(events, on="distinct_id")
        near = near[
            (near.event_time >= near["last"] - pd.Timedelta(seconds=2))
            & (near.event_time <= near.start + pd.Timedelta(days=7))
        ]
        users = near.groupby("distinct_id")
        current = users.agg(start=("start", "first"), last=("event_time", "min")).reset_index()
        counts.append(len(current))
    return {"$overall": counts}


def retention(df: Frame) -> Any:
    born = df[df.event_name == "Sign Up"].groupby("distinct_id").event_time.min()
    return _returns(df, born.rename("start").reset_index())


def compounded(df: Frame) -> Any:
    pages = _pages(df)
    born = pages.groupby(["distinct_id", pages.event_time.dt.floor("D").rename("day")])
    return _returns(df, born.event_time.min().rename("start").reset_index())


def _returns(df: Frame, members: Frame) -> Any:
    import pandas as pd

    members["day"] = members.start.dt.floor("D")
    pages = _pages(df)[["distinct_id", "event_time"]]
    both = members.merge(pages, on="distinct_id")
    both = both[both.event_time > both.start]
    both["number"] = (both.event_time - both.start) // pd.Timedelta(days=1)
    both = both[both.number <= 30].drop_duplicates(["day", "distinct_id", "number"])
    table = both.pivot_table(index="day", columns="number", aggfunc="size", fill_value=0)
    table = table.reindex(columns=range(31), fill_value=0)
    table = table.reindex(pd.date_range(FIRST, LAST), fill_value=0)
    return {f"{day:%Y-%m-%d}": list(counts) for day, counts in table.iterrows()}


def frequency(df: Frame) -> Any:
    import pandas as pd

    pages = _pages(df)[["distinct_id", "event_time"]]
    day = pages.event_time.dt.floor("D")
    week = day - pd.to_timedelta(day.dt.weekday, unit="D")
    slots = pages.assign(day=day, week=week).drop_duplicates(["distinct_id", "day"])
    active = slots.groupby(["week", "distinct_id"]).size().reset_index(name="slots")
    found = active.pivot_table(index="week", columns="slots", aggfunc="size", fill_value=0)
    found = found.reindex(columns=range(1, 8), fill_value=0)
    at_least = found.iloc[:, ::-1].cumsum(axis=1).iloc[:, ::-1]
    return {f"{week:%Y-%m-%d}": list(counts) for week, counts in at_least.iterrows()}


def flows(df: Frame) -> Any:
    import pandas as pd

    events = df.sort_values(["distinct_id", "event_time"])
    again = events.groupby("distinct_id").event_name.shift() == events.event_name
    events = events[~again]
    users = events.groupby("distinct_id")
    after = {}
    for number in (1, 2, 3):
        near = users.event_time.shift(-number) - events.event_time <= pd.Timedelta(days=7)
        after[f"after_{number}"] = users.event_name.shift(-number).where(near)
    events = events.assign(**after)
    starts = events[events.event_name == "Sign Up"].drop_duplicates("distinct_id")
    paths = starts.groupby([*after], dropna=False).size()
    return {
        ("Sign Up", *(name for name in path if isinstance(name, str))): int(count)
        for path, count in paths.items()
    }
