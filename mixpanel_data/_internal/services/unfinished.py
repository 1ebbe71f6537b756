"""Fetches of events that began and did not end: what is in the spool."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from mixpanel_data._internal.services.windows import Window, gaps
from mixpanel_data._internal.storage import Job, StorageEngine, is_running
from mixpanel_data.exceptions import StorageError
from mixpanel_data.types import FetchStatus


class UnfinishedFetches:
    """Needs the database alone, no credentials."""

    def __init__(self, storage: StorageEngine) -> None:
        self._storage = storage

    def list(self) -> list[FetchStatus]:
        """All of them, oldest first."""
        return [_status(job) for job in self._jobs()]

    def clean(self, *names: str) -> tuple[str, ...]:
        """Forget what was downloaded for these tables, or for all; those that had something."""
        jobs = [job for job in self._jobs() if not names or job.asked["table"] in names]
        running = [job.asked["table"] for job in jobs if is_running(job)]
        if running:
            raise StorageError(
                f"a fetch into table {running[0]!r} is running", hint="stop it first"
            )
        for job in jobs:
            job.remove()
        return tuple(sorted({str(job.asked["table"]) for job in jobs}))

    def _jobs(self) -> Iterator[Job]:
        finished = self._storage.finished_jobs()
        for job in self._storage.jobs():
            if job.id in finished:
                job.remove()  # killed between its commit and this
            else:
                yield job


def _status(job: Job) -> FetchStatus:
    whole = Window(*(date.fromisoformat(job.asked[key]) for key in ("from_date", "to_date")))
    bodies = job.bodies()
    return FetchStatus(
        table=job.asked["table"],
        from_date=str(whole.first),
        to_date=str(whole.last),
        done=tuple(str(Window(body.first, body.last)) for body in bodies),
        missing=tuple(map(str, gaps(whole, bodies))),
        rows=sum(body.rows for body in bodies),
        bytes=sum(body.size for body in bodies),
        started_at=job.asked["started_at"],
        running=is_running(job),
    )
