"""Fields of the forms: labels of one width, values that are sent when they are whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets

_LABEL = "7em"


def field(label: str, **more: Any) -> dict[str, Any]:
    """What all fields have in common."""
    layout = {"width": "32em", "max_width": "98%"}
    return {"description": label, "style": {"description_width": _LABEL}, "layout": layout, **more}


def text(label: str, **more: Any) -> ipywidgets.Text:
    """A line of text."""
    return ipywidgets.Text(continuous_update=False, **field(label, **more))


def choice(label: str, options: Sequence[Any], **more: Any) -> ipywidgets.Dropdown:
    """One of a few."""
    return ipywidgets.Dropdown(options=options, **field(label, **more))


def day(label: str) -> ipywidgets.DatePicker:
    """A date, or none."""
    return ipywidgets.DatePicker(**field(label))


def suggested(label: str, **more: Any) -> ipywidgets.Combobox:
    """A line of text, with options to choose from."""
    return ipywidgets.Combobox(continuous_update=False, **field(label, **more))


def indented(widget: ipywidgets.Widget) -> ipywidgets.Box:
    """Below the fields, not below their labels."""
    return ipywidgets.Box([widget], layout={"margin": f"0 0 0 calc({_LABEL} + 8px)"})


def show(widget: ipywidgets.Widget, is_shown: bool) -> None:
    """Show a widget, or take no place for it."""
    widget.layout.display = None if is_shown else "none"
