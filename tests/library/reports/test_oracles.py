"""Every local report says what its oracle says, of any past."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data import queries
from mixpanel_data.types import FunnelResult
from tests import histories
from tests.histories import Past, ons, pasts, wheres
from tests.library.reports.asking import AS_OF, Project, asked_of, history
from tests.oracles import flows, funnel, retention, segmentation

pytestmark = pytest.mark.filterwarnings("ignore::mixpanel_data.MixpanelDataWarning")

flat = st.booleans()
pieces = st.sampled_from([1, 1, 2])
names = histories.asked_names
limits = st.sampled_from([1, 2, 60])
edges = st.sampled_from(["partial", "partial", "whole"])
counts = st.sampled_from(["general", "unique", "average"])
numeric = st.sampled_from(["p", "q", 'number(properties["q"])', 'user["age"]'])


@st.composite
def segmentations(draw: st.DrawFn, past: Past) -> queries.LocalSegmentation:
    span = (past.last - past.first).days
    kind = draw(counts)
    interval = draw(st.none() | st.integers(1, span + 1)) if kind != "general" else None
    units = ["hour", "day", "week", "month"] + (["minute"] if span < 2 else [])
    return queries.LocalSegmentation(
        event=draw(names),
        on=draw(st.none() | ons),
        unit=draw(st.sampled_from(units)) if interval is None else "day",
        where=draw(wheres),
        type=kind,
        limit=draw(limits),
        interval=interval,
        average_per=draw(st.sampled_from(["users_of_bucket", "users_of_range"])),
        **past.days,
    )


@given(st.data(), pasts(), flat, pieces)
def test_segmentation(project: Project, data, past: Past, flat: bool, pieces: int):
    query = data.draw(segmentations(past))
    options = {**project.hold(past, flat=flat, pieces=pieces), "edge_buckets": data.draw(edges)}
    expected = segmentation.segmentation(asked_of(query, options, past), history(past, pieces))
    found = project.ask(query, options).series
    assert found == expected
    assert list(found) == list(expected)


@given(st.data(), pasts(), flat)
def test_segmentation_numeric(project: Project, data, past: Past, flat: bool):
    query = queries.LocalNumericSegmentation(
        event=data.draw(names),
        on=data.draw(numeric),
        unit=data.draw(st.sampled_from(["hour", "day"])),
        where=data.draw(wheres),
        type=data.draw(counts),
        range_includes=data.draw(st.sampled_from(["lower", "upper"])),
        **past.days,
    )
    options = project.hold(past, flat=flat)
    expected = segmentation.numeric(query, history(past))
    assert project.ask(query, options).series == expected


@given(st.data(), pasts(), flat)
def test_sum_and_average(project: Project, data, past: Past, flat: bool):
    asked = {
        "event": data.draw(names),
        "on": data.draw(numeric),
        "unit": data.draw(st.sampled_from(["hour", "day"])),
        "where": data.draw(wheres),
        **past.days,
    }
    options = project.hold(past, flat=flat)
    total = queries.LocalSegmentationSum(**asked)
    found = project.ask(total, options).values
    assert found == pytest.approx(segmentation.total(total, history(past)))
    non_numbers = data.draw(st.sampled_from(["zero", "left_out"]))
    average = queries.LocalSegmentationAverage(**asked, non_numbers=non_numbers)
    found = project.ask(average, options).values
    assert found == pytest.approx(segmentation.average(average, history(past)))


windows = st.sampled_from(
    [(7, "day"), (7, "day"), (1, "day"), (1, "hour"), (30, "minute"), (2, "second"), (1, "second")]
)


@st.composite
def funnels(draw: st.DrawFn, past: Past) -> queries.LocalFunnel:
    span = (past.last - past.first).days
    filters = draw(st.sampled_from([st.none(), st.none(), wheres]))
    least = draw(st.sampled_from([1, 2, 2, 2]))
    steps = draw(st.lists(st.builds(queries.Step, names, filters), min_size=least, max_size=4))
    interval = draw(st.none() | st.none() | st.integers(1, span + 1))
    unit = "range" if interval else draw(st.sampled_from(["range", "day", "day", "week", "month"]))
    length, length_unit = draw(windows)
    exclusions = []
    if len(steps) > 1:
        for event, where in draw(st.lists(st.tuples(names, wheres), max_size=2)):
            after = draw(st.integers(1, len(steps) - 1))
            before = draw(st.none() | st.integers(after + 1, len(steps)))
            exclusions.append(queries.Exclusion(event, where, after, before))
    return queries.LocalFunnel(
        steps=tuple(steps),
        unit=unit,
        on=draw(st.none() | st.just("p") | ons),
        where=draw(wheres),
        interval=interval,
        length=length,
        length_unit=length_unit,
        limit=draw(limits),
        count=draw(st.sampled_from(["unique", "total"])),
        exclusions=tuple(exclusions),
        grace_seconds=draw(st.sampled_from([2, 2, 0, 0.001, 3600])),
        attribution=draw(st.sampled_from(["first", "last"])),
        window_end=draw(st.sampled_from(["inclusive", "exclusive"])),
        reuse_events=draw(st.sampled_from([False, False, True])),
        clamp_times=draw(st.booleans()),
        where_applies=draw(st.sampled_from(["every_step", "first_step"])),
        buckets=draw(st.sampled_from(["separate", "split"])),
        **past.days,
    )


def figures(result: FunnelResult) -> dict[str, dict[str, list[Any]]]:
    return {
        bucket: {
            name: [(it.count, it.avg_time, it.avg_time_from_start) for it in steps]
            for name, steps in segments.items()
        }
        for bucket, segments in result.series.items()
    }


def rounded(found):
    return {
        bucket: {
            name: [tuple(None if it is None else round(it, 6) for it in step) for step in steps]
            for name, steps in segments.items()
        }
        for bucket, segments in found.items()
    }


@given(st.data(), pasts(most=20), flat, pieces)
def test_funnel(project: Project, data, past: Past, flat: bool, pieces: int):
    query = data.draw(funnels(past))
    options = {**project.hold(past, flat=flat, pieces=pieces), "edge_buckets": data.draw(edges)}
    expected = funnel.funnel(asked_of(query, options, past), history(past, pieces))
    found = figures(project.ask(query, options))
    assert rounded(found) == rounded(expected)
    assert [list(it) for it in found.values()] == [list(it) for it in expected.values()]


@given(st.data(), pasts(), flat, pieces)
def test_retention(project: Project, data, past: Past, flat: bool, pieces: int):
    on = data.draw(st.none() | ons)
    on_event = data.draw(st.sampled_from(["return", "born"])) if on else "return"
    of_returns = on is not None and on_event == "return" and not on.startswith("user[")
    query = queries.LocalRetention(
        born_event=data.draw(names),
        return_event=data.draw(st.none() | names),
        retention_type=data.draw(st.sampled_from(["birth", "compounded"])),
        born_where=data.draw(st.none() | wheres),
        where=data.draw(st.none() | wheres),
        unit=data.draw(st.sampled_from(["day", "week", "month"])),
        interval=data.draw(st.sampled_from([1, 1, 2, 3])),
        interval_count=data.draw(st.sampled_from([1, 3, 8])),
        unbounded=data.draw(st.booleans()),
        on=on,
        on_event=on_event,
        limit=data.draw(limits),
        birth_rows=data.draw(st.sampled_from(["first_in_range", "every_row"])),
        anchor_returns=data.draw(st.booleans()),
        segment_sizes=data.draw(
            st.sampled_from(["cohort", "returned"] if of_returns else ["cohort"])
        ),
        as_of=data.draw(st.none() | st.datetimes(histories.EARLY, histories.LATE)),
        **past.days,
    )
    options = {**project.hold(past, flat=flat, pieces=pieces), "edge_buckets": data.draw(edges)}
    as_of = (query.as_of or AS_OF).replace(tzinfo=UTC)
    expected = retention.retention(asked_of(query, options, past), history(past, pieces), as_of)
    found = [
        (it.segment, it.date, it.size, it.counts, it.complete)
        for it in project.ask(query, options).cohorts
    ]
    assert found == expected


@given(st.data(), pasts(), flat)
def test_frequency(project: Project, data, past: Past, flat: bool):
    query = queries.LocalFrequency(
        unit=data.draw(st.sampled_from(["day", "week", "month"])),
        addiction_unit=data.draw(st.sampled_from(["hour", "day"])),
        slots=data.draw(st.sampled_from(["calendar", "elapsed"])),
        event=data.draw(st.none() | names),
        where=data.draw(wheres),
        on=data.draw(st.none() | ons),
        limit=data.draw(limits),
        **past.days,
    )
    options = {**project.hold(past, flat=flat), "edge_buckets": data.draw(edges)}
    found = [(it.segment, it.date, it.counts) for it in project.ask(query, options).periods]
    assert found == retention.frequency(asked_of(query, options, past), history(past))


@given(st.data(), pasts(most=20), flat, pieces)
def test_flows(project: Project, data, past: Past, flat: bool, pieces: int):
    event = data.draw(names)
    forward = data.draw(st.integers(0, 3))
    length, length_unit = data.draw(windows)
    query = queries.Flows(
        event=event,
        forward=forward,
        reverse=data.draw(st.integers(0 if forward else 1, 3)),
        where=data.draw(wheres),
        count=data.draw(st.sampled_from(["unique", "total"])),
        length=length,
        length_unit=length_unit,
        limit=data.draw(st.sampled_from([1, 2, 10])),
        hide=tuple(data.draw(st.sets(names.filter(lambda name: name != event), max_size=2))),
        collapse_repeats=data.draw(st.booleans()),
        **past.days,
    )
    options = project.hold(past, flat=flat, pieces=pieces)
    found = project.ask(query, options)
    expected = flows.paths(query, history(past, pieces))
    links = flows.links(query, expected)
    assert found.total == len(expected)
    assert {(it.step, it.source, it.target): it.count for it in found.links} == links
    assert {it.events: it.count for it in found.paths} == flows.whole_paths(query, expected)
    order = [(it.step, -it.count, it.source, it.target) for it in found.links]
    assert order == sorted(order)
    assert all(it.share == it.count / found.total for it in (*found.links, *found.paths))
