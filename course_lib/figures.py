"""The course's pictures: one style, and alt text that JupyterLab keeps in the page.

    show(figure, alt) -> Picture        an <img alt=...> with the PNG inside, printed as its alt text

Contents   style, Picture, show -> what the lectures draw (drawing functions take axes and return nothing)
Layer      6; imports nothing that computes: it is handed risks, flows and arrays
Notation   colours after Okabe and Ito, each with its own line style, so that no picture needs colour to be read
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from PIL import Image

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
CYCLE = matplotlib.cycler(color=[BLUE, RED, GREEN, PURPLE, BLACK]) + matplotlib.cycler(
    linestyle=["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))]
)
DPI = 100                   # pixels an inch on the page
SHARP = 1.6                 # stored pixels a pixel on the page: sharp on a projector, and when zoomed


def style() -> AbstractContextManager:
    """A context in which Matplotlib draws in the course's style; nothing global changes."""
    return matplotlib.rc_context(
        {
            "axes.prop_cycle": CYCLE,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#E5E5E5",
            "figure.constrained_layout.use": True,
            "figure.dpi": DPI,
            "font.size": 10,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
        }
    )


def canvas(columns: int = 1, rows: int = 1, width: float = 7.0, height: float = 3.0, **options) -> tuple:
    """(figure, axes) in the course's style, detached from pyplot's list of open figures."""
    with style():
        figure, axes = plt.subplots(rows, columns, figsize=(width, height), **options)
        plt.close(figure)
    return figure, axes


@dataclass(frozen=True)
class Picture:
    """A rendered figure: an image with alt text for the page, the alt text for a plain terminal."""

    png: bytes
    alt: str
    width: int | None = None        # on the page, in pixels; None: the picture's own

    @property
    def tag(self) -> str:
        """The <img> element, self-contained."""
        data = base64.b64encode(self.png).decode()
        width = f' width="{self.width}"' if self.width else ""
        return (
            f'<img style="max-width:100%"{width} alt="{html.escape(self.alt, quote=True)}" '
            f'src="data:image/png;base64,{data}">'
        )

    def _repr_html_(self) -> str:
        return self.tag

    def __repr__(self) -> str:
        return self.alt


def show(figure: Figure, alt: str) -> Picture:
    """The figure as a Picture; alt says in a sentence what is to be seen, ValueError if it says too little."""
    if len(alt.split()) < 5:
        raise ValueError(f"alt must say in a sentence what the figure shows, got {alt!r}. Name the axes and the message.")
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="png", dpi=SHARP * DPI, metadata={"Software": None})
    plt.close(figure)
    image = Image.open(buffer)
    return Picture(_small(image), alt, round(image.width / SHARP))


def _small(image: Image.Image) -> bytes:
    """The picture as a PNG of at most 256 colours: a third of the bytes, no difference to the eye."""
    few = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


# -------------------------------------------------------------------- what the lectures draw
def draw_network(axes: Axes, risk, theta, label: str = r"$N_\theta$", points: int = 401) -> None:
    """Target and realization over [a, b], the kinks that fall inside marked on the graph."""
    x = np.linspace(*risk.target.domain, points)
    axes.plot(x, risk.target(x), label="target $f$", color=BLACK, linestyle="--")
    axes.plot(x, risk.network.realization(theta, x), label=label, color=BLUE, linestyle="-")
    kinks = risk.network.kinks(theta)
    kinks = kinks[(kinks > x[0]) & (kinks < x[-1])]
    axes.plot(kinks, risk.network.realization(theta, kinks), "o", color=BLUE, label="kinks" if kinks.size else None)
    axes.set_xlabel("$x$")
    axes.legend()


def draw_cells(axes: Axes, risk, theta, points: int = 801) -> None:
    """The squared residual r^2 p over [a, b], with the cells on which it is a polynomial shaded in turn."""
    a, b = risk.target.domain
    x = np.linspace(a, b, points)
    r = risk.network.realization(theta, x) - risk.target(x)
    axes.plot(x, r**2 * risk.density(x), color=RED, label=r"$r^2\,p$")
    kinks = risk.network.kinks(theta)
    edges = np.unique([*risk.target.breaks, *risk.density.breaks, *kinks[(kinks > a) & (kinks < b)]])
    for left, right in list(pairwise(edges))[::2]:
        axes.axvspan(left, right, color="#EEEEEE", zorder=0)
    for edge in edges:
        axes.axvline(edge, color="#999999", linewidth=0.8, linestyle=":")
    axes.set_xlabel("$x$")
    axes.legend()


