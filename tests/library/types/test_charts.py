"""Pictures: valid Vega-Lite with the right marks and data, and a flow whose ribbons fit."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import altair as alt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data import MissingExtraError
from mixpanel_data.types import FlowLink
from mixpanel_data.types.sankey import NODE_WIDTH, layout
from tests.library.types import test_reports as made

DRAWN = [
    made.SEGMENTATION, made.FUNNEL, made.RETENTION, made.FREQUENCY, made.FLOWS, made.BUCKETS,
    made.SUM, made.COUNTS, made.PROPERTY,
]  # fmt: skip


def drawn(report, **options):
    """The chart, checked against the schema of Vega-Lite."""
    return report.plot(**options).to_dict()


def values(chart):
    found = chart.get("data") or chart["layer"][0]["data"]
    return chart["datasets"][found["name"]]


@pytest.mark.parametrize("report", DRAWN, ids=lambda it: type(it).__name__)
def test_a_picture_is_valid_and_carries_its_data(report):
    assert values(drawn(report))


@pytest.mark.parametrize("report", DRAWN, ids=lambda it: type(it).__name__)
def test_a_picture_of_nothing_is_valid_too(report):
    data = {"series", "cohorts", "periods", "links", "values"} & set(vars(report))
    drawn(replace(report, **{name: {} for name in data}))


@pytest.mark.parametrize("report", DRAWN, ids=lambda it: type(it).__name__)
def test_without_altair_the_extra_is_named(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(MissingExtraError) as caught:
        report.plot()
    assert caught.value.hint == "pip install 'mixpanel-data[plot]'"


@pytest.mark.parametrize("report", DRAWN, ids=lambda it: type(it).__name__)
def test_a_notebook_gets_a_spec_and_an_svg_and_loads_nothing(report):
    bundle = report.plot()._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.vegalite.v5+json", "image/svg+xml", "text/plain"}
    assert ET.fromstring(bundle["image/svg+xml"]).tag == "{http://www.w3.org/2000/svg}svg"
    assert "<script" not in bundle["image/svg+xml"]


def test_the_renderer_that_the_user_chose_is_used():
    with alt.renderers.enable("html"):
        bundle = made.SEGMENTATION.plot()._repr_mimebundle_()
    assert "text/html" in bundle


def test_lines_are_of_the_largest_segments_at_local_times():
    chart = drawn(made.SEGMENTATION, segments=1)
    assert chart["mark"]["type"] == "line"
    assert values(chart) == [
        {"date": "2024-01-01T00:00:00", "segment": "US", "value": 3},
        {"date": "2024-01-02T00:00:00", "segment": "US", "value": 0},
    ]
    assert chart["title"]["subtitle"] == "1 of 2 segments"
    assert chart["encoding"]["y"]["title"] == "events"
    assert drawn(made.SEGMENTATION)["title"].get("subtitle") == ""


def test_more_rows_than_altair_reads_of_a_frame_are_drawn():
    series = {f"s{n}": {f"2024-01-01 {h:02}:00:00": n for h in range(24)} for n in range(300)}
    chart = drawn(replace(made.SEGMENTATION, series=series), segments=300)
    assert len(values(chart)) == 7200
    assert values(chart)[1]["date"] == "2024-01-01T01:00:00"


def test_a_funnel_has_a_bar_for_each_step_over_all_buckets():
    whole = {day: {"$overall": it["$overall"]} for day, it in made.FUNNEL.series.items()}
    chart = drawn(replace(made.FUNNEL, series=whole))
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["bar", "text"]
    assert [(row["name"], row["value"], row["share"]) for row in values(chart)] == [
        ("1. A", 10, 1.0),
        ("2. B", 8, 0.8),
    ]
    chart = drawn(made.FUNNEL)
    assert {row["segment"] for row in values(chart)} == {made.HOSTILE}


def test_segments_of_a_funnel_stand_side_by_side():
    bucket = dict(made.FUNNEL.series["2024-01-01"])
    series = {"2024-01-01": {**bucket, "pro": bucket["$overall"]}}
    chart = drawn(replace(made.FUNNEL, series=series))
    assert chart["layer"][0]["encoding"]["xOffset"]["sort"] == [made.HOSTILE, "pro"]
    assert len(values(chart)) == 4


def test_a_heat_map_marks_what_may_still_grow():
    chart = drawn(made.RETENTION)
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["rect", "text"]
    assert [row["text"] for row in values(chart)] == ["0%", "50%", "120%", "80%", "100%*"]
    assert chart["layer"][0]["encoding"]["y"]["sort"] == ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_bars_of_frequency_add_up_periods():
    twice = [made.FREQUENCY.periods[0]] * 2
    assert [(row["name"], row["value"], row["share"]) for row in values(drawn(replace(
        made.FREQUENCY, periods=twice
    )))] == [("1", 8, 1.0), ("2", 2, 0.25)]  # fmt: skip


def test_a_flow_is_ribbons_nodes_and_names():
    chart = drawn(made.FLOWS)
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["area", "rect", "text"]


links = st.lists(
    st.builds(
        FlowLink,
        step=st.sampled_from([-2, -1, 1, 2, 3]),
        source=st.sampled_from("abc"),
        target=st.sampled_from("abc"),
        count=st.integers(min_value=0, max_value=50),
        share=st.just(0.5),
    ),
    max_size=12,
)


@given(links)
def test_ribbons_begin_and_end_in_their_nodes_and_share_them(links):
    points, nodes = layout(links)
    where = {(node["x"], node["event"]): node for node in nodes}
    touching: dict[tuple, list[tuple[float, float]]] = {}
    for number in {point["link"] for point in points}:
        ribbon = [point for point in points if point["link"] == number]
        first, last = ribbon[0], ribbon[-1]
        level = round(first["x"] - NODE_WIDTH)
        assert last["x"] == pytest.approx(level + 1)
        for place, end, side in (
            ((level, first["event"]), first, "out"),
            ((level + 1, last["target"]), last, "in"),
        ):
            node = where[place]
            assert node["y"] - 1e-6 <= end["y"] <= end["y2"] <= node["y2"] + 1e-6
            assert end["y2"] - end["y"] == pytest.approx(end["count"])
            touching.setdefault((*place, side), []).append((end["y"], end["y2"]))
    for spans in touching.values():
        assert all(one[1] <= next_[0] + 1e-6 for one, next_ in pairwise(sorted(spans)))
    assert len({point["link"] for point in points}) == sum(link.count > 0 for link in links)
    for column in {node["x"] for node in nodes}:
        spans = sorted((node["y"], node["y2"]) for node in nodes if node["x"] == column)
        assert all(one[1] < next_[0] for one, next_ in pairwise(spans))
