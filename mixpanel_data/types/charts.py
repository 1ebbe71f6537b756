"""Pictures of reports, drawn by Altair: an optional extra.

Each function takes plain rows; charts carry their data, so that notebooks keep them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mixpanel_data.exceptions import MissingExtraError

if TYPE_CHECKING:
    from mixpanel_data.types.pictures import Chart, LayerChart

WIDTH, HEIGHT = 640, 320
SHARE = ".1%"


def lines(rows: Iterable[tuple[str, str, Any]], *, title: str, value: str, most: int) -> Chart:
    """Numbers over time, as (bucket, segment, value); of many segments, those with the most."""
    _need_altair()
    import altair as alt

    totals: dict[str, float] = {}
    listed = list(rows)
    for _, segment, number in listed:
        totals[segment] = totals.get(segment, 0) + (number or 0)
    order = sorted(totals, key=lambda name: -totals[name])
    shown = order[:most]
    data = [
        {"date": _moment(bucket), "segment": segment, "value": number}
        for bucket, segment, number in listed
        if segment in set(shown)
    ]
    left_out = f"{len(shown)} of {len(order)} segments" if len(shown) < len(order) else ""
    legend = None if len(shown) < 2 else alt.Legend(title=None, symbolLimit=0)
    marks = _chart(data, title, left_out).mark_line(point=len(data) <= 100 * len(shown))
    chart: Chart = marks.encode(
        x=alt.X("date:T", title=None),
        y=alt.Y("value:Q", title=value),
        color=alt.Color("segment:N", sort=shown, legend=legend),
        tooltip=["date:T", "segment:N", alt.Tooltip("value:Q", title=value)],
    )
    return chart


def bars(
    rows: Iterable[tuple[str, str | None, float, float]],
    *,
    title: str,
    across: str,
    value: str,
    subtitle: str = "",
) -> LayerChart:
    """Bars in order, as (name, segment, value, share); the share is written above each."""
    _need_altair()
    import altair as alt

    data: list[dict[str, Any]] = [
        {"name": name, "segment": segment, "value": number, "share": share}
        for name, segment, number, share in rows
    ]
    names = list(dict.fromkeys(row["name"] for row in data))
    base = _chart(data, title, subtitle).encode(
        x=alt.X("name:N", sort=names, title=across, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("value:Q", title=value),
        tooltip=["name:N", "segment:N", "value:Q", alt.Tooltip("share:Q", format=SHARE)],
    )
    segments = list(dict.fromkeys(row["segment"] for row in data))
    if len(segments) > 1:
        base = base.encode(xOffset=alt.XOffset("segment:N", sort=segments))
        colour = alt.Color("segment:N", sort=segments, legend=alt.Legend(title=None, symbolLimit=0))
        marks = base.mark_bar().encode(color=colour)
    else:
        marks = base.mark_bar()
    texts = base.mark_text(dy=-6).encode(text=alt.Text("share:Q", format=SHARE))
    return _layers(marks, texts)


def heat_map(rows: Sequence[tuple[str, int, float, str]], *, title: str, across: str) -> LayerChart:
    """Shares by cohort (downwards) and interval (across), as (cohort, interval, share, text)."""
    _need_altair()
    import altair as alt

    data: list[dict[str, Any]] = [
        {"cohort": cohort, "interval": interval, "rate": rate, "text": text}
        for cohort, interval, rate, text in rows
    ]
    cohorts = list(dict.fromkeys(row["cohort"] for row in data))
    base = _chart(data, title, "* may still grow").encode(
        x=alt.X("interval:O", title=across, axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y("cohort:N", sort=cohorts, title=None),
        tooltip=["cohort:N", "interval:O", alt.Tooltip("rate:Q", format=SHARE)],
    )
    colour = alt.Color("rate:Q", scale=alt.Scale(scheme="blues"), legend=None)
    dark = alt.datum.rate > 0.5 * max((rate for _, _, rate, _ in rows), default=1.0)
    ink = alt.when(dark).then(alt.value("white")).otherwise(alt.value("black"))
    texts = base.mark_text(fontSize=11).encode(text="text:N", color=ink)
    return _layers(base.mark_rect().encode(color=colour), texts).properties(
        height=alt.Step(22), width=alt.Step(52)
    )


def ribbons(
    links: Sequence[dict[str, Any]], nodes: Sequence[dict[str, Any]], *, title: str
) -> LayerChart:
    """A Sankey diagram of which `sankey.layout` has computed the places."""
    _need_altair()
    import altair as alt

    names = list(dict.fromkeys(node["event"] for node in nodes))
    colour = alt.Color("event:N", sort=names, legend=None)
    across = alt.X("x:Q", axis=None)
    down = alt.Y("y:Q", axis=None, scale=alt.Scale(reverse=True))
    areas = _chart(links, title).mark_area(opacity=0.35).encode(
        x=across, y=down, y2="y2:Q", detail="link:N", color=colour,
        tooltip=["event:N", "target:N", "count:Q", alt.Tooltip("share:Q", format=SHARE)],
    )  # fmt: skip
    places = _chart(nodes)
    rects = places.mark_rect().encode(
        x=across, x2="x2:Q", y=down, y2="y2:Q", color=colour,
        tooltip=["event:N", "count:Q"],
    )  # fmt: skip
    texts = places.mark_text(align="left", baseline="middle", dx=4).encode(
        x=alt.X("x2:Q", axis=None), y=alt.Y("middle:Q", axis=None), text="label:N"
    )
    chart: LayerChart = _layers(areas, rects, texts).configure_view(stroke=None)
    return chart


def _chart(data: Iterable[dict[str, Any]], title: str = "", subtitle: str = "") -> Chart:
    import altair as alt

    from mixpanel_data.types import pictures

    # Inline data is not bounded by Altair's 5,000 rows, which are about reading whole frames.
    chart = pictures.Chart(alt.InlineData(values=list(data)))
    return chart.properties(
        width=WIDTH, height=HEIGHT, title=alt.TitleParams(title, subtitle=subtitle, anchor="start")
    )


def _layers(*layers: Chart) -> LayerChart:
    from mixpanel_data.types import pictures

    return pictures.LayerChart(layer=list(layers))


def _moment(bucket: str) -> str:
    """A time that browsers take as local: a date alone they would take for UTC, and shift."""
    return bucket.replace(" ", "T") if " " in bucket else f"{bucket}T00:00:00"


def _need_altair() -> None:
    try:
        import altair as alt  # noqa: F401
        import vl_convert  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("plot", "plot()") from error
