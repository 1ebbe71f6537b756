"""Hypothesis strategies for what Mixpanel may send."""

from __future__ import annotations

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
