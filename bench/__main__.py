"""`make bench`."""

from __future__ import annotations

from bench import fetch


def main() -> None:
    print(f"fetch of {fetch.EVENTS:,} events, median of {fetch.RUNS} runs")
    costs = fetch.run()
    for name, cost in costs.items():
        print(
            f"  {name:<24} {cost.cpu:6.2f} CPU s  ±{cost.spread / 2:4.0%}  {cost.peak_mb:5.0f} MB"
        )
    floor, ours = costs.values()
    print(
        f"  ratio {ours.cpu / floor.cpu:.2f} (goal {fetch.GOAL} or less), "
        f"peak {ours.peak_mb:.0f} MB (goal under {fetch.GOAL_MB})"
    )


if __name__ == "__main__":
    main()
