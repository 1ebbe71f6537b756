"""`make bench`; `make bench QUICK=1` leaves out what takes minutes."""

from __future__ import annotations

import sys

from bench import alternatives, fetch, flat, output, reports, sharing, startup, widgets
from bench.measure import Cost


def show(title: str, costs: dict[str, Cost]) -> None:
    """Both sides, and the second as a multiple of the first."""
    print(title)
    for name, cost in costs.items():
        print(
            f"  {name:<22} {cost.cpu:7.3f} CPU s ±{cost.spread / 2:4.0%} {cost.wall:7.2f} s"
            f" {cost.peak_mb:6.0f} MB"
        )
    first, second = costs.values()
    print(
        f"  ratio: {second.cpu / first.cpu:.2f} in CPU time, {second.peak_mb / first.peak_mb:.2f}"
        " in peak memory\n",
        flush=True,
    )


if __name__ == "__main__":
    startup.run(show)
    output.run(show)
    alternatives.run(show)
    fetch.run(show)
    flat.run(show)
    sharing.run()
    widgets.run(widgets.ROWS["quick" if "quick" in sys.argv else "all"])
    reports.run(reports.SIZES["quick" if "quick" in sys.argv else "all"])
