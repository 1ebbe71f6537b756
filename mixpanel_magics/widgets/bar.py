"""A bar and a text: how far slow work is."""

from __future__ import annotations

from typing import Any

import ipywidgets

from mixpanel_magics.widgets import styles


class Bar:
    """The bar is seen once it is known how much is done; the text always is."""

    def __init__(self) -> None:
        self._bar = ipywidgets.FloatProgress(max=1.0, layout={"width": "16em", "display": "none"})
        self._text = ipywidgets.HTML()
        self.box = styles.framed([styles.row(self._bar, self._text)])

    def set(self, text: str, fraction: float | None = None) -> None:
        """Show how it stands; without a fraction the bar stays as it is."""
        self._text.value = styles.note(text, "busy")
        if fraction is not None:
            self._bar.value = min(max(fraction, 0.0), 1.0)
            self._bar.layout.display = None

    def clear(self) -> None:
        """Show nothing."""
        self._text.value = ""
        self._bar.value = 0.0
        self._bar.layout.display = "none"

    def bundle(self) -> dict[str, Any]:
        """What to display. It has no text, which a front end without widgets would never change."""
        return {k: v for k, v in self.box._repr_mimebundle_().items() if k != "text/plain"}

    def close(self) -> None:
        """Leave nothing of it in the kernel or in the notebook."""
        styles.close(self.box)
