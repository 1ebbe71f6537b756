"""Descriptions as Mixpanel sends them, to ours."""

from __future__ import annotations

from mixpanel_data._internal.api_client.responses import (
    Described,
    Metadata,
    Schema,
    SchemaJson,
    SchemaProperty,
)
from mixpanel_data.types import LexiconProperty, LexiconSchema


def lexicon_schema(schema: Schema) -> LexiconSchema:
    """An entry of the list of all."""
    return described(schema.entity_type, schema.name, schema.described)


def described(entity_type: str, name: str, schema: SchemaJson) -> LexiconSchema:
    """What is said of one event, or of profiles."""
    said = _said(schema.metadata)
    properties = schema.properties or {}
    return LexiconSchema(
        entity_type=entity_type,
        name=name,
        description=schema.description,
        display_name=said.display_name,
        tags=tuple(said.tags or ()),
        hidden=bool(said.hidden),
        dropped=bool(said.dropped),
        properties=tuple(_property(it, properties[it]) for it in sorted(properties)),
    )


def _property(name: str, found: SchemaProperty) -> LexiconProperty:
    said = _said(found.metadata)
    kind = " or ".join(found.type) if isinstance(found.type, list) else found.type
    return LexiconProperty(
        name=name,
        type=kind,
        description=found.description,
        display_name=said.display_name,
        hidden=bool(said.hidden),
        dropped=bool(said.dropped),
    )


def _said(metadata: Metadata | None) -> Described:
    return (metadata and metadata.mixpanel) or Described()
