"""Risk, gradient, flow, minima and ensembles of shallow networks on [0, 1]: f = x^2, p = 1 unless a row says otherwise.

Contents   timing in turns -> one function a row: (what, measured, target, accuracy) -> run
"""

from __future__ import annotations

import datetime
import platform
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib import metadata
from importlib.util import find_spec

import numpy as np

from course_lib import ExactRisk, PiecewisePolynomial, ReLUNetwork, global_minimum, gradient_flow
from course_lib.integration import compiled_available
from tests.reference import Rational

SQUARE, ONE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1), PiecewisePolynomial.constant(1.0, 0, 1)
WIDTHS = [512, 1024, 2048, 4096, 8192, 16384]

Row = tuple[str, str, str, str]


def seconds(*calls: Callable[[], object], rounds: int = 60, least: float = 2e-4) -> list[float]:
    """The least time of one call of each, taken in turns so that a slow moment of the machine hits all of them."""
    repeats = []
    for call in calls:
        start = time.perf_counter()
        call()
        repeats.append(max(1, int(least / (time.perf_counter() - start))))
    best = [np.inf] * len(calls)
    for _ in range(rounds):
        for k, (call, n) in enumerate(zip(calls, repeats, strict=True)):
            start = time.perf_counter()
            for _ in range(n):
                call()
            best[k] = min(best[k], (time.perf_counter() - start) / n)
    return best


def distance(computed, exact: list[Fraction]) -> float:
    """max |computed - exact| / max |exact|, the difference in rational arithmetic."""
    worst = max(abs(Fraction(float(c)) - e) for c, e in zip(np.ravel(computed), exact, strict=True))
    return float(worst / max(abs(e) for e in exact))


def problem(H: int, method: str = "auto") -> tuple[ExactRisk, np.ndarray]:
    """The risk for H neurons and the start default_rng(0).standard_normal."""
    net = ReLUNetwork(1, H, 1)
    return ExactRisk(net, SQUARE, ONE, method), net.random(np.random.default_rng(0))


def single(method: str, target: str) -> Row:
    """Risk and gradient for H = 8 against one evaluation of the network at the 27 nodes that they use."""
    L, theta = problem(8, method)
    w, b, v, c = L.network.shallow(theta)
    x = np.linspace(0, 1, 27)
    ours, network = seconds(
        lambda: L.value_and_gradient(theta), lambda: np.maximum(np.multiply.outer(x, w) + b, 0) @ v + c, rounds=300
    )
    exact = Rational(theta, SQUARE, ONE)
    risk, gradient = L.value_and_gradient(theta)
    accuracy = f"L {distance(risk, [exact.risk]):.0e}, G {distance(gradient, exact.gradient):.0e} of rational arithmetic"
    return f"{method} L and G, H = 8 / the network at 27 nodes", f"{ours / network:.1f}x", target, accuracy


def growth() -> Row:
    """k in time ~ H^k of the sorted form, H = 512..16384."""
    pairs = [problem(H, "sorted") for H in WIDTHS]
    times = seconds(*(lambda L=L, theta=theta: L.value_and_gradient(theta) for L, theta in pairs))
    k = np.polyfit(np.log(WIDTHS), np.log(times), 1)[0]
    (L, theta), (D, _) = pairs[0], problem(512, "dense")
    (risk, gradient), (risk_d, gradient_d) = L.value_and_gradient(theta), D.value_and_gradient(theta)
    gap = np.abs(gradient - gradient_d).max() / np.abs(gradient_d).max()
    accuracy = f"L {abs(risk / risk_d - 1):.0e}, G {gap:.0e} of the dense form at H = 512"
    return "sorted L and G: growth in H, 512..16384", f"H^{k:.2f}", "<= 1.15", accuracy


