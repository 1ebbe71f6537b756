"""Section of `StorageEngine`: what fetches download, until it is in a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from mixpanel_data._internal.storage import metadata
from mixpanel_data._internal.storage.engine.opened import Opened
from mixpanel_data._internal.storage.ingest import spool


class Jobs(Opened):
    """The spool lies beside the database file, and is found again by the question it answers."""

    def temporary(self) -> AbstractContextManager[Path]:
        """A folder for downloaded bodies, beside the database, gone after the block."""
        return spool.temporary(self._path)

    @contextmanager
    def job(self, question: Mapping[str, Any], **facts: Any) -> Iterator[spool.Job]:
        """The spool of a question, found or begun; without a database file it can't be resumed."""
        with ExitStack() as stack:
            if self._path is None:
                home = stack.enter_context(self.temporary())
            else:
                home = spool.home_of(self._path)
            yield stack.enter_context(
                spool.job(home, question, finished=self.finished_jobs(), **facts)
            )

    def find_job(self, question: Mapping[str, Any]) -> spool.Job | None:
        """The spool of a question, to look at."""
        return None if self._path is None else spool.find(spool.home_of(self._path), question)

    def finished_jobs(self) -> set[str]:
        """Ids of the downloads that are in the tables."""
        return {facts.job for facts in self._session.run(metadata.read).values() if facts.job}

    def jobs(self) -> list[spool.Job]:
        """What fetches that did not end have left to be continued, oldest first."""
        return [] if self._path is None else spool.jobs(spool.home_of(self._path))

    @staticmethod
    def body(path: Path) -> AbstractContextManager[spool.Write]:
        """A function that writes a downloaded body."""
        return spool.body(path)
