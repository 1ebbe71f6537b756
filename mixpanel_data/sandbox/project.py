"""The project that the sandbox plays: who may ask, what its plan allows, what was saved in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Self

from mixpanel_data._internal.config import Credentials, SecretStr

FIRST_UTC_PROJECTS = date(2023, 1, 1)
"""Projects created before export in their own zone, with shifted times (contract, 3.3)."""

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


@dataclass(frozen=True)
class Funnel:
    """A saved funnel: the names of its events, in order."""

    funnel_id: int
    name: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Cohort:
    """A saved cohort; `members` is SQL that gives the distinct_ids in it."""

    id: int
    name: str
    description: str
    created: str
    members: str
    is_visible: bool = True


SCHEMAS: tuple[dict[str, Any], ...] = (
    {
        "entityType": "event",
        "name": "Purchase",
        "schemaJson": {
            "description": "An order was paid",
            "properties": {
                "amount": {"type": "number", "description": "What was paid, in USD"},
                "coupon": {"type": "string", "description": "The code of a voucher"},
                "order_id": {
                    "type": "string",
                    "metadata": {"com.mixpanel": {"displayName": "Order", "hidden": True}},
                },
            },
            "metadata": {"com.mixpanel": {"tags": ["revenue"], "contacts": ["shop@example.com"]}},
        },
    },
    {
        "entityType": "event",
        "name": "Refund",
        "schemaJson": {
            "description": "Planned: money was given back",
            "metadata": {"com.mixpanel": {"displayName": "Refund paid", "tags": ["revenue"]}},
        },
    },
    {
        "entityType": "profile",
        "name": "$user",
        "schemaJson": {
            "description": "Somebody who signed up",
            "properties": {"plan": {"type": "string", "description": "free, plus or pro"}},
        },
    },
)
"""What the shop's Lexicon says: not of every event, and of one that nobody has sent yet."""

_ACCOUNTS = (
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
_PROJECT_SECRET = SecretStr("sandbox-project-secret")


@dataclass(frozen=True, kw_only=True)
class Project:
    """Everything about the project but its data. The defaults are public, and no secret."""

    id: int = 20260301
    name: str = "Sandbox Shop"
    timezone: str = "UTC"
    created: date = date(2025, 9, 1)
    query_api: bool = True
    max_history_days: int | None = None
    page_size: int = 1000
    service_accounts: tuple[ServiceAccount, ...] = _ACCOUNTS
    project_secret: SecretStr = _PROJECT_SECRET
    token: str = "5a4db0" * 5 + "5a"
    organization: tuple[int, str] = (77, "Sandbox Org")
    workspace: tuple[int, str] = (9, "All Project Data")
    funnels: tuple[Funnel, ...] = (
        Funnel(7509, "Checkout", ("View Item", "Add To Cart", "Start Checkout", "Purchase")),
        Funnel(7510, "Signup to purchase", ("Sign Up", "Add To Cart", "Purchase")),
    )
    cohorts: tuple[Cohort, ...] = (
        Cohort(
            1000,
            "Buyers",
            "Bought at least once",
            "2026-01-05 09:30:00",
            "SELECT DISTINCT distinct_id FROM events WHERE event = 'Purchase' AND distinct_id <> ''",
        ),
        Cohort(
            1001,
            "Pro members",
            "Profiles on the pro plan",
            "2026-01-12 14:05:51",
            "SELECT distinct_id FROM profiles WHERE data_group_id = '' AND properties->>'plan' = 'pro'",
        ),
        Cohort(
            1002,
            "Asked for help",
            "",
            "2026-02-02 08:00:00",
            "SELECT DISTINCT distinct_id FROM events WHERE event = 'Support Ticket' AND distinct_id <> ''",
            is_visible=False,
        ),
    )
    schemas: tuple[dict[str, Any], ...] = field(default=SCHEMAS, repr=False)

    @classmethod
    def empty(cls, **others: Any) -> Self:
        """A project in which nothing is saved."""
        return cls(**{"name": "Sandbox", "funnels": (), "cohorts": (), "schemas": ()} | others)

    @property
    def legacy_time(self) -> bool:
        """Whether exports are cut in the project's zone and carry local times."""
        return self.created < FIRST_UTC_PROJECTS

    def credentials(self, base_url: str | None = None) -> Credentials:
        """The built-in service account; `base_url` is that of a server, if there is one."""
        account = self.service_accounts[0]
        return Credentials(
            username=account.username,
            secret=account.secret,
            project_id=str(self.id),
            region="us",
            account="sandbox",
            base_url=base_url,
            timezone=self.timezone,
            legacy_time=self.legacy_time,
        )
