"""Where the nodes and links of a flow are drawn: columns of events, ribbons between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mixpanel_data.types.flows import FlowLink

POINTS = 16
"""How many pieces make the curve of a ribbon."""

NODE_WIDTH = 0.04
GAP = 0.03
"""Between the nodes of a column, as a share of its height."""

Place = tuple[int, str]


def layout(links: Sequence[FlowLink]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Ribbons as points, and nodes; x counts steps from the event, y goes down from 0."""
    ends = [(link, *_ends(link)) for link in links if link.count]
    out: dict[Place, int] = defaultdict(int)
    into: dict[Place, int] = defaultdict(int)
    for link, source, target in ends:
        out[source] += link.count
        into[target] += link.count
    sizes = {place: max(out[place], into[place]) for place in {**out, **into}}
    tops = _tops(sizes)
    nodes = [
        {
            "event": event, "label": event, "count": sizes[level, event],
            "x": level, "x2": level + NODE_WIDTH, "y": top,
            "y2": top + sizes[level, event], "middle": top + sizes[level, event] / 2,
        }
        for (level, event), top in tops.items()
    ]  # fmt: skip
    left, right = dict(tops), dict(tops)
    points: list[dict[str, Any]] = []
    by_place = sorted(ends, key=lambda it: (it[1][0], tops[it[1]], tops[it[2]]))
    for number, (link, source, target) in enumerate(by_place):
        points += _ribbon(number, link, source, left[source], right[target])
        left[source] += link.count
        right[target] += link.count
    return points, nodes


def _ends(link: FlowLink) -> tuple[Place, Place]:
    """Step 1 leads from the event (0) to 1, step -1 from -1 to the event."""
    first = link.step - 1 if link.step > 0 else link.step
    return (first, link.source), (first + 1, link.target)


def _tops(sizes: dict[Place, int]) -> dict[Place, float]:
    """Where nodes begin: in each column the largest first, in reading order."""
    heights: dict[int, int] = defaultdict(int)
    for (level, _), size in sizes.items():
        heights[level] += size
    gap = GAP * max(heights.values(), default=0)
    tops: dict[Place, float] = {}
    level_ends: dict[int, float] = defaultdict(float)
    for place in sorted(sizes, key=lambda it: (it[0], -sizes[it], it[1])):
        tops[place] = level_ends[place[0]]
        level_ends[place[0]] += sizes[place] + gap
    return tops


def _ribbon(
    number: int, link: FlowLink, source: Place, start: float, end: float
) -> list[dict[str, Any]]:
    said = {
        "link": number, "event": link.source, "target": link.target,
        "count": link.count, "share": link.share,
    }  # fmt: skip
    ribbon = []
    for point in range(POINTS + 1):
        t = point / POINTS
        y = start + (end - start) * t * t * (3 - 2 * t)  # level at both ends
        x = source[0] + NODE_WIDTH + t * (1 - NODE_WIDTH)
        ribbon.append({**said, "x": x, "y": y, "y2": y + link.count})
    return ribbon
