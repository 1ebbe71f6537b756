"""Workspaces for calls that come at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio
import anyio.to_thread

from mixpanel_data.mcp.call import Call, Tell
from mixpanel_data.workspace import Workspace

_PATIENCE = 2.0
"""Seconds that calls get to end in, once they are stopped."""


class WorkspacePool:
    """Gives each call a workspace that no other call works on meanwhile.

    The first one goes first: it remembers what was discovered. Others are siblings of it, with
    connections of their own, and stay for the next time that many calls come at once.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._first = workspace
        self._idle = [workspace]
        self._siblings: list[Workspace] = []
        self._calls: set[Call] = set()
        self._lock = threading.Lock()

    async def do(self, work: Callable[[Call], str], tell: Tell) -> Call:
        """Do `work` on a thread; who stops waiting for it stops it. The call has its answer."""
        call = Call(tell)
        try:
            await anyio.to_thread.run_sync(self._do, work, call, abandon_on_cancel=True)
        except anyio.get_cancelled_exc_class():
            call.stop()
            raise
        return call

    def _do(self, work: Callable[[Call], str], call: Call) -> None:
        for before in tuple(self._calls):
            if before.is_stopped:  # it may hold what this one wants, such as a table's fetch
                before.done.wait(_PATIENCE)
        self._calls.add(call)
        try:
            with self._workspace() as workspace, call.on(workspace):
                call.answer = work(call)
        finally:
            call.done.set()
            self._calls.discard(call)

    @contextmanager
    def _workspace(self) -> Iterator[Workspace]:
        with self._lock:
            workspace = self._idle.pop() if self._idle else None
        if workspace is None:
            workspace = self._first.sibling()
            self._siblings.append(workspace)
        try:
            yield workspace
        finally:
            with self._lock:
                self._idle.append(workspace)
                self._idle.sort(key=lambda it: it is self._first)

    def close(self) -> None:
        """Stop what runs, and close the siblings."""
        running = tuple(self._calls)
        for call in running:
            call.stop()
        for call in running:
            call.done.wait(_PATIENCE)
        for workspace in self._siblings:
            workspace.close()
