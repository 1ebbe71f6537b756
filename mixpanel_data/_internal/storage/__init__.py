"""DuckDB: one file, its tables, their metadata. Knows nothing of Mixpanel's API."""

from mixpanel_data._internal.storage.engine import StorageEngine

__all__ = ["StorageEngine"]
