"""Sliders on top of figures: one reused figure, redrawn into an image with alt text.

    explorer(figure, update, k=slider(...))     update(k=...) moves the artists and returns the new alt text

Contents   slider -> Explorer, explorer
Layer      7; imports figures only
Why so     a reused figure in one HTML widget redraws in well under 100 ms, keeps its alt text in the page, and leaves
           no stray output behind; the static figure of the same argument always stands before it in the lecture
"""

from __future__ import annotations

import io
from collections.abc import Callable

import ipywidgets
from matplotlib.figure import Figure

from course_lib.figures import Picture, style

DPI = 80


def slider(value: float, low: float, high: float, step: float, label: str) -> ipywidgets.FloatSlider:
    """A slider for one real parameter; the figure follows while it moves, arrow keys work."""
    return ipywidgets.FloatSlider(
        value, min=low, max=high, step=step, description=label, readout_format=".3g", continuous_update=True
    )


class Explorer(ipywidgets.VBox):
    """Sliders above one figure; `.values` are the sliders' present values, `.image` the HTML widget with the figure."""

    def __init__(self, figure: Figure, update: Callable[..., str], sliders: dict[str, ipywidgets.Widget]):
        self._figure, self._update, self._sliders = figure, update, sliders
        self.image = ipywidgets.HTML()
        self.redraw()
        figure.set_layout_engine("none")                       # laid out once, it is redrawn in two thirds of the time
        for control in sliders.values():
            control.observe(self.redraw, names="value")
        super().__init__([*sliders.values(), self.image])

    @property
    def values(self) -> dict[str, float]:
        return {name: control.value for name, control in self._sliders.items()}

    def redraw(self, change=None) -> None:
        """Move the artists to the present values and put the new image, with its alt text, into the page."""
        alt = self._update(**self.values)
        buffer = io.BytesIO()
        with style():
            self._figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
        self.image.value = Picture(buffer.getvalue(), alt).tag

    def __repr__(self) -> str:
        return f"Explorer({', '.join(self._sliders)}): {self._update(**self.values)}"


def explorer(figure: Figure, update: Callable[..., str], **sliders: ipywidgets.Widget) -> Explorer:
    """An Explorer of the figure: update(**values) moves its artists and returns alt text that states the numbers shown."""
    if not sliders:
        raise ValueError("explorer needs at least one slider, got none. Pass for example b=slider(0, -1, 1, .1, 'b').")
    return Explorer(figure, update, sliders)
