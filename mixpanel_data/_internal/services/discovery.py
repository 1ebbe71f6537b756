"""What a project holds: event names, their properties and values, asked of Mixpanel."""

from __future__ import annotations

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data.exceptions import InvalidArgumentError


class DiscoveryService:
    """Names that Mixpanel knows. Each call costs one query of the hourly quota."""

    def __init__(self, api_client: MixpanelAPIClient) -> None:
        self._api = api_client

    def list_events(self) -> list[str]:
        """Event names, sorted."""
        return sorted(self._api.get_events())

    def list_properties(self, event: str) -> list[str]:
        """Names of the properties seen with an event, sorted."""
        return sorted(self._api.get_event_properties(_named(event, "event")))

    def list_property_values(self, event: str, prop: str, limit: int = 100) -> list[str]:
        """Values of a property as text, in Mixpanel's order: most common first."""
        if limit < 1:
            raise InvalidArgumentError(f"limit {limit} is not positive")
        return self._api.get_property_values(
            _named(event, "event"), _named(prop, "property"), limit
        )


def _named(name: str, what: str) -> str:
    if not name:
        raise InvalidArgumentError(f"the name of the {what} is empty")
    return name
