"""Accounts, settings and where credentials come from. Knows nothing of HTTP or Mixpanel."""

from __future__ import annotations

from mixpanel_data._internal.config.checks import REGIONS, Credentials, SecretStr, Settings
from mixpanel_data._internal.config.manager import SANDBOX, ConfigManager

__all__ = ["REGIONS", "SANDBOX", "ConfigManager", "Credentials", "SecretStr", "Settings"]
