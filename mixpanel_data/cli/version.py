"""`mp --version`."""

from __future__ import annotations

from mixpanel_data import __version__
from mixpanel_data.cli import stdout


def show() -> None:
    """Print the version, to whoever still reads."""
    try:
        print(f"mixpanel-data {__version__}", flush=True)  # noqa: T201 (Typer's echo costs 40 ms)
    except BrokenPipeError:
        stdout.abandon()
