"""How far a fetch is: one display that changes in a notebook, one line of text in a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from IPython.core.interactiveshell import InteractiveShell

from mixpanel_data.text import printable
from mixpanel_magics.display import in_notebook

if TYPE_CHECKING:
    from mixpanel_data import FetchProgress, Workspace

PATIENCE = 1.0
"""Seconds before anything is said; a fetch that is faster says nothing."""

PAUSE = 0.25
"""Seconds between two changes of what is said."""

Say = Callable[[str], None]


@contextmanager
def fetching(
    shell: InteractiveShell, workspace: Workspace
) -> Iterator[Callable[[FetchProgress], None]]:
    """What to give a fetch as `progress`; waits for the quota are shown, too."""
    start = time.monotonic()
    due = start + PATIENCE
    with _notebook() if in_notebook(shell) else _terminal() as say:

        def tell(text: Callable[[], str]) -> None:
            nonlocal due
            if time.monotonic() >= due:
                due = time.monotonic() + PAUSE
                say(text())

        def wait(seconds: float, why: str) -> None:
            if seconds >= 1:
                tell(lambda: printable(f"waiting {round(seconds):,} s ({why})"))

        workspace.api.on_wait = wait
        try:
            yield lambda progress: tell(lambda: progress.describe(time.monotonic() - start))
        finally:
            workspace.api.on_wait = None


@contextmanager
def _notebook() -> Iterator[Say]:
    from IPython.display import DisplayHandle

    shown = DisplayHandle()
    is_shown = False

    def say(text: str) -> None:
        nonlocal is_shown
        update, is_shown = is_shown, True  # an interrupt may come while it is being shown
        shown.display({"text/plain": text}, raw=True, update=update)

    try:
        yield say
    finally:
        if is_shown:
            say("")


@contextmanager
def _terminal() -> Iterator[Say]:
    widest = 0

    def say(text: str) -> None:
        nonlocal widest
        widest = max(widest, len(text))
        sys.stderr.write(f"\r{text:<{widest}}")
        sys.stderr.flush()

    try:
        yield say
    finally:
        if widest:
            say("")
            sys.stderr.write("\r")
