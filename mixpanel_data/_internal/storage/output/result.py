"""The rows of one run of a statement, to be read in several ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import duckdb

from mixpanel_data._internal.sql import quote
from mixpanel_data._internal.storage.errors import translated
from mixpanel_data._internal.storage.output.spelling import to_columns
from mixpanel_data._internal.storage.sharing.materialize import RESULT
from mixpanel_data._internal.storage.sharing.rows import Stream
from mixpanel_data.exceptions import InvalidArgumentError, MissingExtraError

if TYPE_CHECKING:
    import arro3.core
    import pandas as pd
    import polars as pl


class SqlResult:
    """Rows that were read once and are kept in memory, in an own small database.

    Neither later statements nor the end of the workspace change them.
    """

    def __init__(self, home: duckdb.DuckDBPyConnection, max_rows: int | None = None) -> None:
        self._home = home
        found = home.table(RESULT)
        self.columns: dict[str, str] = {
            name: str(kind) for name, kind in zip(found.columns, found.types, strict=True)
        }
        """Names and DuckDB's types; columns of the same name are numbered."""
        rows = int(found.count("*").fetchall()[0][0])
        self.is_complete = max_rows is None or rows <= max_rows
        """False when there were more rows than were asked for."""
        self._size = rows if max_rows is None else min(rows, max_rows)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        rows = self._home.cursor().execute(f"FROM {RESULT} LIMIT {self._size}")
        while row := rows.fetchone():
            yield row

    def __repr__(self) -> str:
        return f"<SqlResult of {self._size:,} rows: {', '.join(self.columns)}>"

    def df(self, limit: int | None = None) -> pd.DataFrame:
        """A DataFrame of all rows, or of the first ones."""
        max_rows = self._size if limit is None else min(limit, self._size)
        frame: pd.DataFrame = self._home.execute(f"FROM {RESULT} LIMIT {max_rows}").df()
        return frame

    def to_arrow(self) -> arro3.core.Table:
        """An Arrow table, with the extra `arrow`; pyarrow, pandas and Polars take it as theirs."""
        try:
            from arro3.core import Table
        except ImportError as error:
            raise MissingExtraError("arrow", "an Arrow table") from error
        return Table.from_arrow(self._common())

    def to_polars(self) -> pl.DataFrame:
        """A DataFrame of Polars, which has to be installed."""
        intervals = [name for name, kind in self.columns.items() if "INTERVAL" in kind]
        if intervals:
            raise InvalidArgumentError(
                f"Polars has no type for INTERVAL, which column {intervals[0]!r} is",
                hint=f"CAST({quote(intervals[0])} AS VARCHAR) AS {quote(intervals[0])}",
            )
        try:
            import polars as pl
        except ImportError as error:
            raise MissingExtraError("polars", "a DataFrame of Polars") from error
        return pl.DataFrame(self._common())

    def _common(self) -> Stream:
        """The rows in types that everyone reads without loss."""
        spelled = to_columns(self.columns)
        listed = ", ".join(
            f"{spelled[name]} AS {quote(name)}" if name in spelled else quote(name)
            for name in self.columns
        )
        with translated():  # an integer may be too large for them
            return Stream(self._home.sql(f"SELECT {listed} FROM {RESULT} LIMIT {self._size}"))
