"""Section of `Workspace`: what Mixpanel has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixpanel_data.types.answers import Answers
from mixpanel_data.workspace.parts import Parts

if TYPE_CHECKING:
    from mixpanel_data.types import CohortSummary, FunnelInfo, LexiconSchema


class Discovery(Parts):
    """Asks Mixpanel; each answer costs one query of the hourly quota, and is remembered."""

    def events(self) -> list[str]:
        """Names of the events that Mixpanel has seen or its Lexicon describes, sorted."""
        return self._discovery.list_events()

    def properties(self, event: str, *, table: str | None = None) -> list[str]:
        """Names of the properties that an event carries in Mixpanel, sorted.

        An event without any is looked for among all events, which costs another query. With
        `table`, those that its events carry in this local table, and no query.
        """
        if table is not None:
            return self._storage.properties_of(table, event)
        return self._discovery.list_properties(event)

    def property_values(self, event: str, prop: str, limit: int = 100) -> list[str]:
        """The most common values of a property in Mixpanel, as text.

        A property without any is looked for among those of the event: up to two more queries.
        """
        return self._discovery.list_property_values(event, prop, limit)

    def funnels(self) -> list[FunnelInfo]:
        """The saved funnels, by name."""
        return Answers(self._discovery.list_funnels())

    def cohorts(self) -> list[CohortSummary]:
        """The saved cohorts, by name."""
        return Answers(self._discovery.list_cohorts())

    def lexicon_schemas(self, entity_type: str | None = None) -> list[LexiconSchema]:
        """What the Lexicon describes, of one type ("event", "profile") or all.

        It costs no query; Mixpanel answers five such calls a minute and organisation.
        """
        return Answers(self._discovery.list_schemas(entity_type))

    def lexicon_schema(self, name: str, entity_type: str = "event") -> LexiconSchema:
        """What the Lexicon says of an event; of profiles, the name is "$user"."""
        return self._discovery.get_schema(entity_type, name)

    def clear_discovery_cache(self) -> None:
        """Ask Mixpanel anew for names, saved things and descriptions, from now on."""
        self._discovery.clear()
