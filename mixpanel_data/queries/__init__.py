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
    from mixpanel_data.queries.fetches import (
        MAX_EXPORT_LIMIT,
        EventsFetch,
        Export,
        Mode,
        Profiles,
        ProfilesFetch,
    )
    from mixpanel_data.queries.flows import Flows
    from mixpanel_data.queries.funnels import (
        Exclusion,
        Funnel,
        FunnelBuckets,
        LocalFunnel,
        Step,
        WhereApplies,
    )
    from mixpanel_data.queries.local import EdgeBuckets, LocalOptions, LocalQuestion, WeekStart
    from mixpanel_data.queries.options import (
        CohortUnit,
        CountType,
        FunnelUnit,
        NumericUnit,
        Unit,
        WindowUnit,
    )
    from mixpanel_data.queries.question import Option, Parameter, Question, parameters
    from mixpanel_data.queries.retention import (
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
    from mixpanel_data.queries.segmentation import (
        AveragePer,
        LocalNumericSegmentation,
        LocalSegmentation,
        LocalSegmentationAverage,
        LocalSegmentationSum,
        NonNumbers,
        NumericSegmentation,
        RangeIncludes,
        Segmentation,
        SegmentationAverage,
        SegmentationSum,
    )
    from mixpanel_data.queries.written import Expression, Written
else:
    __getattr__ = _lazy.names(
        __name__,
        "checks",
        "written",
        "excerpt",
        "segmentation",
        "events",
        "funnels",
        "retention",
        "flows",
        "saved",
        "question",
        "options",
        "local",
        "fetches",
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
    "EventsFetch",
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
    "LocalOptions",
    "LocalQuestion",
    "LocalRetention",
    "LocalSegmentation",
    "LocalSegmentationAverage",
    "LocalSegmentationSum",
    "Mode",
    "NonNumbers",
    "NumericSegmentation",
    "NumericUnit",
    "OnEvent",
    "Option",
    "Parameter",
    "Profiles",
    "ProfilesFetch",
    "PropertyCounts",
    "Question",
    "RangeIncludes",
    "Retention",
    "RetentionType",
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
    "parameters",
    "parse_date",
    "parse_instant",
]
