"""Paths through events."""

from __future__ import annotations

from mixpanel_data.cli.app import App
from mixpanel_data.cli.reporting import Asked, Asking, report

app = App()


@app.command(
    examples="""
Examples:
  mp flows --event "Sign Up" --from 2026-02-01 --to 2026-02-28 --format table
  mp flows --event Purchase --from 2026-02-01 --to 2026-02-28 \\
      --forward 0 --reverse 5 --length 1 --length-unit hour --hide "App Open"
"""
)
@report("Flows")
def flows(asked: Asked) -> Asking:
    """Show what users do next, or did before, in fetched events.

    Rows are links from one event to the next; JSON has whole paths, too. Rare events are $other,
    $end is where nothing followed, $start where nothing came before.
    """
    return asked.question()
