"""How far a fetch is, on stderr: a bar on a terminal, a line now and then elsewhere.

A caller with a display of its own, such as a notebook, is told instead.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mixpanel_data.cli.context import Session, Tell
from mixpanel_data.text import printable

if TYPE_CHECKING:
    from mixpanel_data.types import FetchProgress
    from mixpanel_data.workspace import Workspace

PAUSE = 5.0
"""Seconds between two plain lines; a fetch that is faster prints none."""


@contextmanager
def fetching(
    session: Session, workspace: Workspace
) -> Iterator[Callable[[FetchProgress], None] | None]:
    """What to give a fetch as `progress`; None with --quiet. Waits for the quota are shown, too."""
    if session.quiet:
        yield None
        return
    with _face(session) as face:
        workspace.api.on_wait = face.wait
        try:
            yield face.show
        finally:
            workspace.api.on_wait = None


@contextmanager
def waits(session: Session, workspace: Workspace) -> Iterator[None]:
    """Tell of waits for the quota, a line now and then, while Mixpanel is asked."""
    last: float | None = None

    def say(seconds: float, why: str) -> None:
        nonlocal last
        if last is None or time.monotonic() - last >= PAUSE:
            last = time.monotonic()
            session.say(waiting(seconds, why))

    workspace.api.on_wait = _told(session.tell).wait if session.tell else say
    try:
        yield
    finally:
        workspace.api.on_wait = None


@dataclass
class Face:
    """Two ways to say how it goes: rows that come in, and seconds that a wait has left."""

    show: Callable[[FetchProgress], None]
    wait: Callable[[float, str], None]


def waiting(seconds: float, why: str) -> str:
    """A countdown."""
    minutes, rest = divmod(round(seconds), 60)
    return f"waiting {minutes}:{rest:02d} ({why})"


def _face(session: Session) -> AbstractContextManager[Face]:
    if session.tell is not None:
        return nullcontext(_told(session.tell))
    return _bar() if sys.stderr.isatty() else _lines(session)


def _told(tell: Tell) -> Face:
    start = time.monotonic()
    return Face(
        show=lambda progress: tell(progress.describe(time.monotonic() - start), progress.fraction),
        wait=lambda seconds, why: tell(waiting(seconds, why), None),
    )


@contextmanager
def _lines(session: Session) -> Iterator[Face]:
    start = last = time.monotonic()

    def say(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= PAUSE:
            last = time.monotonic()
            session.say(text)

    yield Face(
        show=lambda progress: say(progress.describe(time.monotonic() - start)),
        wait=lambda seconds, why: say(waiting(seconds, why)),
    )


@contextmanager
def _bar() -> Iterator[Face]:
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
                description=progress.describe(time.monotonic() - start),
            )

        def wait(seconds: float, why: str) -> None:
            bars.update(task, description=printable(waiting(seconds, why)))

        yield Face(show, wait)
