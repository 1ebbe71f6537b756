"""How the widgets look: one stylesheet on the front end's own colours, and escaped HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any, Literal

import ipywidgets

from mixpanel_data.text import printable
from mixpanel_magics.state.part import Part
from mixpanel_magics.state.status import StatusMessage

Tone = Literal["plain", "good", "bad", "busy"]

ROOT = "mp-widget"
"""The class of each widget's outermost box; the styles hold within it alone."""

# Variables of JupyterLab's theme, each with a colour for front ends that have none.
_STYLES = """
.mp-widget {
  --mp-text: var(--jp-ui-font-color1, #1f2328);
  --mp-faint: var(--jp-ui-font-color2, #656d76);
  --mp-line: var(--jp-border-color2, #d8dee4);
  --mp-head: var(--jp-layout-color2, #f6f8fa);
  --mp-stripe: var(--jp-layout-color1, #ffffff);
  --mp-brand: var(--jp-brand-color1, #1a73e8);
  --mp-bar: color-mix(in srgb, var(--mp-brand) 25%, transparent);
  --mp-good: var(--jp-success-color1, #1a7f37);
  --mp-bad: var(--jp-error-color1, #cf222e);
  color: var(--mp-text); max-width: 100%; overflow: hidden;
}
.mp-widget .jupyter-widgets, .mp-widget .widget-html-content { min-width: 0; }
.mp-widget .mp-scroll { width: fit-content; max-width: 100%; overflow: auto; max-height: 32em; border: 1px solid var(--mp-line); border-radius: 4px; }
.mp-widget table.mp-table { border-collapse: collapse; margin: 0; font-size: 12px; color: var(--mp-text); }
.mp-widget .mp-table th { position: sticky; top: 0; background: var(--mp-head); font-weight: 600; text-align: left; }
.mp-widget .mp-table th, .mp-widget .mp-table td {
  padding: 3px 10px; line-height: 1.5; border-bottom: 1px solid var(--mp-line);
  white-space: nowrap; max-width: 36em; overflow: hidden; text-overflow: ellipsis; vertical-align: top;
}
.mp-widget .mp-table tr { background: var(--mp-stripe); }
.mp-widget .mp-table .mp-number { text-align: right; font-variant-numeric: tabular-nums; }
.mp-widget .mp-table .mp-null { color: var(--mp-faint); font-style: italic; }
.mp-widget .mp-note { padding: 2px 0; line-height: 1.5; }
.mp-widget .mp-note.mp-good { color: var(--mp-good); }
.mp-widget .mp-note.mp-bad { color: var(--mp-bad); }
.mp-widget .mp-note.mp-busy, .mp-widget .mp-hint { color: var(--mp-faint); }
.mp-widget pre.mp-code {
  margin: 0; padding: 6px 10px; max-height: 28em; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px;
  color: var(--mp-text); background: var(--mp-head); border: 1px solid var(--mp-line); border-radius: 4px;
}
.mp-widget .mp-table .mp-share {
  background: linear-gradient(to right, var(--mp-bar) calc(var(--mp-share) * 100%), transparent 0);
}
.mp-widget .mp-copyable { position: relative; }
.mp-widget .mp-copyable .mp-code { padding-right: 8em; }
.mp-widget .mp-copy {
  position: absolute; top: 5px; right: 6px; padding: 2px 8px; font-size: 12px; cursor: pointer;
  color: var(--mp-text); background: var(--mp-stripe); border: 1px solid var(--mp-line); border-radius: 3px;
}
.mp-widget .mp-listing { overflow-x: auto; border: 1px solid var(--mp-line); border-radius: 4px; margin: 4px 0; }
.mp-widget .mp-listing-inner { min-width: max-content; flex: 1 0 auto; }
.mp-widget .mp-listing .widget-html, .mp-widget .mp-listing .widget-select { margin: 0; height: auto; }
.mp-widget .mp-listing .widget-html-content { line-height: normal; }
.mp-widget .mp-heads, .mp-widget .mp-lines select {
  font-family: var(--jp-code-font-family, monospace); font-size: 12px; white-space: pre; padding: 4px 8px;
}
.mp-widget .mp-heads { background: var(--mp-head); font-weight: 600; border-bottom: 1px solid var(--mp-line); }
.mp-widget .mp-lines select { border: none; background: transparent; color: var(--mp-text); padding: 4px 0; }
.mp-widget .mp-lines option { padding: 2px 8px; }
.mp-widget .jupyter-widgets-output-area { max-width: 100%; overflow-x: auto; }
.mp-widget .mp-form { border: 1px solid var(--mp-line); border-radius: 4px; padding: 8px 12px; margin: 4px 0; }
.mp-widget .mp-old { opacity: 0.4; }
.mp-widget .mp-title { font-weight: 600; font-size: 14px; }
.mp-widget input:focus-visible, .mp-widget select:focus-visible, .mp-widget button:focus-visible {
  outline: 2px solid var(--mp-brand); outline-offset: 1px;
}
"""


# Where JupyterLab is open to scripts (LabApp.expose_app_in_browser) it makes a cell; else the text
# goes to the clipboard, by the old way where the page is not served securely.
_INTO_A_CELL = """
const text = this.parentElement.querySelector('template').content.textContent;
const content = window.jupyterapp?.shell.currentWidget?.content;
const cells = content?.model?.sharedModel;
const done = told => {
  this.textContent = told;
  setTimeout(() => { this.textContent = 'Into a cell'; }, 3000);
};
if (cells?.insertCell) {
  const at = content.activeCellIndex + 1;
  cells.insertCell(at, { cell_type: 'code', source: text });
  content.activeCellIndex = at;
  done('Done: below');
} else if (navigator.clipboard) {
  navigator.clipboard.writeText(text).then(() => done('Copied: paste it'));
} else {
  getSelection().selectAllChildren(this.parentElement.querySelector('pre'));
  document.execCommand('copy');
  done('Copied: paste it');
}
"""


