"""Our session as a DB-API connection, for JupySQL, which treats a connection as its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from mixpanel_data.exceptions import QueryError
from mixpanel_magics.errors import shown_short
from mixpanel_magics.progress import querying

if TYPE_CHECKING:
    import pandas as pd

    from mixpanel_magics.session import MixpanelSession

MAX_ROWS = 1_000_000
"""JupySQL wants the rows of a query while it shows ten of them: more than these are not read."""

_SCANS_FRAMES = "SET python_scan_all_frames=true"
"""What JupySQL says first on every cursor. DataFrames are found by name without it."""


class SharedConnection:
    """The workspace of the session, whichever that is at the time; its life is not JupySQL's."""

    df = pl = None
    """JupySQL takes a connection that has these two for DuckDB's."""

    def __init__(self, session: MixpanelSession) -> None:
        self._session = session

    def cursor(self) -> Cursor:
        """For one statement, on the workspace's own connection."""
        return Cursor(self._session)

    def commit(self) -> None:
        """An open transaction is the user's to end."""

    def close(self) -> None:
        """The workspace stays open."""


class Cursor:
    """Runs a statement once, however often it is told to, and keeps what it gave."""

    def __init__(self, session: MixpanelSession) -> None:
        self._session = session
        self._query: str | None = None
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(self, query: str, _parameters: object = None) -> Cursor:
        """Run it, unless it has been run."""
        if query not in (self._query, _SCANS_FRAMES):
            with shown_short(), querying(self._session.shell) as progress:
                self.result = self._session.workspace.sql_result(
                    query, limit=MAX_ROWS, frames=self._session.frames(), progress=progress
                )
            self._query = query
            self._rows = iter(self.result)
        return self

    @property
    def description(self) -> list[tuple[Any, ...]] | None:
        """Names and types of the columns."""
        if self._query is None:
            return None
        return [(name, kind, *[None] * 5) for name, kind in self.result.columns.items()]

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""
        return next(iter(self.fetchmany(1)), None)

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """The next rows."""
        rows = list(islice(self._rows, size))
        if len(rows) < size:
            self._check()
        return rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left."""
        self._check()
        return list(self._rows)

    def df(self) -> pd.DataFrame:
        """All rows."""
        self._check()
        return self.result.df()

    def pl(self) -> Any:
        """All rows, for Polars."""
        self._check()
        with shown_short():
            return self.result.to_polars()

    def close(self) -> None:
        """There is nothing to let go of."""

    def _check(self) -> None:
        if self._query is not None and not self.result.is_complete:
            with shown_short():
                raise QueryError(
                    f"more than {MAX_ROWS:,} rows: too many for %sql",
                    hint="add a LIMIT, or use %%mpsql, which has no bound",
                )
