"""Fetch Mixpanel data once into DuckDB, and ask many questions of it.

Names are loaded when first used, so that `import mixpanel_data` costs next to nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # as in typing, which alone would cost more than all the rest
if TYPE_CHECKING:
    from typing import Any

    from mixpanel_data import auth
    from mixpanel_data.exceptions import (
        AccountExistsError,
        AccountNotFoundError,
        APIError,
        AuthenticationError,
        ColumnNotFoundError,
        ConfigError,
        ConflictError,
        ConnectionFailedError,
        DatabaseNotFoundError,
        DateRangeError,
        EndpointRetiredError,
        ExportExistsError,
        IncompleteExportError,
        InvalidArgumentError,
        MissingExtraError,
        MixpanelDataError,
        MixpanelDataWarning,
        PermissionDeniedError,
        PlanError,
        QueryError,
        QueryInterruptedError,
        RateLimitError,
        ResourceNotFoundError,
        SessionLostError,
        StorageError,
        TableExistsError,
        TableNotFoundError,
    )
    from mixpanel_data.expressions import Expr, properties, user
    from mixpanel_data.queries import Exclusion, Step
    from mixpanel_data.types import (
        AcceleratedTable,
        AccountInfo,
        AccountTest,
        ActivityEvent,
        ActivityFeedResult,
        CohortInfo,
        CohortSummary,
        ColumnInfo,
        ColumnSummary,
        EventBreakdown,
        EventCountsResult,
        EventCoverage,
        EventSummary,
        ExportResult,
        FetchPlan,
        FetchProgress,
        FetchResult,
        FetchStatus,
        FlattenResult,
        FlowLink,
        FlowPath,
        FlowsResult,
        FrequencyPeriod,
        FrequencyResult,
        FunnelInfo,
        FunnelResult,
        FunnelStep,
        InsightsResult,
        JQLResult,
        LexiconProperty,
        LexiconSchema,
        ListStats,
        NumberStats,
        NumericBucketsResult,
        NumericSeriesResult,
        ObjectStats,
        Page,
        Process,
        PropertyCountsResult,
        PropertyInfo,
        PropertyStats,
        Report,
        RetentionResult,
        SegmentationResult,
        SqlExplanation,
        TableDetails,
        TableInfo,
        TableMetadata,
        TableSchema,
        TableSummary,
        TextStats,
        TimeStats,
        TopEvent,
        TopEventsResult,
        ValueCount,
        WorkspaceInfo,
        WriteResult,
    )
    from mixpanel_data.workspace import Workspace

__all__ = [
    "APIError",
    "AcceleratedTable",
    "AccountExistsError",
    "AccountInfo",
    "AccountNotFoundError",
    "AccountTest",
    "ActivityEvent",
    "ActivityFeedResult",
    "AuthenticationError",
    "CohortInfo",
    "CohortSummary",
    "ColumnInfo",
    "ColumnNotFoundError",
    "ColumnSummary",
    "ConfigError",
    "ConflictError",
    "ConnectionFailedError",
    "DatabaseNotFoundError",
    "DateRangeError",
    "EndpointRetiredError",
    "EventBreakdown",
    "EventCountsResult",
    "EventCoverage",
    "EventSummary",
    "Exclusion",
    "ExportExistsError",
    "ExportResult",
    "Expr",
    "FetchPlan",
    "FetchProgress",
    "FetchResult",
    "FetchStatus",
    "FlattenResult",
    "FlowLink",
    "FlowPath",
    "FlowsResult",
    "FrequencyPeriod",
    "FrequencyResult",
    "FunnelInfo",
    "FunnelResult",
    "FunnelStep",
    "IncompleteExportError",
    "InsightsResult",
    "InvalidArgumentError",
    "JQLResult",
    "LexiconProperty",
    "LexiconSchema",
    "ListStats",
    "MissingExtraError",
    "MixpanelDataError",
    "MixpanelDataWarning",
    "NumberStats",
    "NumericBucketsResult",
    "NumericSeriesResult",
    "ObjectStats",
    "Page",
    "PermissionDeniedError",
    "PlanError",
    "Process",
    "PropertyCountsResult",
    "PropertyInfo",
    "PropertyStats",
    "QueryError",
    "QueryInterruptedError",
    "RateLimitError",
    "Report",
    "ResourceNotFoundError",
    "RetentionResult",
    "SegmentationResult",
    "SessionLostError",
    "SqlExplanation",
    "Step",
    "StorageError",
    "TableDetails",
    "TableExistsError",
    "TableInfo",
    "TableMetadata",
    "TableNotFoundError",
    "TableSchema",
    "TableSummary",
    "TextStats",
    "TimeStats",
    "TopEvent",
    "TopEventsResult",
    "ValueCount",
    "Workspace",
    "WorkspaceInfo",
    "WriteResult",
    "auth",
    "properties",
    "user",
]

_HOMES = {
    "Workspace": "workspace",
    "Exclusion": "queries",
    "Step": "queries",
    "Expr": "expressions",
    "properties": "expressions",
    "user": "expressions",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "auth":
        return import_module("mixpanel_data.auth")
    home = _HOMES.get(name)
    if home is None:
        home = "exceptions" if name.endswith(("Error", "Warning")) else "types"
    value = getattr(import_module(f"mixpanel_data.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
