"""Who comes back, and how often."""

from __future__ import annotations

from mixpanel_data.cli.app import App
from mixpanel_data.cli.reporting import Asked, Asking, report

app = App()


@app.command(
    examples="""
Examples:
  mp retention --born "Sign Up" --return Purchase \\
      --from 2026-01-01 --to 2026-01-31 --unit week --intervals 4 -f table
  mp retention --type compounded --return Login \\
      --from 2026-01-01 --to 2026-01-31
  mp retention --born "Sign Up" --from 2026-01-01 --to 2026-01-31 \\
      --table january,february --timezone Europe/Berlin
"""
)
@report("Retention", "LocalRetention")
def retention(asked: Asked) -> Asking:
    """Show how many users come back, by when they first came."""
    return asked.question()


@app.command(
    examples="""
Example, on how many days of a week do people buy?
  mp frequency --event Purchase --from 2026-02-02 --to 2026-03-01 \\
      --unit week --addiction-unit day --format table
"""
)
@report("Frequency", "LocalFrequency")
def frequency(asked: Asked) -> Asking:
    """Show on how many days, or in how many hours, users are active."""
    return asked.question()
