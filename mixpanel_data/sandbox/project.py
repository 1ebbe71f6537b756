"""The project that the sandbox plays: who may ask, what its plan allows, what was saved in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Self

from mixpanel_data._internal.config import Credentials, SecretStr
from mixpanel_data._keywords import checked_keywords
from mixpanel_data.queries import WeekStart
from mixpanel_data.sandbox.saved import (
    BOOKMARKS,
    COHORTS,
    FUNNELS,
    SCHEMAS,
    Bookmark,
    Cohort,
    Funnel,
)

# -- Who may ask the sandbox. The defaults are public, and no secret ------------------------------

PROJECT_ID = 20260301
TOKEN = "5a4db0" * 5 + "5a"
PROJECT_SECRET = SecretStr("sandbox-project-secret")

Role = Literal["consumer", "analyst", "admin", "owner"]
WRITERS: tuple[Role, ...] = ("admin", "owner")
"""Who may import events and change the Lexicon."""


@dataclass(frozen=True, kw_only=True)
class ServiceAccount:
    """Someone who may ask; `expires` is the last day of the credentials."""

    username: str
    secret: SecretStr
    role: Role = "analyst"
    expires: date | None = None


ACCOUNTS = (
    ServiceAccount(
        username="sandbox.5a4db0.mp-service-account",
        secret=SecretStr("sandbox-secret"),
        role="admin",
    ),
    ServiceAccount(
        username="analyst.5a4db0.mp-service-account", secret=SecretStr("analyst-secret")
    ),
    ServiceAccount(
        username="expired.5a4db0.mp-service-account",
        secret=SecretStr("expired-secret"),
        expires=date(2026, 1, 31),
    ),
)


def credentials(
    account: ServiceAccount = ACCOUNTS[0],
    *,
    project_id: int = PROJECT_ID,
    base_url: str | None = None,
    timezone: str = "UTC",
    legacy_time: bool = False,
) -> Credentials:
    """What a client needs; `base_url` is that of a server, if there is one."""
    return Credentials(
        username=account.username,
        secret=account.secret,
        project_id=str(project_id),
        region="us",
        account="sandbox",
        base_url=base_url,
        timezone=timezone,
        legacy_time=legacy_time,
    )


# -- The project that the sandbox plays: who may ask, what its plan allows, what was saved in it

FIRST_UTC_PROJECTS = date(2023, 1, 1)
"""Projects created before export in their own zone, with shifted times (contract, 3.3)."""


@checked_keywords()
@dataclass(frozen=True, kw_only=True)
class Project:
    """Everything about the project but its data. The defaults are public, and no secret."""

    id: int = PROJECT_ID
    name: str = "Sandbox Shop"
    timezone: str = "UTC"
    created: date = date(2025, 9, 1)
    query_api: bool = True
    max_history_days: int | None = None
    page_size: int = 1000
    week_start: WeekStart = "monday"
    service_accounts: tuple[ServiceAccount, ...] = ACCOUNTS
    project_secret: SecretStr = PROJECT_SECRET
    token: str = TOKEN
    organization: tuple[int, str] = (77, "Sandbox Org")
    workspace: tuple[int, str] = (9, "All Project Data")
    funnels: tuple[Funnel, ...] = FUNNELS
    bookmarks: tuple[Bookmark, ...] = field(default=BOOKMARKS, repr=False)
    cohorts: tuple[Cohort, ...] = COHORTS
    schemas: tuple[dict[str, Any], ...] = field(default=SCHEMAS, repr=False)

    @classmethod
    def empty(cls, **others: Any) -> Self:
        """A project in which nothing is saved."""
        return cls(
            **{"name": "Sandbox", "funnels": (), "bookmarks": (), "cohorts": (), "schemas": ()}
            | others
        )

    @property
    def legacy_time(self) -> bool:
        """Whether exports are cut in the project's zone and carry local times."""
        return self.created < FIRST_UTC_PROJECTS

    def credentials(self, base_url: str | None = None) -> Credentials:
        """The first service account; `base_url` is that of a server, if there is one."""
        return credentials(
            self.service_accounts[0],
            project_id=self.id,
            base_url=base_url,
            timezone=self.timezone,
            legacy_time=self.legacy_time,
        )
