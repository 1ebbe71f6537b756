"""What was saved in a project: funnels, reports, cohorts, and the shop's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Self

from mixpanel_data.queries import (
    LocalFunnel,
    LocalRetention,
    LocalSegmentation,
    Step,
    WindowUnit,
)


@dataclass(frozen=True)
class Funnel:
    """A saved funnel: its events in order, and the time to get through them."""

    funnel_id: int
    name: str
    steps: tuple[Step, ...]
    length: int = 7
    length_unit: WindowUnit = "day"

    @classmethod
    def of(cls, funnel_id: int, name: str, *events: str) -> Self:
        """A funnel of events as they are."""
        return cls(funnel_id, name, tuple(map(Step, events)))


@dataclass(frozen=True)
class Bookmark:
    """A saved report: questions of one kind, asked of the last `days` days, not of their own."""

    id: int
    name: str
    questions: tuple[LocalSegmentation, ...] | tuple[LocalFunnel] | tuple[LocalRetention]
    days: int = 30

    @property
    def type(self) -> Literal["insights", "funnels", "retention"]:
        """The kind of report, as lists of bookmarks call it."""
        match self.questions[0]:
            case LocalFunnel():
                return "funnels"
            case LocalRetention():
                return "retention"
        return "insights"


@dataclass(frozen=True)
class Cohort:
    """A saved cohort; `members` is SQL that gives the distinct_ids in it."""

    id: int
    name: str
    description: str
    created: str
    members: str
    is_visible: bool = True


_DAY = date(2026, 3, 1)
FUNNELS = (
    Funnel.of(7509, "Checkout", "View Item", "Add To Cart", "Start Checkout", "Purchase"),
    Funnel.of(7510, "Signup to purchase", "Sign Up", "Add To Cart", "Purchase"),
    Funnel(
        7511,
        "Large orders within a day",
        (
            Step("View Item"),
            Step("Purchase", where='properties["amount"] >= 50', label="Large Purchase"),
        ),
        length=24,
        length_unit="hour",
    ),
)
BOOKMARKS = (
    Bookmark(
        88001,
        "Sign ups and purchases",
        (
            LocalSegmentation(event="Sign Up", from_date=_DAY, to_date=_DAY),
            LocalSegmentation(event="Purchase", from_date=_DAY, to_date=_DAY),
        ),
    ),
    Bookmark(
        88002,
        "Buyers per week by platform",
        (
            LocalSegmentation(
                event="Purchase",
                from_date=_DAY,
                to_date=_DAY,
                on='properties["platform"]',
                unit="week",
                type="unique",
            ),
        ),
        days=56,
    ),
    Bookmark(
        88003,
        "Checkout",
        (LocalFunnel(steps=FUNNELS[0].steps, from_date=_DAY, to_date=_DAY),),
    ),
    Bookmark(
        88004,
        "Back after signing up",
        (
            LocalRetention(
                born_event="Sign Up", from_date=_DAY, to_date=_DAY, unit="week", interval_count=6
            ),
        ),
        days=56,
    ),
)
COHORTS = (
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
