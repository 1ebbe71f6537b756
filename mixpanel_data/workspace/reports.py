"""Section of `Workspace`: reports that Mixpanel counts.

`on` and `where` are names of properties or expressions, days are those of the project's zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from mixpanel_data import queries
from mixpanel_data._keywords import checked_keywords
from mixpanel_data.workspace.asking import asks
from mixpanel_data.workspace.parts import Parts
from mixpanel_data.workspace.warned import with_warnings

if TYPE_CHECKING:
    from mixpanel_data.queries import Question

A = TypeVar("A")


@checked_keywords()
class Reports(Parts):
    """Asks Mixpanel; each report costs one query of the hourly quota, unless it says more."""

    segmentation = asks(lambda: queries.Segmentation)
    segmentation_numeric = asks(lambda: queries.NumericSegmentation)
    segmentation_sum = asks(lambda: queries.SegmentationSum)
    segmentation_average = asks(lambda: queries.SegmentationAverage)
    funnel = asks(lambda: queries.Funnel)
    retention = asks(lambda: queries.Retention)
    frequency = asks(lambda: queries.Frequency)
    event_counts = asks(lambda: queries.EventCounts)
    property_counts = asks(lambda: queries.PropertyCounts)
    top_events = asks(lambda: queries.TopEvents)
    insights = asks(lambda: queries.Insights)
    activity_feed = asks(lambda: queries.ActivityFeed)
    jql = asks(lambda: queries.JQL)

    @with_warnings
    def ask(self, question: Question[A]) -> A:
        """The answer of Mixpanel to a question, such as `queries.Segmentation(…)`.

        The `query` of an answer is one. `local.ask` answers questions about fetched tables.
        """
        return self._live.answer(question)