class Share(float):
    """A part of 1, which a table shows as a bar."""


def framed(children: Sequence[ipywidgets.Widget]) -> ipywidgets.VBox:
    """The outermost box of a widget, with the styles."""
    styles = ipywidgets.HTML(f"<style>{_STYLES}</style>", layout={"display": "none"})
    box = ipywidgets.VBox([styles, *children])
    box.add_class(ROOT)
    return box


def close(widget: ipywidgets.Widget) -> None:
    """Take a widget and all in it out of the notebook's state, which may be saved."""
    for child in getattr(widget, "children", ()):
        close(child)
    for part in (getattr(widget, "layout", None), getattr(widget, "style", None)):
        if isinstance(part, ipywidgets.Widget):
            part.close()
    widget.close()


def picture(chart: Any) -> tuple[dict[str, Any], ...]:
    """A chart as the content of an Output, which any thread may set; its SVG would be for paper."""
    return ({"output_type": "display_data", "data": chart.vega_lite(), "metadata": {}},)


def bundle(box: ipywidgets.Widget, text: str) -> dict[str, Any]:
    """What to display; front ends without widgets show the text."""
    return {**box._repr_mimebundle_(), "text/plain": text}


def row(*children: ipywidgets.Widget) -> ipywidgets.HBox:
    """Widgets side by side, which go on below where a cell is narrow."""
    return ipywidgets.HBox(children, layout={"flex_flow": "row wrap", "align_items": "center"})


def fade(widget: ipywidgets.DOMWidget, is_old: bool) -> None:
    """Show that what is there is not the answer to what was asked last."""
    (widget.add_class if is_old else widget.remove_class)("mp-old")


def button(
    text: str, do: Callable[[], None], tooltip: str = "", *, icon: str = "", style: str = ""
) -> ipywidgets.Button:
    """A button as wide as its text."""
    made = ipywidgets.Button(
        description=text,
        tooltip=tooltip,
        icon=icon,
        button_style=style,
        layout={"width": "auto"},
    )
    made.on_click(lambda _: do())
    return made


def choose(choice: ipywidgets.Dropdown, options: Sequence[str], value: str | None) -> None:
    """Offer options, of which this one is chosen; None where it is none of them."""
    if tuple(choice.options) != tuple(options):
        choice.options = options
    choice.value = value if value in options else None


def note(text: str, tone: Tone = "plain", hint: str | None = None) -> str:
    """A line that says how things are, as HTML; `hint` is what to do next."""
    if not text:
        return ""
    more = f" <span class='mp-hint'>{_text(hint)}</span>" if hint else ""
    return f"<div class='mp-note mp-{tone}' role='status'>{_text(text)}{more}</div>"


def line() -> ipywidgets.HTML:
    """Where a widget says how things are."""
    made = ipywidgets.HTML()
    made.add_class("mp-status")
    return made


def status(what: StatusMessage) -> str:
    """What a state says, as HTML."""
    return note(what.text, what.tone, what.hint)


def title(text: str, more: str = "") -> str:
    """A heading, as HTML."""
    return f"<div><span class='mp-title'>{_text(text)}</span> <span class='mp-hint'>{_text(more)}</span></div>"


def heads(text: str) -> str:
    """The names of columns, aligned with the lines below, as HTML."""
    return f"<div class='mp-heads'>{_text(text)}</div>"


def code(text: str) -> str:
    """SQL or JSON as it is, as HTML."""
    return f"<pre class='mp-code'>{_text(text)}</pre>"


def state_of(part: Part, nothing: str = "") -> str:
    """What a part of a widget is doing, or what went wrong, as HTML; else `nothing`."""
    if part.is_busy:
        return note("working …", "busy")
    if part.problem is None:
        return note(nothing, "busy")
    first, _, pointer = part.problem.message.partition("\n")
    return note(first, "bad", part.problem.hint) + (code(pointer.strip("\n")) if pointer else "")


def copyable(text: str, cell: str) -> str:
    """SQL as it is, with a button that puts `cell` into a new cell below, or on the clipboard.

    The script reads the text from the page: none of it is part of a script.
    """
    return (
        f"<div class='mp-copyable'><button class='mp-copy' title='Into a new cell below'"
        f' onclick="{escape(_INTO_A_CELL)}">Into a cell</button>{code(text)}'
        f"<template>{_text(cell)}</template></div>"
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows under their columns, as HTML: numbers to the right, NULL told from text."""
    head = "".join(f"<th>{_text(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(map(_cell, values))}</tr>" for values in rows)
    return (
        f"<div class='mp-scroll' tabindex='0'><table class='mp-table'>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(value: Any) -> str:
    if isinstance(value, Share):
        return f"<td class='mp-number mp-share' style='--mp-share: {value:.4f}'>{value:.0%}</td>"
    if value is None:
        return "<td class='mp-null'>null</td>"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"<td class='mp-number'>{value:,}</td>"
    text = _text(str(value))
    return f"<td title='{text}'>{text}</td>"


def _text(value: str) -> str:
    return escape(printable(value))
