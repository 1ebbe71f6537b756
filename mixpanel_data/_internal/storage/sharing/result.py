"""The result of a statement, wherever it was run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import duckdb

from mixpanel_data._internal.storage.sharing import rows
from mixpanel_data._internal.storage.sharing.answer import Answer
from mixpanel_data._internal.storage.sharing.channel import Channel
from mixpanel_data._internal.storage.sharing.errors import OwnerLost, StatementNotStarted

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


class Result(Protocol):
    """What DuckDB's own connection has of its last statement."""

    @property
    def description(self) -> list[Any] | None:
        """Names and types of the columns."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""

    def df(self) -> pd.DataFrame:
        """All rows."""


class RemoteRows:
    """RemoteRows from another process; `again` runs the statement once more when it ends in between."""

    def __init__(
        self,
        channel: Channel,
        answer: Answer,
        again: Callable[[StatementNotStarted | OwnerLost], Result],
    ) -> None:
        self.answer = answer
        self._channel = channel
        self._again = again
        self._rows: Iterator[tuple[Any, ...]] | None = None

    @property
    def description(self) -> list[Any]:
        """Names and types of the columns."""
        columns = zip(self.answer.names, self.answer.types, strict=True)
        return [(name, duckdb.sqltype(kind), *[None] * 5) for name, kind in columns]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left."""
        return list(self._left())

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""
        return next(self._left(), None)

    def df(self) -> pd.DataFrame:
        """All rows."""
        frame: pd.DataFrame = self._all(lambda result: result.df())
        return frame

    def _left(self) -> Iterator[tuple[Any, ...]]:
        if self._rows is None:
            found = self._all(lambda result: result.fetchall()) if self.answer.names else []
            self._rows = iter(found)
        return self._rows

    def _all(self, how: Callable[[Any], T]) -> T:
        answer = self.answer
        try:
            return how(
                rows.unpacked(self._channel.scratch, answer.stream(), answer.names, answer.types)
            )
        except Exception:
            if isinstance(answer.failure, StatementNotStarted | OwnerLost):
                return how(self._again(answer.failure))
            if answer.failure is not None:
                raise answer.failure from None
            raise


class Nothing:
    """The result of what had nothing to do."""

    description = None

    def fetchall(self) -> list[tuple[Any, ...]]:
        """No rows."""
        return []

    def fetchone(self) -> tuple[Any, ...] | None:
        """No row."""
        return None

    def df(self) -> pd.DataFrame:
        """An empty one."""
        import pandas as pd

        return pd.DataFrame()


NOTHING = Nothing()
