"""Calls for reports, in Mixpanel's own parameters; answers are what Mixpanel said, as JSON.

`on`, `where` and `born_where` are expressions or bare names of properties; `options` are further
parameters of the endpoint. Each call costs one query.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from mixpanel_data._internal.api_client.calls import Calls
from mixpanel_data._internal.api_client.parameters import expression

Day = str | date
EXPRESSIONS = frozenset({"on", "where", "born_where"})


class ReportCalls(Calls):
    """One method per report."""

    def segmentation(self, event: str, from_date: Day, to_date: Day, **options: Any) -> Any:
        """Events per bucket, and per value of `on`."""
        return self._ask("segmentation", event, from_date, to_date, **options)

    def segmentation_numeric(
        self, event: str, from_date: Day, to_date: Day, on: str, **options: Any
    ) -> Any:
        """Events per range of the number `on`."""
        return self._ask("segmentation/numeric", event, from_date, to_date, on=on, **options)

    def segmentation_sum(
        self, event: str, from_date: Day, to_date: Day, on: str, **options: Any
    ) -> Any:
        """Sums of the number `on`."""
        return self._ask("segmentation/sum", event, from_date, to_date, on=on, **options)

    def segmentation_average(
        self, event: str, from_date: Day, to_date: Day, on: str, **options: Any
    ) -> Any:
        """Averages of the number `on`."""
        return self._ask("segmentation/average", event, from_date, to_date, on=on, **options)

    def event_counts(
        self, events: Sequence[str], from_date: Day, to_date: Day, **options: Any
    ) -> Any:
        """Several events per bucket."""
        return self._ask("events", list(events), from_date, to_date, **options)

    def property_counts(
        self, event: str, name: str, from_date: Day, to_date: Day, **options: Any
    ) -> Any:
        """Events per value of a property; `values` is a list of those to count."""
        return self._ask("events/properties", event, from_date, to_date, name=name, **options)

    def funnel(self, funnel_id: int, from_date: Day, to_date: Day, **options: Any) -> Any:
        """A saved funnel."""
        return self._ask("funnels", None, from_date, to_date, funnel_id=funnel_id, **options)

    def retention(
        self, from_date: Day, to_date: Day, *, event: str | None = None, **options: Any
    ) -> Any:
        """Cohorts; `event` is the return event, and `where` filters it."""
        return self._ask("retention", event, from_date, to_date, **options)

    def frequency(
        self, from_date: Day, to_date: Day, *, event: str | None = None, **options: Any
    ) -> Any:
        """In how many slots of a period users are active."""
        return self._ask("retention/addiction", event, from_date, to_date, **options)

    def insights(self, bookmark_id: int, **options: Any) -> Any:
        """A saved report."""
        return self.get("insights", {"bookmark_id": bookmark_id, **options})

    def activity_feed(self, distinct_ids: Sequence[str], from_date: Day, to_date: Day) -> Any:
        """The events of some users."""
        return self._ask("stream/query", None, from_date, to_date, distinct_ids=list(distinct_ids))

    def _ask(
        self,
        endpoint: str,
        event: str | list[str] | None,
        from_date: Day,
        to_date: Day,
        **options: Any,
    ) -> Any:
        wrapped = {
            name: expression(value) if name in EXPRESSIONS else value
            for name, value in options.items()
        }
        return self.get(
            endpoint, {"event": event, "from_date": from_date, "to_date": to_date, **wrapped}
        )
