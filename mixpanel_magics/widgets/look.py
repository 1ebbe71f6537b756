"""How the widgets look: one stylesheet on the front end's own colours, and escaped HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Literal

import ipywidgets

from mixpanel_data.text import printable

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
  --mp-good: var(--jp-success-color1, #1a7f37);
  --mp-bad: var(--jp-error-color1, #cf222e);
  color: var(--mp-text); max-width: 100%; overflow: hidden;
}
.mp-widget .mp-scroll { overflow: auto; max-height: 32em; border: 1px solid var(--mp-line); border-radius: 4px; }
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
  margin: 0; padding: 6px 10px; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px;
  color: var(--mp-text); background: var(--mp-head); border: 1px solid var(--mp-line); border-radius: 4px;
}
.mp-widget .mp-title { font-weight: 600; font-size: 14px; }
.mp-widget input:focus-visible, .mp-widget select:focus-visible, .mp-widget button:focus-visible {
  outline: 2px solid var(--mp-brand); outline-offset: 1px;
}
"""


def framed(children: Sequence[ipywidgets.Widget]) -> ipywidgets.VBox:
    """The outermost box of a widget, with the styles."""
    styles = ipywidgets.HTML(f"<style>{_STYLES}</style>", layout={"display": "none"})
    box = ipywidgets.VBox([styles, *children])
    box.add_class(ROOT)
    return box


def row(*children: ipywidgets.Widget) -> ipywidgets.HBox:
    """Widgets side by side, which go on below where a cell is narrow."""
    return ipywidgets.HBox(children, layout={"flex_flow": "row wrap", "align_items": "center"})


def note(text: str, tone: Tone = "plain", hint: str | None = None) -> str:
    """A line that says how things are, as HTML; `hint` is what to do next."""
    if not text:
        return ""
    more = f" <span class='mp-hint'>{_text(hint)}</span>" if hint else ""
    return f"<div class='mp-note mp-{tone}' role='status'>{_text(text)}{more}</div>"


def title(text: str) -> str:
    """A heading, as HTML."""
    return f"<div class='mp-title'>{_text(text)}</div>"


def code(text: str) -> str:
    """SQL or JSON as it is, as HTML."""
    return f"<pre class='mp-code'>{_text(text)}</pre>"


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows under their columns, as HTML: numbers to the right, NULL told from text."""
    head = "".join(f"<th>{_text(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(map(_cell, values))}</tr>" for values in rows)
    return (
        f"<div class='mp-scroll' tabindex='0'><table class='mp-table'>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(value: Any) -> str:
    if value is None:
        return "<td class='mp-null'>null</td>"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"<td class='mp-number'>{value:,}</td>"
    text = _text(str(value))
    return f"<td title='{text}'>{text}</td>"


def _text(value: str) -> str:
    return escape(printable(value))