def draw_rates(axes: Axes, n, errors: Mapping[str, np.ndarray], slopes: Mapping[str, float], ylabel: str) -> None:
    """Errors against n in log-log axes, each with a thin reference line of the named slope through its last point."""
    for marker, (label, error) in zip("osD^v", errors.items(), strict=False):
        (line,) = axes.loglog(n, error, marker=marker, markersize=4, label=label)
        if label in slopes:
            reference = error[-1] * (np.asarray(n, dtype=float) / n[-1]) ** slopes[label]
            axes.loglog(n, reference, color=line.get_color(), linewidth=0.8, linestyle=":")
    axes.set_xlabel("$n$")
    axes.set_ylabel(ylabel)
    axes.legend()


def draw_flow(axes: Axes, flows: Mapping[str, object], level: float = 0.0) -> None:
    """L(Theta_t) - level against t in log-log axes, one curve a flow; t = 0 is left out."""
    for label, flow in flows.items():
        gap = flow.risks - level
        axes.loglog(flow.times[1:], np.where(gap > 0, gap, np.nan)[1:], label=label)
    axes.set_xlabel("$t$")
    axes.set_ylabel(r"$L(\Theta_t)$" if level == 0 else r"$L(\Theta_t)-L_\infty$")
    axes.legend()


def draw_balance(axes: Axes, flows: Mapping[str, object], neuron: int = 0) -> None:
    """The paths (|(w_j, b_j)|, v_j) of one neuron with one input, a mark at each end, on thin hyperbolas v^2 - rho^2 = B_j."""
    for marker, (label, flow) in zip("os^vD", flows.items(), strict=False):
        w, b, v = (flow.thetas[:, k * (flow.thetas.shape[1] // 3) + neuron] for k in range(3))
        rho = np.hypot(w, b)
        balance = v[0] ** 2 - rho[0] ** 2
        s = np.linspace(0, 1.2 * max(rho.max(), np.abs(v).max()), 101)
        level = np.sqrt(s**2 + abs(balance))
        for x, y in ((s, level), (s, -level)) if balance >= 0 else ((level, s), (level, -s)):
            axes.plot(x, y, color="#BBBBBB", linewidth=0.9, linestyle="-", zorder=1)
        (line,) = axes.plot(rho, v, linewidth=2.5, label=label)
        axes.plot(rho[-1], v[-1], marker, color=line.get_color())
    axes.axhline(0, color=BLACK, linewidth=0.6, linestyle="-")
    axes.set_xlabel(r"$\rho=|(w,b)|$")
    axes.set_ylabel("$v$")


def draw_jump(panels: Sequence[Axes], x, shown, widths, changes, dot: tuple[float, float]) -> None:
    """On the left target, jump, left ramp and right ramp against x; on the right what the ramps change, a bound, and a dot.

    shown (4, n), changes (3, m) in this order; drawn on panels that show it already the curves move, as a slider needs.
    """
    left, right = panels
    ramps = (("-", "left ramp", BLUE), ("-.", "right ramp", RED))
    if not left.lines:
        for axes, kinds in (
            (left, (("--", "$f$", BLACK), (":", "$g_t$", BLACK), *ramps)),
            (right, (*ramps, (":", r"$-\delta(A-B)^2/6$", BLACK), ("o", None, BLACK))),
        ):
            for style_of_line, label, color in kinds:
                axes.plot([], [], style_of_line, label=label, color=color)
            axes.legend(loc="upper left")
        left.set(xlabel="$x$", xlim=(0, 1), ylim=(-0.05, 1.05))
        right.set(xlabel=r"width $\delta$", ylabel="change of $L$", xlim=(0, 0.4), ylim=(-0.06, 0.06))
    for line, y in zip(left.lines, shown, strict=True):
        line.set_data(x, y)
    for line, y in zip(right.lines, changes, strict=False):
        line.set_data(widths, y)
    right.lines[-1].set_data([dot[0]], [dot[1]])


def draw_regions(axes: Axes, regions, numbers: bool = False) -> None:
    """The linear regions of a network in the plane, one polygon each, outlined; with its id in the middle if asked for."""
    polygons = regions.polygons()
    shades = matplotlib.colormaps["viridis"](np.linspace(0, 1, len(polygons)), alpha=0.6)
    axes.add_collection(PolyCollection(polygons, facecolors=shades, edgecolors=BLACK, linewidths=0.8))
    for k, corners in enumerate(polygons if numbers else []):
        axes.text(*corners.mean(axis=0), str(k), ha="center", va="center")
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.grid(False)
    axes.set_xlabel("$x_1$")
    axes.set_ylabel("$x_2$")
