"""Answers: frozen values that print small, show as HTML in notebooks and serialise.

Times are naive UTC, as in the database; dates are `YYYY-MM-DD`, both ends of a range included.
"""

from mixpanel_data.types.accounts import AccountInfo, AccountTest
from mixpanel_data.types.answers import Answer
from mixpanel_data.types.fetching import FetchPlan, FetchProgress, FetchResult, FetchStatus
from mixpanel_data.types.files import Format, Writable
from mixpanel_data.types.tables import (
    ColumnInfo,
    PropertyInfo,
    TableInfo,
    TableMetadata,
    TableSchema,
    TableType,
    WorkspaceInfo,
)

__all__ = [
    "AccountInfo",
    "AccountTest",
    "Answer",
    "ColumnInfo",
    "FetchPlan",
    "FetchProgress",
    "FetchResult",
    "FetchStatus",
    "Format",
    "PropertyInfo",
    "TableInfo",
    "TableMetadata",
    "TableSchema",
    "TableType",
    "WorkspaceInfo",
    "Writable",
]
