"""Deep networks on an interval, networks on a square and a cube: time, growth, and what tensor quadrature takes.

Random networks of standard normal parameters; f = |x|^2, p = 1, on [0, 1] or [-1, 1]^d. float64, one thread.

Contents   cells in one dimension -> simplices -> tensor Gauss -> run
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from course_lib import CellPolynomial, EmpiricalRisk, ExactRisk, PiecewisePolynomial, ReLUNetwork
from tests.benchmarks.core import Row, distance, header, seconds, show
from tests.reference_deep import Deep
from tests.reference_deep import on_interval as exact_parts

SQUARE, ONE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1), PiecewisePolynomial.constant(1.0, 0, 1)


def square_norm(d: int) -> CellPolynomial:
    """|x|^2 on [-1, 1]^d."""
    return CellPolynomial.on_box([-1] * d, [1] * d, {tuple(2 * (i == j) for i in range(d)): 1.0 for j in range(d)})


def start(*widths: int) -> tuple[ReLUNetwork, np.ndarray]:
    net = ReLUNetwork(*widths)
    return net, net.random(np.random.default_rng(0))


def on_interval() -> Iterator[Row]:
    """L and G of deep networks in one dimension, against rational arithmetic; growth in depth; a batch."""
    net, theta = start(1, 8, 8, 1)
    L, exact = ExactRisk(net, SQUARE), Deep(net.widths, theta, exact_parts(SQUARE, ONE))
    (one,) = seconds(lambda: L.value_and_gradient(theta))
    risk, gradient = L.value_and_gradient(theta)
    off = f"L {distance(risk, [exact.risk]):.0e}, G {distance(gradient, exact.gradient):.0e} of rational arithmetic"
    yield "L and G, (1, 8, 8, 1)", f"{one * 1e6:.0f} us", "", off
    times, cells = [], []
    depths = [2, 4, 8, 16]
    for depth in depths:
        net, theta = start(1, *[8] * depth, 1)
        L = ExactRisk(net, SQUARE)
        cells.append(len(L.breakpoints(theta)) - 1)
        times.append(seconds(lambda L=L, theta=theta: L.value_and_gradient(theta), rounds=20)[0])
    k = np.polyfit(np.log(depths), np.log(times), 1)[0]
    yield "  growth in depth, width 8, depth 2..16", f"depth^{k:.2f}", "", f"cells {cells}"
    net, theta = start(1, 8, 8, 1)
    thetas = net.random(np.random.default_rng(1), 1000)
    L = ExactRisk(net, SQUARE)
    (many,) = seconds(lambda: L.value_and_gradient(thetas), rounds=5)
    equal = sum(L(thetas[i]) == risk for i, risk in enumerate(L(thetas)))
    yield "  batch of 1000: a network / one alone", f"1/{one * 1000 / many:.1f}", "", f"{equal} of 1000 equal bit by bit"


def simplices() -> Iterator[Row]:
    """Simplices a second, risk and gradient; the accuracy of the quadrature is its own defect."""
    for widths in ((2, 16, 1), (2, 64, 1), (2, 16, 16, 16, 1), (3, 8, 1), (3, 16, 1)):
        net, theta = start(*widths)
        L = ExactRisk(net, square_norm(widths[0]))
        count = len(L.regions(theta).vertices)
        (t,) = seconds(lambda L=L, theta=theta: L.value_and_gradient(theta), rounds=3)
        target = ">= 40 000 (stretch 100 000)" if widths[0] == 2 else ""
        name = "-".join(map(str, widths))
        off = f"{count} in {t:.3f} s, defect {L.quadrature_defect(theta):.0e}"
        yield f"simplices a second, {name}", f"{count / t:,.0f}", target, off


def tensor_gauss() -> Row:
    """Tensor Gauss on the square, refined until its gradient has relative error 1e-5 at two successive sizes."""
    net, theta = start(2, 16, 1)
    L = ExactRisk(net, square_norm(2))
    truth, n, good = L.gradient(theta), 32, 0
    while good < 2 and n < 4096:
        n = int(n * 1.5)
        t, w = np.polynomial.legendre.leggauss(n)
        x = np.stack(np.meshgrid(t, t), axis=-1).reshape(-1, 2)
        peer = EmpiricalRisk(net, x, (x**2).sum(axis=1), np.multiply.outer(w, w).ravel())
        error = np.abs(peer.gradient(theta) - truth).max() / np.abs(truth).max()
        good = good + 1 if error <= 1e-5 else 0
    begin = time.perf_counter()
    peer.value_and_gradient(theta)
    slow = time.perf_counter() - begin
    (ours,) = seconds(lambda: L.value_and_gradient(theta), rounds=5)
    off = f"peer G {error:.0e}; ours, defect {L.quadrature_defect(theta):.0e}"
    return f"tensor Gauss, {n} x {n} nodes, 2-16-1", f"takes {slow / ours:.3g}x", "20x (stretch 60x)", off


def growth() -> Row:
    """k in simplices ~ H^k for 2-H-1."""
    sizes = [8, 16, 32, 64]
    counts = []
    for H in sizes:
        net, theta = start(2, H, 1)
        counts.append(len(ExactRisk(net, square_norm(2)).regions(theta).vertices))
    return "growth of simplices, 2-H-1, H = 8..64", f"H^{np.polyfit(np.log(sizes), np.log(counts), 1)[0]:.2f}", "", f"{counts}"


def growth_in_dimension() -> Row:
    """Simplices and time of d-8-1 for d = 1, 2, 3 on [-1, 1]^d."""
    counts, times = [], []
    for d in (1, 2, 3):
        net, theta = start(d, 8, 1)
        L = ExactRisk(net, square_norm(d))
        counts.append(len(L.regions(theta).vertices))
        times.append(seconds(lambda L=L, theta=theta: L.value_and_gradient(theta), rounds=5)[0])
    return "growth in d, d-8-1, d = 1, 2, 3", " / ".join(f"{t * 1e3:.1f} ms" for t in times), "", f"simplices {counts}"


def growth_in_batch() -> Row:
    """k in time ~ B^k for batches of B networks (1, 8, 8, 1)."""
    net, sizes, times = ReLUNetwork(1, 8, 8, 1), [64, 256, 1024, 4096], []
    L = ExactRisk(net, SQUARE)
    for B in sizes:
        thetas = net.random(np.random.default_rng(B), B)
        times.append(seconds(lambda thetas=thetas: L.value_and_gradient(thetas), rounds=3)[0])
    return "growth in batch, (1, 8, 8, 1), B = 64..4096", f"B^{np.polyfit(np.log(sizes), np.log(times), 1)[0]:.2f}", "", ""


def run() -> None:
    """Print the table."""
    header()
    rows = [("what", "measured", "target", "accuracy"), *on_interval(), growth_in_batch()]
    show([*rows, *simplices(), growth(), growth_in_dimension(), tensor_gauss()])
