"""A small Mixpanel to practise on: invented data behind the documented API, in this process.

Names are loaded when first used: to know who the sandbox's user is takes no web framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mixpanel_data.exceptions import MissingExtraError

if TYPE_CHECKING:
    from mixpanel_data.sandbox.app import Sandbox
    from mixpanel_data.sandbox.context import Dropped
    from mixpanel_data.sandbox.faults import Fault, Faults
    from mixpanel_data.sandbox.project import Project, ServiceAccount
    from mixpanel_data.sandbox.quotas import Limits
    from mixpanel_data.sandbox.saved import Bookmark, Cohort, Funnel
    from mixpanel_data.sandbox.server import Server, serve

__all__ = [
    "Bookmark",
    "Cohort",
    "Dropped",
    "Fault",
    "Faults",
    "Funnel",
    "Limits",
    "Project",
    "Sandbox",
    "Server",
    "ServiceAccount",
    "serve",
]

_HOME = {
    "Bookmark": "saved",
    "Cohort": "saved",
    "Dropped": "context",
    "Fault": "faults",
    "Faults": "faults",
    "Funnel": "saved",
    "Limits": "quotas",
    "Project": "project",
    "Sandbox": "app",
    "Server": "server",
    "ServiceAccount": "project",
    "serve": "server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f"{__name__}.{_HOME[name]}")
    except ModuleNotFoundError as error:
        raise MissingExtraError("sandbox", "the sandbox") from error
    return getattr(module, name)
