"""StorageEngine: one DuckDB database, its tables, queries and life, a section to a file."""

from mixpanel_data._internal.storage.engine.jobs import Jobs
from mixpanel_data._internal.storage.engine.querying import Querying
from mixpanel_data._internal.storage.engine.tables import Tables

__all__ = ["StorageEngine"]


class StorageEngine(Tables, Querying, Jobs):
    """A DuckDB database in a file, or in memory when `path` is None.

    Any thread may call it; statements run one at a time. Ctrl-C interrupts the running one. Other
    processes may have the file open at the same time, unless it is `private`.
    """
