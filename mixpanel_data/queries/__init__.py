"""Questions, as frozen values that check themselves; answers know theirs.

The same question goes to Mixpanel (`ws.segmentation`) and to a table (`ws.local.segmentation`).
`on` and `where` are names of properties or expressions; dates are days of the project's zone,
both ends included.
"""

from __future__ import annotations

from mixpanel_data import _lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mixpanel_data.queries.checks import parse_date, parse_instant
    from mixpanel_data.queries.events import ActivityFeed, EventCounts, PropertyCounts, TopEvents
    from mixpanel_data.queries.excerpt import Excerpt
    from mixpanel_data.queries.export import MAX_EXPORT_LIMIT, Export
    from mixpanel_data.queries.flows import Flows
    from mixpanel_data.queries.funnels import (
        Exclusion,
        Funnel,
        FunnelBuckets,
        FunnelUnit,
        LocalFunnel,
        Step,
        WhereApplies,
        WindowUnit,
    )
    from mixpanel_data.queries.profiles import Profiles
    from mixpanel_data.queries.retention import (
        CohortUnit,
        Frequency,
        LocalFrequency,
        LocalRetention,
        OnEvent,
        Retention,
        RetentionType,
        SegmentSizes,
        Slots,
        SlotUnit,
    )
    from mixpanel_data.queries.saved import JQL, Insights
    from mixpanel_data.queries.scope import EdgeBuckets, Scope, WeekStart
    from mixpanel_data.queries.segmentation import (
        AveragePer,
        CountType,
        LocalNumericSegmentation,
        LocalSegmentation,
        LocalSegmentationAverage,
        NonNumbers,
        NumericSegmentation,
        NumericUnit,
        RangeIncludes,
        Segmentation,
        SegmentationAverage,
        SegmentationSum,
        Unit,
    )
    from mixpanel_data.queries.written import Expression, Written
else:
    __getattr__ = _lazy.names(
        __name__,
        "checks",
        "written",
        "excerpt",
        "export",
        "profiles",
        "segmentation",
        "events",
        "funnels",
        "retention",
        "flows",
        "saved",
        "scope",
    )

__all__ = [
    "JQL",
    "MAX_EXPORT_LIMIT",
    "ActivityFeed",
    "AveragePer",
    "CohortUnit",
    "CountType",
    "EdgeBuckets",
    "EventCounts",
    "Excerpt",
    "Exclusion",
    "Export",
    "Expression",
    "Flows",
    "Frequency",
    "Funnel",
    "FunnelBuckets",
    "FunnelUnit",
    "Insights",
    "LocalFrequency",
    "LocalFunnel",
    "LocalNumericSegmentation",
    "LocalRetention",
    "LocalSegmentation",
    "LocalSegmentationAverage",
    "NonNumbers",
    "NumericSegmentation",
    "NumericUnit",
    "OnEvent",
    "Profiles",
    "PropertyCounts",
    "RangeIncludes",
    "Retention",
    "RetentionType",
    "Scope",
    "SegmentSizes",
    "Segmentation",
    "SegmentationAverage",
    "SegmentationSum",
    "SlotUnit",
    "Slots",
    "Step",
    "TopEvents",
    "Unit",
    "WeekStart",
    "WhereApplies",
    "WindowUnit",
    "Written",
    "parse_date",
    "parse_instant",
]
