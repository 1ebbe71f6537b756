"""A part of a widget that asks a workspace: busy, then an answer or a problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from mixpanel_data.exceptions import MixpanelDataError
from mixpanel_magics.state.work import Work

if TYPE_CHECKING:
    from mixpanel_data import Workspace

T = TypeVar("T")


class Part:
    """Asks `workspace`, which is its own; `told` is called after each change, on any thread.

    What is asked last is what counts: it stops what runs.
    """

    def __init__(self, workspace: Workspace, told: Callable[[], None]) -> None:
        self.is_busy = False
        self.problem: MixpanelDataError | None = None
        self._workspace = workspace
        self._told = told
        self._work = Work(workspace.interrupt)

    def stop(self) -> None:
        """Stop what runs; what was known before stays."""
        if self.is_busy:
            self.is_busy = False
            self._work.stop()
            self._told()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs; False when that takes too long."""
        return self._work.wait(timeout)

    def close(self) -> None:
        """Stop, wait for that, and let go of the workspace; nothing more is told."""
        self._told, self.is_busy = lambda: None, False
        self._work.close()
        self._workspace.close()

    def _do(self, job: Callable[[], T], then: Callable[[T], None]) -> None:
        def done(answer: T) -> None:
            self.is_busy, self.problem = False, None
            then(answer)
            self._told()

        def failed(error: MixpanelDataError) -> None:
            self.is_busy, self.problem = False, error
            self._failed()
            self._told()

        self.is_busy = True
        self._work.do(job, done, failed)
        self._told()

    def _failed(self) -> None:
        """Go back to what is on screen."""
