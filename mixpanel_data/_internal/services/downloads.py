"""Several downloads at once, on threads that a stalled server can't keep us waiting for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - it is a message to a worker, not an error
    """The fetch is over: whoever still works for it should end."""


class Downloads(Generic[T]):
    """Futures of queued jobs, in order; a job calls `check` between two steps."""

    def __init__(self) -> None:
        self.futures: list[Future[T]] = []
        self._stop = threading.Event()

    def check(self) -> None:
        """Raise Stopped once the fetch is over."""
        if self._stop.is_set():
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Wait; raise Stopped when the fetch is over before."""
        if self._stop.wait(seconds):
            raise Stopped

    def stop(self) -> None:
        """Let queued jobs go, and running ones end at their next check."""
        self._stop.set()
        for future in self.futures:
            future.cancel()


@contextmanager
def downloading(
    jobs: Sequence[Callable[[Downloads[T]], T]], *, at_once: int
) -> Iterator[Downloads[T]]:
    """Run jobs on daemon threads: after Ctrl-C nobody waits for a read that never returns."""
    downloads: Downloads[T] = Downloads()
    pending: queue.SimpleQueue[tuple[Future[T], Callable[[Downloads[T]], T]]] = queue.SimpleQueue()
    for job in jobs:
        future: Future[T] = Future()
        downloads.futures.append(future)
        pending.put((future, job))

    def work() -> None:
        while True:
            try:
                future, job = pending.get_nowait()
            except queue.Empty:
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(job(downloads))
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked
                future.set_exception(error)

    for number in range(min(at_once, len(jobs))):
        threading.Thread(target=work, name=f"download-{number}", daemon=True).start()
    try:
        yield downloads
    finally:
        downloads.stop()