def flow() -> Iterator[Row]:
    """The flow to t = 1e6 for H = 8: evaluations, and its distance from a run at rtol 1e-12."""
    L, theta0 = problem(8)
    start = time.perf_counter()
    run = gradient_flow(L, theta0, 1e6)
    elapsed = time.perf_counter() - start
    reference = gradient_flow(L, theta0, 1e6, rtol=1e-12, atol=1e-14)
    one, _ = seconds(lambda: L.value_and_gradient(theta0), lambda: None)
    certificate, allowed = run.certificate, 1e-7 * max(1, L(theta0)) * np.log1p(1e6)
    gap = f"|L - L_ref| {abs(run.risk - reference.risk):.0e}, relative {abs(run.risk / reference.risk - 1):.0e}"
    counts = [gradient_flow(L, s, 1e6).evaluations for s in np.random.default_rng(1).standard_normal((15, 25))]
    yield "flow to t = 1e6, H = 8: evaluations", f"{run.evaluations}", "<= 1500, |L - L_ref| <= 1e-6", gap
    yield "  the same, 15 other starts", f"median {np.median(counts):.0f}", "<= 1500", f"from {min(counts)} to {max(counts)}"
    yield "  time / (evaluations x one L and G)", f"{elapsed / one / run.evaluations:.1f}x", "", f"{elapsed:.2f} s here"
    worst = max(certificate.energy_defect, certificate.conservation_drift)
    words = f"defect {certificate.energy_defect:.0e}, drift {certificate.conservation_drift:.0e}"
    yield "  certificate", f"{worst:.0e}", f"<= {allowed:.0e}", f"{words}, monotone {certificate.monotone}"


def far() -> Row:
    """The step target to t = 1e10: |Theta| ~ t^{1/4}, L ~ t^{-1/2}, from the ramp of slope 3."""
    net, f = ReLUNetwork(1, 2, 1), PiecewisePolynomial([0, 0.5, 1], [[0], [1]])
    begin = time.perf_counter()
    run = gradient_flow(ExactRisk(net, f), [1, 1, -1 / 3, -2 / 3, 3, -3, 0], 1e10)
    elapsed, late = time.perf_counter() - begin, run.times > 1e8
    norms = np.linalg.norm(run.thetas, axis=1)
    slopes = [np.polyfit(np.log(run.times[late]), np.log(y[late]), 1)[0] for y in (run.risks, norms)]
    off = f"exponents {slopes[0] + 0.5:+.0e}, {slopes[1] - 0.25:+.0e} off -1/2, 1/4"
    return "flow to t = 1e10, step target", f"{run.evaluations} evaluations, {elapsed:.2f} s", "<= 2500 or <= 0.5 s", off


def minima() -> Iterator[Row]:
    """Global minima of x^2 on [0, 1], 4 / (45 (2 H + 1)^4)."""
    for H in (2, 4, 8):
        begin = time.perf_counter()
        best = global_minimum(SQUARE, ONE, neurons=H)
        elapsed, closed = time.perf_counter() - begin, 4 / (45 * (2 * H + 1) ** 4)
        off = f"{abs(best.risk / closed - 1):.0e} of the closed form; lower bound {best.lower_bound / best.risk:.2f} of it"
        yield f"global minimum of x^2, H = {H}", f"{elapsed:.1f} s", "1e-8, <= 10 s", off


def batch(method: str) -> Row:
    """L and G of 1000 networks at once, H = 8, a network, against one network alone."""
    L, theta = problem(8, method)
    thetas = L.network.random(np.random.default_rng(2), 1000)
    one, many = seconds(lambda: L.value_and_gradient(theta), lambda: L.value_and_gradient(thetas), rounds=100)
    risks, gradients = L.value_and_gradient(thetas)
    alone = [L.value_and_gradient(t) for t in thetas]
    equal = sum(risks[k] == risk and (gradients[k] == gradient).all() for k, (risk, gradient) in enumerate(alone))
    what = f"{method} batch of 1000, H = 8: a network / one alone"
    return what, f"1/{one / many * 1000:.0f} ({many * 1e3:.2f} us here)", "", f"{equal} of 1000 equal bit by bit"


def header(*others: str) -> None:
    """Print date, versions and machine."""
    packages = ["numpy", "scipy", "numba", *others]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages if find_spec(name))
    print(f"{datetime.date.today()}, Python {platform.python_version()}, {versions}, {platform.machine()}, one thread")


def show(rows: list[Row]) -> None:
    """Print rows as a table."""
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    for row in rows:
        print(" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def run() -> None:
    """Print the table."""
    header()
    methods = ["dense", "compiled"] if compiled_available() else ["dense"]
    rows = [("what", "measured", "target", "accuracy")]
    rows += [single(method, "<= 16x" if method == "dense" else "") for method in methods]
    rows += [growth(), *flow(), far(), *minima(), *(batch(method) for method in methods)]
    show(rows)
