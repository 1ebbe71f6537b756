"""How far slow work is: a bar that goes away in a notebook, one line of text in a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from IPython.core.interactiveshell import InteractiveShell

from mixpanel_data.text import printable
from mixpanel_magics.display import in_notebook, is_watched
from mixpanel_magics.state.status import waiting

if TYPE_CHECKING:
    from mixpanel_data import FetchProgress, Workspace
    from mixpanel_magics.widgets.bar import Bar

PATIENCE = 1.0
"""Seconds before anything is shown; work that is faster shows nothing."""

PAUSE = 0.25
"""Seconds between two changes of what is shown."""


class Say(Protocol):
    """Takes how it stands, and how much is done (0 to 1) where that is known."""

    def __call__(self, text: str, fraction: float | None = None, /) -> None: ...  # noqa: D102


@contextmanager
def showing(shell: InteractiveShell) -> Iterator[Say]:
    """What to tell how work stands, as often as one likes; at the end nothing is left of it."""
    due = time.monotonic() + PATIENCE
    with _face(shell) as show:

        def say(text: str, fraction: float | None = None, /) -> None:
            nonlocal due
            if time.monotonic() >= due:
                due = time.monotonic() + PAUSE
                show(printable(text), fraction)

        yield say


@contextmanager
def fetching(
    shell: InteractiveShell, workspace: Workspace
) -> Iterator[Callable[[FetchProgress], None]]:
    """What to give a fetch as `progress`; waits for the quota are shown, too."""
    start = time.monotonic()
    with showing(shell) as say:

        def wait(seconds: float, why: str) -> None:
            if seconds >= 1:
                say(waiting(seconds, why))

        workspace.api.on_wait = wait
        try:
            yield lambda progress: say(
                progress.describe(time.monotonic() - start), progress.fraction
            )
        finally:
            workspace.api.on_wait = None


@contextmanager
def querying(shell: InteractiveShell) -> Iterator[Callable[[float | None], None]]:
    """What to give a query as `progress`."""
    start = time.monotonic()
    with showing(shell) as say:

        def tell(done: float | None) -> None:
            seconds = f"{time.monotonic() - start:,.0f} s"
            say(f"{done:.0%}, {seconds}" if done else seconds, done)

        yield tell


def _face(shell: InteractiveShell) -> AbstractContextManager[Say]:
    if not in_notebook(shell):
        return _terminal() if sys.stderr.isatty() else nullcontext(_nothing)
    return _notebook() if is_watched(shell) else nullcontext(_nothing)


def _nothing(_text: str, _fraction: float | None = None, /) -> None:
    pass


@contextmanager
def _notebook() -> Iterator[Say]:
    from IPython.display import DisplayHandle

    shown = DisplayHandle()
    bar: Bar | None = None
    is_shown = False

    def show(text: str, fraction: float | None = None, /) -> None:
        nonlocal bar, is_shown
        if bar is None:
            from mixpanel_magics.widgets.bar import Bar

            bar = Bar()
            bar.set(text, fraction)
            is_shown = True  # an interrupt may come while it is being shown
            shown.display(bar.bundle(), raw=True)
        else:
            bar.set(text, fraction)

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()
        if is_shown:
            shown.display({}, raw=True, update=True)


@contextmanager
def _terminal() -> Iterator[Say]:
    widest = 0

    def show(text: str, _: float | None = None, /) -> None:
        nonlocal widest
        widest = max(widest, len(text))
        sys.stderr.write(f"\r{text:<{widest}}")
        sys.stderr.flush()

    try:
        yield show
    finally:
        if widest:
            show("")
            sys.stderr.write("\r")
