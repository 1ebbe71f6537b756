"""Answers of a shape that nobody expects: the error says which endpoint gave it."""

from __future__ import annotations

import pytest

from mixpanel_data import APIError

DAYS = {"from_date": "2024-01-01", "to_date": "2024-01-02"}
ASKED = {
    "activity_feed": ("stream/query", {"distinct_ids": ["u"], **DAYS}),
    "cohorts": ("cohorts/list", {}),
    "event_counts": ("events", {"events": ["A"], **DAYS}),
    "events": ("events/names", {}),
    "frequency": ("retention/addiction", {**DAYS}),
    "funnel": ("funnels", {"funnel_id": 1, **DAYS}),
    "funnels": ("funnels/list", {}),
    "insights": ("insights", {"bookmark_id": 1}),
    "jql": ("jql", {"script": "x"}),
    "properties": ("events/properties/top", {"event": "A"}),
    "property_counts": ("events/properties", {"event": "A", "property": "p", **DAYS}),
    "property_values": ("events/properties/values", {"event": "A", "prop": "p"}),
    "retention": ("retention", {"born_event": "A", "return_event": "B", **DAYS}),
    "segmentation": ("segmentation", {"event": "A", **DAYS}),
    "segmentation_average": ("segmentation/average", {"event": "A", "on": "p", **DAYS}),
    "segmentation_numeric": ("segmentation/numeric", {"event": "A", "on": "p", **DAYS}),
    "segmentation_sum": ("segmentation/sum", {"event": "A", "on": "p", **DAYS}),
    "top_events": ("events/top", {}),
}


@pytest.mark.filterwarnings("ignore:JQL is in maintenance mode")
@pytest.mark.parametrize("method", ASKED)
def test_an_answer_of_another_shape_names_its_endpoint(mixpanel, method):
    endpoint, words = ASKED[method]
    it = mixpanel({endpoint: 5})
    with pytest.raises(APIError, match="has an unexpected shape") as caught:
        getattr(it.workspace, method)(**words)
    assert caught.value.message.startswith(f"Mixpanel's answer to {endpoint} ")
    assert it.paths[-1] == endpoint
