"""What a project holds: names and saved things, asked of Mixpanel once and remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.api_client.names import MAX_NAMES, MAX_PROPERTIES
from mixpanel_data._internal.services.lexicon import described, lexicon_schema
from mixpanel_data.exceptions import (
    InvalidArgumentError,
    MixpanelDataError,
    ResourceNotFoundError,
    command,
    near,
)
from mixpanel_data.types import CohortSummary, FunnelInfo, LexiconSchema

T = TypeVar("T")


class DiscoveryService:
    """Names that Mixpanel has seen or somebody has described, until `clear` forgets them.

    Each answer costs one query the first time. The Lexicon costs none, but has its own limit of
    a few calls a minute: where it can't be read, names are those that were seen.
    """

    def __init__(self, api_client: MixpanelAPIClient) -> None:
        self._api = api_client
        self._remembered: dict[tuple[Any, ...], Any] = {}

    def clear(self) -> None:
        """Ask anew from now on."""
        self._remembered.clear()

    def list_events(self) -> list[str]:
        """Event names, sorted."""
        return list(self._once(("events",), self._ask_events))

    def list_properties(self, event: str) -> list[str]:
        """Names of the properties of an event, sorted.

        An event without any is looked for among the names of all events: one more query.
        """
        _check(event, "event")
        names = self._properties(event)
        if not names:
            self._refuse_unknown_event(event)
        return list(names)

    def list_property_values(self, event: str, prop: str, limit: int = 100) -> list[str]:
        """Values of a property as text, in Mixpanel's order: most common first.

        A property without any is looked for among the event's: one or two more queries.
        """
        _check(event, "event")
        _check(prop, "property")
        if limit < 1:
            raise InvalidArgumentError(f"limit {limit} is not positive")
        values = self._once(
            ("values", event, prop, limit),
            lambda: self._api.get_property_values(event, prop, limit),
        )
        if not values:
            hint = self.doubt_property(event, prop)
            if hint is not None:
                raise ResourceNotFoundError(f"{event!r} has no property {prop!r}", hint=hint)
            if not self._remembered.get(("properties", event)):
                self._refuse_unknown_event(event)
        return list(values)

    def list_funnels(self) -> list[FunnelInfo]:
        """Saved funnels, by name."""
        return list(self._once(("funnels",), self._ask_funnels))

    def list_cohorts(self) -> list[CohortSummary]:
        """Saved cohorts, by name."""
        return list(self._once(("cohorts",), self._ask_cohorts))

    def list_schemas(self, entity_type: str | None = None) -> list[LexiconSchema]:
        """What the Lexicon describes, by type and name."""
        schemas = self._once(("schemas",), self._ask_schemas)
        return [it for it in schemas if entity_type in {None, it.entity_type}]

    def get_schema(self, entity_type: str, name: str) -> LexiconSchema:
        """What the Lexicon says of one event, or of profiles."""
        _check(name, "entity")
        answer = self._api.get_schema(entity_type, name)
        return described(entity_type, name, answer)

    def find_funnel(self, funnel_id: int) -> FunnelInfo | None:
        """The saved funnel of this id; one that is new is looked for once more."""
        known = ("funnels",) in self._remembered
        found = next((it for it in self.list_funnels() if it.funnel_id == funnel_id), None)
        if found is None and known:
            self._remembered.pop(("funnels",), None)
            return self.find_funnel(funnel_id)
        return found

    def doubt_event(self, event: str) -> str | None:
        """Why this may be no event of the project, with the name that may be meant; else None.

        Costs one query, unless the names are known. Those that Mixpanel makes up (`$…`) are
        never in doubt, and none is where there are more names than Mixpanel tells.
        """
        if event.startswith("$"):
            return None
        try:
            names = self.list_events()
        except MixpanelDataError:
            return None
        if event in names or len(names) >= MAX_NAMES:
            return None
        return near(event, names) or "mp events lists those that there are"

    def doubt_property(self, event: str, prop: str) -> str | None:
        """The same for a property of an event that has some."""
        try:
            names = self._properties(event)
        except MixpanelDataError:
            return None
        if not names or prop in names or len(names) >= MAX_PROPERTIES:
            return None
        return near(prop, names) or (f"{command('properties', event)} lists those that there are")

    def _refuse_unknown_event(self, event: str) -> None:
        hint = self.doubt_event(event)
        if hint is not None:
            raise ResourceNotFoundError(f"Mixpanel has no event {event!r}", hint=hint)

    def _once(self, key: tuple[Any, ...], ask: Callable[[], T]) -> T:
        if key not in self._remembered:
            self._remembered[key] = ask()
        return cast("T", self._remembered[key])

    def _properties(self, event: str) -> list[str]:
        return self._once(("properties", event), lambda: self._ask_properties(event))

    def _ask_events(self) -> list[str]:
        seen = self._api.get_events()
        return sorted({*seen, *(it.name for it in self._lexicon() if not it.dropped)})

    def _ask_properties(self, event: str) -> list[str]:
        seen = self._api.get_event_properties(event)
        schema = next((it for it in self._lexicon() if it.name == event), None)
        known = schema.properties if schema else ()
        return sorted({*seen, *(it.name for it in known if not it.dropped)})

    def _lexicon(self) -> list[LexiconSchema]:
        """Described events; none where the Lexicon can't be read, for whatever reason."""
        if self._api.credentials.auth == "project_secret":
            return []

        def ask() -> list[LexiconSchema]:
            try:
                return self._ask_schemas(retry=False)
            except MixpanelDataError:
                return []

        schemas = self._remembered.get(("schemas",)) or self._once(("lexicon",), ask)
        return [it for it in schemas if it.entity_type == "event"]

    def _ask_schemas(self, *, retry: bool = True) -> list[LexiconSchema]:
        found = [lexicon_schema(it) for it in self._api.list_schemas(retry=retry)]
        return sorted(found, key=lambda it: (it.entity_type, it.name))

    def _ask_funnels(self) -> list[FunnelInfo]:
        found = [FunnelInfo(it.funnel_id, it.name) for it in self._api.list_funnels()]
        return sorted(found, key=lambda it: (it.name or "", it.funnel_id))

    def _ask_cohorts(self) -> list[CohortSummary]:
        found = [
            CohortSummary(
                id=it.id,
                name=it.name,
                count=it.count,
                description=it.description or None,
                created=it.created,
                is_visible=it.is_visible,
                data_group_id=it.data_group_id,
            )
            for it in self._api.list_cohorts()
        ]
        return sorted(found, key=lambda it: (it.name or "", it.id))


def _check(name: str, what: str) -> None:
    if not name:
        raise InvalidArgumentError(f"the name of the {what} is empty")
