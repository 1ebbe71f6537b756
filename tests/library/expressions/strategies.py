"""Expressions and values for hypothesis."""

from __future__ import annotations

import functools

from hypothesis import strategies as st

from mixpanel_data._internal.expressions import UNDEFINED, nodes
from mixpanel_data._internal.expressions.functions import FUNCTIONS
from mixpanel_data._internal.expressions.parser import SOURCES

VARIABLES = ("X", "item", "_other", "order", "nothing", "inner")

texts = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ['"', "\\", '\\"', "it's", "a\nb", "\u2028", "é🎈", 'properties["x"]', "\\n", ""]
)
literals = st.one_of(
    st.integers(min_value=0, max_value=10**25).map(nodes.Number),
    st.floats(min_value=0, allow_infinity=False, allow_nan=False).map(abs).map(nodes.Number),
    texts.map(nodes.String),
    st.booleans().map(nodes.Boolean),
    st.just(nodes.Null()),
    st.just(nodes.Undefined()),
    st.builds(nodes.Property, st.sampled_from(SOURCES), texts),
)


@functools.cache
def expressions(
    variables: tuple[str, ...] = (),
    depth: int = 4,
    leaves: st.SearchStrategy[nodes.Node] = literals,
) -> st.SearchStrategy[nodes.Node]:
    """Trees of the event dialect; `variables` are the names that `any()` has given so far."""
    ends = leaves | st.sampled_from(variables).map(nodes.Variable) if variables else leaves
    if depth == 0:
        return ends
    inner = st.deferred(lambda: expressions(variables, depth - 1, leaves))
    many = st.lists(inner, min_size=2, max_size=3).map(tuple)
    calls = st.sampled_from(sorted(FUNCTIONS)).flatmap(
        lambda name: st.builds(
            nodes.Call,
            st.just(name),
            st.lists(inner, min_size=FUNCTIONS[name].least, max_size=FUNCTIONS[name].most).map(
                tuple
            ),
        )
    )
    any_items = st.sampled_from(VARIABLES).flatmap(
        lambda name: st.builds(
            nodes.AnyItem, st.just(name), inner, expressions((*variables, name), depth - 1, leaves)
        )
    )
    comparisons = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "not in"])
    return st.one_of(
        ends,
        st.builds(nodes.Not, inner),
        st.builds(nodes.Negate, inner),
        st.builds(nodes.Arithmetic, st.sampled_from("+-*/%"), inner, inner),
        st.builds(nodes.Compare, comparisons, inner, inner),
        many.map(nodes.And),
        many.map(nodes.Or),
        st.lists(inner, max_size=3).map(tuple).map(nodes.ListOf),
        calls,
        any_items,
    )


numbers = st.one_of(
    st.integers(-5, 5), st.integers(-(2**53), 2**53), st.floats(-1e300, 1e300, allow_nan=False)
)
dates = st.sampled_from(
    ["2024-01-01", "2024-01-01T00:00:00", "2024-01-01 00:00:01", "2023-12-31T23:59:59", "2024"]
)
scalars = st.one_of(
    numbers, st.booleans(), st.none(), st.just(UNDEFINED), dates, st.text("ab", max_size=2)
)
values = scalars | st.lists(scalars.filter(lambda value: value is not UNDEFINED), max_size=3)
