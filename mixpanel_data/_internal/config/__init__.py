"""Accounts, settings and where credentials come from. Knows nothing of HTTP or Mixpanel."""

from __future__ import annotations

from mixpanel_data._internal.config.checks import REGIONS
from mixpanel_data._internal.config.manager import SANDBOX, ConfigManager
from mixpanel_data._internal.config.values import Credentials, SecretStr, Settings

__all__ = ["REGIONS", "SANDBOX", "ConfigManager", "Credentials", "SecretStr", "Settings"]
