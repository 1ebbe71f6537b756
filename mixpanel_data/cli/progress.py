"""How far a fetch is, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mixpanel_data.cli.context import Session

if TYPE_CHECKING:
    from mixpanel_data.types import FetchProgress

PAUSE = 5.0
"""Seconds between two plain lines; a fetch that is faster prints none."""


@contextmanager
def fetching(session: Session) -> Iterator[Callable[[FetchProgress], None] | None]:
    """What to give a fetch as `progress`; None with --quiet."""
    if session.quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines(session)


def describe(progress: FetchProgress, seconds: float) -> str:
    """Rows, size, rate and windows in one short text."""
    windows = (
        f", {progress.windows_done} of {progress.windows} requests" if progress.windows else ""
    )
    rate = f", {int(progress) / seconds:,.0f}/s" if seconds > 0 else ""
    phase = ", storing" if progress.phase == "store" else ""
    return f"{int(progress):,} rows, {progress.bytes / 1e6:,.1f} MB{rate}{windows}{phase}"


def _lines(session: Session) -> Callable[[FetchProgress], None]:
    start = last = time.monotonic()

    def show(progress: FetchProgress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PAUSE:
            last = now
            session.say(describe(progress, now - start))

    return show


@contextmanager
def _bar() -> Iterator[Callable[[FetchProgress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.description}"))
    start = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("connecting", total=None)

        def show(progress: FetchProgress) -> None:
            bars.update(
                task,
                total=progress.windows,
                completed=progress.windows_done,
                description=describe(progress, time.monotonic() - start),
            )

        yield show
