"""The call for JQL, which Mixpanel keeps in maintenance mode: alone, to be cut off in one place."""

from __future__ import annotations

from typing import Any

from mixpanel_data._internal.api_client.calls import Calls
from mixpanel_data.exceptions import warn

MAINTENANCE = (
    "JQL is in maintenance mode at Mixpanel and may end without notice:"
    " fetch events and use SQL instead (mp fetch events, mp sql)"
)


class JQLCalls(Calls):
    """Scripts cost a query and a JQL run of the hourly quotas."""

    def jql(self, script: str, params: dict[str, Any] | None = None) -> list[Any]:
        """Whatever the script's main() returns; warns that JQL is in maintenance mode."""
        warn(MAINTENANCE)
        return self.read(list[Any], "jql", self.post("jql", {"script": script, "params": params}))
