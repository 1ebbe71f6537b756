"""An event over time: how often, by how many, how much."""

from __future__ import annotations

from mixpanel_data.cli.app import App
from mixpanel_data.cli.reporting import Asked, Asking, report

app = App()


@app.command(
    examples="""
Examples:
  mp segmentation --event Purchase --from 2026-02-01 --to 2026-02-28
  mp segmentation --event Purchase --from 2026-02-01 --to 2026-02-28 \\
      --on country --type unique --unit week --format table
  mp segmentation --event Purchase --from 2026-02-01 --to 2026-02-28 \\
      --where 'properties["amount"] > 100' --local
"""
)
@report("Segmentation", "LocalSegmentation")
def segmentation(asked: Asked) -> Asking:
    """Count an event over time, broken down by a property.

    An event or a property that Mixpanel does not know is warned of.
    """
    return asked.question()


@app.command(
    "segmentation-numeric",
    examples="""
Example:
  mp segmentation-numeric --event Purchase --on amount \\
      --from 2026-02-01 --to 2026-02-28 --format table
""",
)
@report("NumericSegmentation", "LocalNumericSegmentation")
def segmentation_numeric(asked: Asked) -> Asking:
    """Count an event by ranges of a number."""
    return asked.question()


@app.command(
    "segmentation-sum",
    examples="""
Example:
  mp segmentation-sum --event Purchase --on amount \\
      --from 2026-02-01 --to 2026-02-28
""",
)
@report("SegmentationSum", "LocalSegmentationSum")
def segmentation_sum(asked: Asked) -> Asking:
    """Add up a number over the occurrences of an event."""
    return asked.question()


@app.command(
    "segmentation-average",
    examples="""
Example:
  mp segmentation-average --event Purchase --on amount \\
      --from 2026-02-01 --to 2026-02-28
""",
)
@report("SegmentationAverage", "LocalSegmentationAverage")
def segmentation_average(asked: Asked) -> Asking:
    """Average a number over the occurrences of an event."""
    return asked.question()
