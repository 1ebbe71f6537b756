"""The Jupyter face of mixpanel_data: `%load_ext mixpanel_magics`, then `%%mpsql` and its kin.

They act on one `Workspace`, which is the notebook's variable `ws`, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mixpanel_magics.widgets.tables import TableBrowser

__all__ = ["TableBrowser", "load_ipython_extension", "unload_ipython_extension"]


def __getattr__(name: str) -> type[TableBrowser]:
    if name != "TableBrowser":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mixpanel_magics.widgets.tables import TableBrowser

    return TableBrowser


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext mixpanel_magics` calls."""
    from mixpanel_magics import extension

    extension.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What `%unload_ext mixpanel_magics` calls."""
    from mixpanel_magics import extension

    extension.unload(shell)
