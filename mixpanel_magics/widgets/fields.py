"""Fields of the forms: labels of one width, values that are sent when they are whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets

_LABEL = "8em"
_MOST = 1_000_000_000
"""The bound of numbers that have none; a front end needs one."""


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


def day(label: str, **more: Any) -> ipywidgets.DatePicker:
    """A date, or none."""
    return ipywidgets.DatePicker(**field(label, **more))


def number(label: str, least: float | None, most: float | None, **more: Any) -> ipywidgets.Widget:
    """A number within bounds, as whole as the one that it begins with."""
    is_whole = isinstance(more.get("value"), int)
    kind = ipywidgets.BoundedIntText if is_whole else ipywidgets.BoundedFloatText
    bounds = {"min": 0 if least is None else least, "max": _MOST if most is None else most}
    return kind(continuous_update=False, **bounds, **field(label, **more))


def switch(label: str, **more: Any) -> ipywidgets.Checkbox:
    """Yes or no."""
    return ipywidgets.Checkbox(**field(label, **more))


def suggested(label: str, **more: Any) -> ipywidgets.Combobox:
    """A line of text, with options to choose from."""
    return ipywidgets.Combobox(continuous_update=False, **field(label, **more))


def indented(widget: ipywidgets.Widget) -> ipywidgets.Box:
    """Below the fields, not below their labels."""
    return ipywidgets.Box([widget], layout={"margin": f"0 0 0 calc({_LABEL} + 8px)"})


def show(widget: ipywidgets.Widget, is_shown: bool) -> None:
    """Show a widget, or take no place for it."""
    widget.layout.display = None if is_shown else "none"
