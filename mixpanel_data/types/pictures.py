"""Charts that a notebook shows by itself: Altair's own have the browser load Vega from a CDN.

JupyterLab brings Vega; where a front end does not (or on paper, or on GitHub), the chart is an SVG.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import vl_convert

# Front ends know no later version yet; what our charts use is the same in both.
_MIME = "application/vnd.vegalite.v5+json"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"


class _Local:
    def vega_lite(self) -> dict[str, Any]:
        """The chart by its MIME type, for front ends that draw it themselves."""
        return {_MIME: {**self.to_dict(), "$schema": _SCHEMA}}  # type: ignore[attr-defined]

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
        if alt.renderers.active != "default":  # the user's choice
            return super()._repr_mimebundle_(*args, **kwargs)  # type: ignore[misc]
        svg = vl_convert.vegalite_to_svg(self.to_dict())  # type: ignore[attr-defined]
        return {**self.vega_lite(), "image/svg+xml": svg, "text/plain": repr(self)}


class Chart(_Local, alt.Chart):
    """Altair's Chart."""


class LayerChart(_Local, alt.LayerChart):
    """Altair's LayerChart."""
