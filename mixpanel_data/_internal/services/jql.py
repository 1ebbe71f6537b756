"""JQL, alone: Mixpanel keeps it in maintenance mode, and this module goes with it."""

from __future__ import annotations

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data.queries import JQL
from mixpanel_data.types import JQLResult


class JQLService:
    """Runs scripts at Mixpanel."""

    def __init__(self, api_client: MixpanelAPIClient) -> None:
        self._api = api_client

    def run(self, query: JQL) -> JQLResult:
        """Whatever the script's main() returns."""
        rows = self._api.jql(query.script, query.params)
        return JQLResult(raw=rows, query=query, source=self._api.source)
