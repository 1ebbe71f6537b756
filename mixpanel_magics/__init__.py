"""The Jupyter face of mixpanel_data: `%load_ext mixpanel_magics`, then `%%mpsql` and its kin.

They act on one `Workspace`, which is the notebook's variable `ws`, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mixpanel_magics.widgets.accounts import AccountBrowser
    from mixpanel_magics.widgets.fetching import FetchForm
    from mixpanel_magics.widgets.reporting import ReportForm
    from mixpanel_magics.widgets.tables import TableBrowser

__all__ = [
    "AccountBrowser",
    "FetchForm",
    "ReportForm",
    "TableBrowser",
    "load_ipython_extension",
    "unload_ipython_extension",
]

_WIDGETS = {
    "AccountBrowser": "mixpanel_magics.widgets.accounts",
    "FetchForm": "mixpanel_magics.widgets.fetching",
    "ReportForm": "mixpanel_magics.widgets.reporting",
    "TableBrowser": "mixpanel_magics.widgets.tables",
}
"""Where each widget is; it is imported when it is first needed."""


def __getattr__(name: str) -> Any:
    if name not in _WIDGETS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_WIDGETS[name]), name)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext mixpanel_magics` calls."""
    from mixpanel_magics import extension

    extension.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What `%unload_ext mixpanel_magics` calls."""
    from mixpanel_magics import extension

    extension.unload(shell)
