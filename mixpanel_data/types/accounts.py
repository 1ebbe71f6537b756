"""Accounts, and what Mixpanel says to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mixpanel_data.types.answers import Answer


@dataclass(frozen=True)
class AccountInfo(Answer):
    """A configured account, without its secret."""

    name: str
    username: str
    project_id: str
    region: str
    is_default: bool = False
    base_url: str | None = None
    timezone: str | None = None
    legacy_time: bool = False
    auth: Literal["service_account", "project_secret"] = "service_account"


@dataclass(frozen=True)
class AccountTest(Answer):
    """What Mixpanel said to credentials; `note` puts a limitation in words."""

    account: str | None
    project_id: str
    region: str
    project_name: str | None
    timezone: str | None
    note: str | None = None
