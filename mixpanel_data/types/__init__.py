"""Answers: frozen values that print small, show as HTML in notebooks and serialise.

Times are naive UTC, as in the database; dates are `YYYY-MM-DD`, both ends of a range included.
"""

from __future__ import annotations

from mixpanel_data import _lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mixpanel_data.types.accounts import AccountInfo, AccountTest
    from mixpanel_data.types.answers import Answer
    from mixpanel_data.types.fetching import FetchPlan, FetchProgress, FetchResult, FetchStatus
    from mixpanel_data.types.flows import FlowLink, FlowPath, FlowsResult
    from mixpanel_data.types.funnels import FunnelInfo, FunnelResult, FunnelStep
    from mixpanel_data.types.insights import InsightsResult
    from mixpanel_data.types.profiling import (
        ColumnSummary,
        EventBreakdown,
        EventCoverage,
        EventSummary,
        ListStats,
        NumberStats,
        ObjectStats,
        PropertyStats,
        TableSummary,
        TextStats,
        TimeStats,
        ValueCount,
    )
    from mixpanel_data.types.report import Report
    from mixpanel_data.types.retention import (
        CohortInfo,
        FrequencyPeriod,
        FrequencyResult,
        RetentionResult,
    )
    from mixpanel_data.types.saved import (
        ActivityEvent,
        ActivityFeedResult,
        CohortSummary,
        JQLResult,
        LexiconProperty,
        LexiconSchema,
        TopEvent,
        TopEventsResult,
    )
    from mixpanel_data.types.series import (
        EventCountsResult,
        NumericBucketsResult,
        NumericSeriesResult,
        PropertyCountsResult,
        SegmentationResult,
    )
    from mixpanel_data.types.tables import (
        AcceleratedTable,
        ColumnInfo,
        ExportResult,
        FlattenResult,
        Page,
        Process,
        PropertyInfo,
        SqlExplanation,
        TableDetails,
        TableInfo,
        TableMetadata,
        TableSchema,
        TableType,
        WorkspaceInfo,
        Writable,
        WriteResult,
    )
else:
    __getattr__ = _lazy.names(
        __name__,
        "tables",
        "accounts",
        "fetching",
        "report",
        "series",
        "funnels",
        "retention",
        "flows",
        "saved",
        "insights",
        "profiling",
    )

__all__ = [
    "AcceleratedTable",
    "AccountInfo",
    "AccountTest",
    "ActivityEvent",
    "ActivityFeedResult",
    "Answer",
    "CohortInfo",
    "CohortSummary",
    "ColumnInfo",
    "ColumnSummary",
    "EventBreakdown",
    "EventCountsResult",
    "EventCoverage",
    "EventSummary",
    "ExportResult",
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
    "InsightsResult",
    "JQLResult",
    "LexiconProperty",
    "LexiconSchema",
    "ListStats",
    "NumberStats",
    "NumericBucketsResult",
    "NumericSeriesResult",
    "ObjectStats",
    "Page",
    "Process",
    "PropertyCountsResult",
    "PropertyInfo",
    "PropertyStats",
    "Report",
    "RetentionResult",
    "SegmentationResult",
    "SqlExplanation",
    "TableDetails",
    "TableInfo",
    "TableMetadata",
    "TableSchema",
    "TableSummary",
    "TableType",
    "TextStats",
    "TimeStats",
    "TopEvent",
    "TopEventsResult",
    "ValueCount",
    "WorkspaceInfo",
    "Writable",
    "WriteResult",
]
