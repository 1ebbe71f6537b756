"""Section of `Workspace`: SQL on what was fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mixpanel_data import queries
from mixpanel_data.workspace.parts import Parts

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from mixpanel_data._internal.storage import SqlResult
    from mixpanel_data.formats import FileFormat, Format, TextFormat
    from mixpanel_data.types import (
        ExportResult,
        SqlExplanation,
        Writable,
        WriteResult,
    )

Params = Sequence[Any] | Mapping[str, Any] | None
Frames = Mapping[str, Any]
Progress = Callable[[float | None], None]


class Querying(Parts):
    """SQL in DuckDB's dialect.

    Properties that a query reads with `->>` come from flat tables, where the answer is the same;
    with `accelerate=False` the query runs as it is. `frames` are DataFrames of pandas, which SQL
    reads as tables by these names, where no table has the name. While a query runs, `progress` is
    called a few times a second with how much is done (0 to 1), or with None: the number is known
    where this process owns the database. `read_only` is for SQL of others, and always on in a
    read-only workspace: it refuses all but one SELECT on tables, views and frames, and so whatever
    writes, sets anything or reads files.
    """

    def sql(
        self,
        query: str,
        params: Params = None,
        *,
        frames: Frames | None = None,
        progress: Progress | None = None,
        accelerate: bool = True,
        read_only: bool = False,
    ) -> pd.DataFrame:
        """Run SQL (DuckDB's dialect) and return all rows; `params` are bound to `?` or `$name`."""
        return self._storage.execute_df(
            query,
            params,
            frames=frames,
            progress=progress,
            accelerate=accelerate,
            read_only=read_only or self.read_only,
        )

    def sql_scalar(
        self,
        query: str,
        params: Params = None,
        *,
        frames: Frames | None = None,
        accelerate: bool = True,
        read_only: bool = False,
    ) -> Any:
        """Run SQL and return the first value of the first row; None when there is no row."""
        return self._storage.execute_scalar(
            query,
            params,
            frames=frames,
            accelerate=accelerate,
            read_only=read_only or self.read_only,
        )

    def sql_rows(
        self,
        query: str,
        params: Params = None,
        *,
        frames: Frames | None = None,
        accelerate: bool = True,
        read_only: bool = False,
    ) -> list[tuple[Any, ...]]:
        """Run SQL and return all rows as tuples."""
        return self._storage.execute_rows(
            query,
            params,
            frames=frames,
            accelerate=accelerate,
            read_only=read_only or self.read_only,
        )

    def sql_result(
        self,
        query: str,
        params: Params = None,
        *,
        limit: int | None = None,
        frames: Frames | None = None,
        progress: Progress | None = None,
        accelerate: bool = True,
        read_only: bool = False,
    ) -> SqlResult:
        """Run SQL once and keep its rows: tuples, `df()`, `to_arrow()` and `to_polars()` of them.

        With `limit` only the first rows are read, and `is_complete` says whether these are all.
        """
        return self._storage.result(
            query,
            params,
            max_rows=limit,
            frames=frames,
            progress=progress,
            accelerate=accelerate,
            read_only=read_only or self.read_only,
        )

    def write_sql(
        self,
        query: str,
        file: Writable,
        format: TextFormat | Format = "json",  # noqa: A002 - the name of the CLI's option
        params: Params = None,
        *,
        limit: int | None = None,
        offset: int = 0,
        columns: Sequence[str] | None = None,
        max_bytes: int | None = None,
        accelerate: bool = True,
        read_only: bool = False,
    ) -> WriteResult:
        """Run SQL and write its rows to `file` as text, in flat memory whatever their number.

        Of the rows, `limit` after the first `offset`, with these `columns` alone: DuckDB makes no
        others. The text has at most `max_bytes`, as many whole rows as fit; the query ends then.
        """
        excerpt = queries.Excerpt.of(limit, offset, columns, max_bytes)
        return self._storage.write(
            query,
            file,
            format=format,
            params=params,
            excerpt=excerpt,
            accelerate=accelerate,
            read_only=read_only or self.read_only,
        )

    def explain_sql(
        self, query: str, params: Params = None, *, frames: Frames | None = None
    ) -> SqlExplanation:
        """What `sql` runs for a query, which flat tables answer it, and why others do not."""
        return self._storage.explain(query, params, frames=frames)

    def export(
        self,
        what: str,
        path: str | Path,
        *,
        format: FileFormat | None = None,  # noqa: A002 - as for `write_sql`
        overwrite: bool = False,
        limit: int | None = None,
        offset: int = 0,
        columns: Sequence[str] | None = None,
        accelerate: bool = True,
    ) -> ExportResult:
        """Write a table, a view or the rows of a query to a file, in flat memory.

        The file appears as a whole or not at all. Its name says the format: .parquet, .csv, .jsonl
        (.gz or .zst compress them) or .arrow, which needs the extra `arrow`. Rows have an order
        only when the query gives them one.
        """
        self._check_can_change("writes no files", hint="mp sql QUERY --format csv prints rows")
        excerpt = queries.Excerpt.of(limit, offset, columns)
        return self._storage.export(
            what, path, format=format, overwrite=overwrite, excerpt=excerpt, accelerate=accelerate
        )
