"""Hypothesis strategies for what users do: ties, repeats, inversions, clock changes, month ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

NAMES = ("A", "B", "C", "D")
USERS = ("u1", "u2", "u3", "")
MOMENTS = {
    "UTC": datetime(2024, 1, 31, 22, tzinfo=UTC),
    "Europe/Berlin": datetime(2024, 3, 30, 22, tzinfo=UTC),
    "America/New_York": datetime(2024, 11, 3, 3, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2024, 4, 6, 13, tzinfo=UTC),
    "Asia/Kathmandu": datetime(2024, 2, 28, 17, tzinfo=UTC),
    "America/Santiago": datetime(2024, 9, 8, 3, tzinfo=UTC),
}
"""A zone, and an instant when something is about to change there: its clock, a month, a week."""

SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000
FAST = (0, 0, 1, SECOND, 2 * SECOND, 2 * SECOND + 1, 3 * SECOND, -SECOND, -3 * SECOND, HOUR // 2)
BATCH = (0, 0, 0, SECOND, SECOND, 2 * SECOND, -SECOND)
"""Second precision: several events of one instant, several instants within two seconds."""

STEADY = (*FAST, HOUR - 1, HOUR, 5 * HOUR, DAY - SECOND, DAY)
STEPS = (*STEADY, DAY, 2 * DAY, 7 * DAY, 30 * DAY)
numbers = st.sampled_from([0, 1, -1, 5, 10, 99, 100, 2.5, 0.1, 0.30000000000000004, 1e6, -7])
texts = st.sampled_from(["x", "y", "x\n  'y", "5", "", "ü", "true", "$overall"])
plain = numbers | texts | st.booleans() | st.none()
repeating = st.sampled_from(
    [[1, "1", 1.0], ["x", "x"], ["x", "y", "x"], [None, None], [True, "true"]]
)
values = plain | st.lists(plain, max_size=3) | repeating
casts = st.sampled_from([USERS[:1], USERS[:1], USERS[:2], (*USERS, None)])
"""Who takes part: what a report does with one user is rarely seen where many share few events."""

plots = st.sampled_from([NAMES[:2], NAMES[:3], NAMES])
"""What happens. Questions ask for any of `NAMES`, most often for the first of them."""

asked_names = st.sampled_from([*NAMES, "A", "A", "A", "B", "B"])
genders = st.fixed_dictionaries({}, optional={"plan": plain, "age": numbers})


@dataclass(frozen=True)
class Past:
    """All events of a few users around an instant, as an export sends them, and their profiles."""

    zone: str
    events: list[dict[str, Any]]
    users: dict[str, dict[str, Any]]
    first: date
    last: date

    @property
    def days(self) -> dict[str, date]:
        return {"from_date": self.first, "to_date": self.last}


@st.composite
def pasts(draw: st.DrawFn, most: int = 14) -> Past:
    """Events at steps of an instant to a month, forwards and a little backwards.

    At a fast pace they stay within hours, at a slow one most are weeks after the range.
    """
    zone = draw(st.sampled_from(sorted(MOMENTS)))
    at = round(MOMENTS[zone].timestamp() * 1000)
    cast, plot = draw(casts), draw(plots)
    paces = draw(st.sampled_from([BATCH, FAST, STEADY, STEADY, STEPS]))
    events = []
    least = draw(st.sampled_from([0, most // 2, most // 2]))
    for number in range(draw(st.integers(least, most))):
        at += draw(st.sampled_from(paces))
        properties: dict[str, Any] = {"time": at, "$insert_id": f"i{number}"}
        user = draw(st.sampled_from(cast))
        if user is not None:
            properties["distinct_id"] = user
        properties |= draw(st.fixed_dictionaries({}, optional={"p": values, "q": plain}))
        events.append({"event": draw(st.sampled_from(plot)), "properties": properties})
    users = draw(st.dictionaries(st.sampled_from(USERS[:3]), genders, max_size=3))
    today = MOMENTS[zone].astimezone(ZoneInfo(zone)).date()
    first = today + timedelta(days=draw(st.sampled_from([-2, -1, -1, 0, 0, 0, 0, 1])))
    return Past(
        zone,
        events,
        users,
        first,
        first + timedelta(days=draw(st.sampled_from([40, 7, 7, 2, 2, 1, 0]))),
    )


wheres = st.none() | st.sampled_from(
    [
        'defined(properties["p"])',
        'defined(properties["p"])',
        'properties["p"] > 1',
        'properties["p"] == "x"',
        'not defined(properties["q"])',
        '"x" in properties["p"]',
        'user["plan"] == "x" or properties["q"] == true',
        'number(properties["q"]) >= 5 and properties["$time"] > 0',
        'properties["p"] != null',
        'properties["p"] == "x\n  \'y"',
        'properties["$distinct_id"] != "u2" and user["$distinct_id"] != "u3"',
    ]
)
ons = st.sampled_from(
    [
        "p",
        "q",
        'user["plan"]',
        'user["plan"]',
        'properties["p"] == 5',
        'number(properties["q"])',
        'user["plan"] == properties["q"]',
        "$distinct_id",
        'user["$distinct_id"]',
    ]
)
EARLY, LATE = datetime(2024, 1, 1), datetime(2025, 1, 1)
