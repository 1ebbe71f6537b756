"""DuckDB: one file, its tables, their metadata. Knows nothing of Mixpanel's API.

Other packages import from here alone; a contract of `lint-imports` checks it.
"""

from typing import TYPE_CHECKING

from mixpanel_data import _lazy

if TYPE_CHECKING:
    from mixpanel_data._internal.storage.browsing import (
        RowSelection,
        condition_for,
        count_sql,
        page,
        row,
    )
    from mixpanel_data._internal.storage.engine import StorageEngine
    from mixpanel_data._internal.storage.errors import translated
    from mixpanel_data._internal.storage.ingest.spool import Body, Job, is_running
    from mixpanel_data._internal.storage.ingest.table import TableWriter
    from mixpanel_data._internal.storage.output.result import SqlResult
    from mixpanel_data._internal.storage.profiling.summaries import (
        event_breakdown,
        plain_rows,
        property_stats,
        sample,
        summarize,
    )
    from mixpanel_data._internal.storage.sharing import retry_on_conflict
else:
    __getattr__ = _lazy.names(
        __name__,
        "engine",
        "ingest.spool",
        "ingest.table",
        "sharing",
        "errors",
        "output.result",
        "profiling.summaries",
        "browsing",
    )

__all__ = [
    "Body",
    "Job",
    "RowSelection",
    "SqlResult",
    "StorageEngine",
    "TableWriter",
    "condition_for",
    "count_sql",
    "event_breakdown",
    "is_running",
    "page",
    "plain_rows",
    "property_stats",
    "retry_on_conflict",
    "row",
    "sample",
    "summarize",
    "translated",
]
