"""What Mixpanel sends, read leniently: unknown fields are ignored, missing ones are None."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text)]
"""Ids come as numbers or as text."""


Flag = Annotated[bool, BeforeValidator(lambda value: value is None or value)]
"""0 or 1, true or false; null is as good as nothing said."""


def _instant(value: Any) -> Any:
    """A time as naive UTC; what is none says nothing."""
    try:
        then = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return then if then.tzinfo is None else then.astimezone(UTC).replace(tzinfo=None)


Instant = Annotated[datetime | None, BeforeValidator(_instant)]


class Response(BaseModel):
    """Base of all: frozen, and blind to what it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


def as_id(value: Any) -> str | None:
    """A distinct_id as text; None where there is none."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


class ProfileId(Response):
    """Only the id of a profile, if it has one; its properties are left to whoever reads the page."""

    distinct_id: Annotated[str | None, BeforeValidator(as_id)] = Field(
        alias="$distinct_id", default=None
    )


class EngagePage(Response):
    """The envelope of a page of profiles; `total` is only on page 0.

    Without its size nobody could tell the last page from one that lost profiles.
    """

    results: list[ProfileId]
    page: int | None = None
    page_size: int = Field(ge=1)
    session_id: Text | None = None
    total: int | None = None
    error: Any = None


class Project(Response):
    """A project of an account; `domain` tells the region."""

    name: str | None = None
    timezone: str | None = None
    domain: str | None = None
    organization_id: int | None = None


class Me(Response):
    """Who the credentials belong to, and what they may see, by project id."""

    user_id: int | None = None
    user_email: str | None = None
    user_name: str | None = None
    projects: dict[str, Project] = {}


class Funnel(Response):
    """A saved funnel."""

    funnel_id: int
    name: str | None = None


class Cohort(Response):
    """A saved cohort; `count` is computed lazily, `created` is UTC, without saying so."""

    id: int
    name: str | None = None
    count: int | None = None
    is_visible: Flag = True
    description: str | None = None
    created: Instant = None
    project_id: int | None = None
    data_group_id: Text | None = None


class TopEvent(Response):
    """An event of today; `percent_change` is a ratio to yesterday (-0.35 is 35% less)."""

    event: str
    amount: int | float
    percent_change: float | None = None


class Described(Response):
    """What Mixpanel adds to a description."""

    display_name: str | None = Field(default=None, alias="displayName")
    tags: list[str] | None = None
    hidden: bool | None = None
    dropped: bool | None = None


class Metadata(Response):
    """By vendor, of which one is ours."""

    mixpanel: Described | None = Field(default=None, alias="com.mixpanel")


class SchemaProperty(Response):
    """A property of a description."""

    type: Text | list[str] | None = None
    description: str | None = None
    metadata: Metadata | None = None


class SchemaJson(Response):
    """A description as JSON Schema."""

    description: str | None = None
    properties: dict[str, SchemaProperty] | None = None
    metadata: Metadata | None = None


class Schema(Response):
    """An entry of the Lexicon."""

    entity_type: str = Field(alias="entityType")
    name: str
    described: SchemaJson = Field(alias="schemaJson")
