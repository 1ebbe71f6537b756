"""A small Mixpanel to practise on: invented data behind the documented API, in this process."""

from __future__ import annotations

from mixpanel_data.exceptions import MissingExtraError

try:
    import werkzeug as _werkzeug
except ModuleNotFoundError as error:
    raise MissingExtraError("sandbox", "the sandbox") from error

from mixpanel_data.sandbox.app import Sandbox
from mixpanel_data.sandbox.faults import Fault, Faults
from mixpanel_data.sandbox.project import Project, ServiceAccount
from mixpanel_data.sandbox.quotas import Limits

__all__ = ["Fault", "Faults", "Limits", "Project", "Sandbox", "ServiceAccount"]

del _werkzeug
