"""Hypothesis strategies for what Mixpanel may send."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = texts.filter(lambda text: text != "" and not text.startswith("_"))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**30), max_value=10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
reserved = {"time", "distinct_id", "$insert_id"}


@st.composite
def events(draw: st.DrawFn) -> dict:
    """An event as the export sends it, with the oddities that real projects have."""
    properties = draw(
        st.dictionaries(texts.filter(lambda key: key not in reserved), values, max_size=5)
    )
    properties["time"] = draw(st.integers(min_value=946_684_800_000, max_value=4_102_444_799_999))
    if draw(st.booleans()):
        properties["distinct_id"] = draw(texts | st.integers())
    if draw(st.booleans()):
        properties["$insert_id"] = draw(st.uuids().map(str))
    return {"event": draw(texts), "properties": properties}


clashing = st.sampled_from(
    [
        "a",
        "A",
        "b",
        "B",
        "c",
        "distinct_id",
        "Insert_ID",
        "event_name",
        "$insert_id",
        "x y",
        'q"',
        "",
    ]
) | texts.filter(lambda name: name != "time")
odd_numbers = st.integers(-3, 3) | st.sampled_from(
    [2**53, 10**15, 2**63 - 1, 2**63, 10**30, 0.5, 5.0, -0.0, 1e22, 1e-7, 1e15, 123456.75]
)
odd_values = st.sampled_from([None, True, False]) | odd_numbers | values


@st.composite
def histories(draw: st.DrawFn) -> list[dict]:
    """Events of three days whose properties repeat: of one kind, of two, or of any."""
    kinds = draw(st.dictionaries(clashing, st.sampled_from([odd_numbers, texts, odd_values])))
    events = []
    for number in range(draw(st.integers(0, 8))):
        properties = {name: draw(kind) for name, kind in kinds.items() if draw(st.booleans())}
        at = datetime(2024, 1, 1) + timedelta(days=draw(st.integers(0, 2)), seconds=number)
        properties["time"] = int((at - datetime(1970, 1, 1)).total_seconds() * 1000)
        events.append({"event": draw(st.sampled_from(["p", "q", ""])), "properties": properties})
    return events
