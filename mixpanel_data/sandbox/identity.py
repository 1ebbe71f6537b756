"""Who may ask the sandbox. The defaults are public, and no secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from mixpanel_data._internal.config import Credentials, SecretStr

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
