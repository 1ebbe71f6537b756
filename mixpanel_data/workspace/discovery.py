"""Section of `Workspace`: what Mixpanel has."""

from __future__ import annotations

from mixpanel_data.workspace.parts import Parts


class Discovery(Parts):
    """Asks Mixpanel; each call costs one query of the hourly quota."""

    def events(self) -> list[str]:
        """Names of the events that Mixpanel has, sorted; one query of the hourly quota."""
        return self._discovery.list_events()

    def properties(self, event: str, *, table: str | None = None) -> list[str]:
        """Names of the properties that an event carries, sorted; one query.

        With `table`, those that its events carry in this local table, and no query.
        """
        if table is not None:
            return self._storage.properties_of(table, event)
        return self._discovery.list_properties(event)

    def property_values(self, event: str, prop: str, limit: int = 100) -> list[str]:
        """The most common values of a property in Mixpanel, as text; one query."""
        return self._discovery.list_property_values(event, prop, limit)
