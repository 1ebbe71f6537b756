"""One call of a tool: the workspace it works on, and what it has to tell beside its answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from mixpanel_data.exceptions import listening
from mixpanel_data.types import FetchProgress
from mixpanel_data.workspace import Workspace

Tell = Callable[[float, float | None, str], None]
"""How far it is: done, of how much, in words."""

_PAUSE = 0.05
"""Seconds between two interrupts: one may come between two statements, and be lost."""


class Stopped(Exception):  # noqa: N818 - what it stops knows nothing of it
    """Raised into work whose answer nobody waits for any more."""


@dataclass(eq=False)
class Call:
    """Runs on a thread of its own; `stop` comes from another."""

    tell: Tell
    workspace: Workspace = field(init=False)
    answer: str = ""
    notes: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def on(self, workspace: Workspace) -> Iterator[None]:
        """Within the block it works on this workspace, and hears the library's warnings."""
        self.workspace = workspace
        with listening(self.note, aloud=False):
            self.check()
            yield

    @contextmanager
    def mixpanel(self, quota: Literal["query", "export"] = "query") -> Iterator[Workspace]:
        """The workspace, to ask Mixpanel; what is left of a quota is told afterwards."""
        api = self.workspace.api
        api.on_wait = self._waits
        try:
            yield self.workspace
        finally:
            api.on_wait = None
        state = api.quota(quota)
        calls = "queries" if quota == "query" else "exports"
        self.note(f"{state.left} of {state.per_hour} {calls} an hour are left")

    def note(self, text: str) -> None:
        """Say something beside the answer, once."""
        if text not in self.notes:
            self.notes.append(text)

    def fetched(self, now: FetchProgress) -> None:
        """What a fetch is given as `progress`."""
        self.check()
        self.tell(now.windows_done, now.windows, now.describe(0))

    def _waits(self, seconds: float, why: str) -> None:
        self.check()
        if seconds >= 1:
            self.tell(0, None, f"waiting {seconds:.0f} s: {why}")

    @property
    def is_stopped(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise when nobody waits any more."""
        if self.is_stopped:
            raise Stopped

    def stop(self) -> None:
        """Have it end: its query at once, its fetch at the next look around."""
        self._stop.set()
        threading.Thread(target=self._interrupt, name="stopping", daemon=True).start()

    def _interrupt(self) -> None:
        while not self.done.wait(_PAUSE):
            if hasattr(self, "workspace"):
                self.workspace.interrupt()
