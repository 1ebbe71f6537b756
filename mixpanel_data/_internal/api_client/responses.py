"""What Mixpanel sends, read leniently: unknown fields are ignored, missing ones are None."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text)]
"""Ids come as numbers or as text."""


Flag = Annotated[bool, BeforeValidator(lambda value: value is None or value)]
"""0 or 1, true or false; null is as good as nothing said."""


class Response(BaseModel):
    """Base of all: frozen, and blind to what it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class ProfileId(Response):
    """Only the id of a profile; its properties are left to whoever reads the page."""

    distinct_id: Text = Field(alias="$distinct_id")


class EngagePage(Response):
    """The envelope of a page of profiles; `total` is only on page 0."""

    results: list[ProfileId]
    page: int = 0
    page_size: int = 1000
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
    created: str | None = None
    project_id: int | None = None
    data_group_id: Text | None = None


class TopEvent(Response):
    """An event of today; `percent_change` is a ratio to yesterday (-0.35 is 35% less)."""

    event: str
    amount: int | float
    percent_change: float | None = None
