"""Mixpanel over HTTP. Knows nothing of storage."""

from __future__ import annotations

from mixpanel_data._internal.api_client.client import MixpanelAPIClient

__all__ = ["MixpanelAPIClient"]
