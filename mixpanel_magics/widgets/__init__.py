"""Faces of `mixpanel_magics.state`, in ipywidgets; they decide nothing."""

from __future__ import annotations

from mixpanel_data.exceptions import MissingExtraError

try:
    import ipywidgets  # noqa: F401
except ModuleNotFoundError as missing:
    raise MissingExtraError("jupyter", "a widget") from missing
