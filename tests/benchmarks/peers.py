"""The same numbers by other means, timed in the same run: PyTorch on a grid, JAX and SciPy with the kinks split by hand.

f = x^2, p = 1 on [0, 1], theta = default_rng(0).standard_normal(3 H + 1), float64, one thread. A ratio r means that the
peer takes r times as long as ExactRisk; both accuracies stand beside it. JAX is timed after its compilation.

Contents   one generator of rows a peer; a peer that is not installed gives one row "not measured"
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
from scipy.integrate import quad

from course_lib import best_of, gradient_flow
from course_lib.integration import compiled_available
from course_lib.risks import SORTED_FROM
from tests.benchmarks.core import Row, distance, header, problem, seconds, show
from tests.reference import Rational

NODES, WEIGHTS = (1 + np.polynomial.legendre.leggauss(3)[0]) / 2, np.polynomial.legendre.leggauss(3)[1] / 2


def ours(H: int) -> dict[str, tuple]:
    """name -> (risk object, theta) of our routes; "NumPy" is what runs without numba."""
    routes = {"NumPy": problem(H, "dense" if H < SORTED_FROM else "sorted")}
    return routes | ({"numba": problem(H, "compiled")} if compiled_available() else {})


def ratios(H: int, peer: Callable[[], object], rounds: int = 5) -> str:
    """How much longer the peer takes, against each of our routes."""
    routes = ours(H)
    mine = [lambda L=L, theta=theta: L.value_and_gradient(theta) for L, theta in routes.values()]
    *times, slow = seconds(*mine, peer, rounds=rounds)
    return ", ".join(f"{slow / t:.3g}x {name}" for name, t in zip(routes, times, strict=True))


def accuracy(H: int, risk: float, gradient: np.ndarray) -> str:
    """The peer's and our relative errors; rational arithmetic is the truth up to H = 64, beyond it the dense form is."""
    L, theta = problem(H, "dense")
    if H <= 64:
        exact = Rational(theta, L.target, L.density)
        truth, slope = [exact.risk], exact.gradient
    else:
        truth, slope = [L(theta)], list(L.gradient(theta))
    mine = L.value_and_gradient(theta)
    peer = f"peer L {distance(risk, truth):.0e}, G {distance(gradient, slope):.0e}"
    return f"{peer}; ours L {distance(mine[0], truth):.0e}, G {distance(mine[1], slope):.0e}" if H <= 64 else peer


# -------------------------------------------------------------------- PyTorch on a uniform grid
def torch_grid() -> Iterator[Row]:
    """The midpoint grid with autograd, refined until its risk has relative error 1e-10 at two successive sizes."""
    import torch

    torch.set_num_threads(1)
    for H, target in ((16, "100x, numba 3000x"), (64, "800x, 20000x"), (256, "3000x, 60000x")):
        L, start = problem(H)
        theta = torch.tensor(start, requires_grad=True)

        def evaluate(n, theta=theta, H=H):
            x = (torch.arange(n, dtype=torch.float64) + 0.5) / n
            w, b, v, c = theta[:H], theta[H : 2 * H], theta[2 * H : 3 * H], theta[3 * H]
            risk = ((torch.relu(torch.outer(x, w) + b) @ v + c - x * x) ** 2).mean()
            return risk.detach().item(), torch.autograd.grad(risk, theta)[0].numpy()

        n, good = 1024, 0
        while good < 2 and n < 2**21:
            n *= 2
            good = good + 1 if abs(evaluate(n)[0] / L(start) - 1) < 1e-10 else 0
        n //= 2
        yield f"PyTorch grid of {n} points, H = {H}", ratios(H, lambda n=n: evaluate(n), 2), target, accuracy(H, *evaluate(n))


# -------------------------------------------------------------------- kinks split by hand
def split_risk(xp, sort, theta, stop=lambda t: t):
    """int_0^1 (N - x^2)^2 with three Gauss nodes between sorted kinks, in the array library xp; kinks carry no derivative."""
    H = (len(theta) - 1) // 3
    w, b, v, c = theta[:H], theta[H : 2 * H], theta[2 * H : 3 * H], theta[3 * H]
    kinks = xp.clip(stop(-b / w), 0.0, 1.0)
    edges = sort(xp.concatenate([xp.zeros_like(kinks[:1]), kinks, xp.ones_like(kinks[:1])]))
    h = edges[1:] - edges[:-1]
    x = (edges[:-1, None] + h[:, None] * xp.asarray(NODES)).reshape(-1)
    weight = (h[:, None] * xp.asarray(WEIGHTS)).reshape(-1)
    r = xp.maximum(x[:, None] * w + b, xp.zeros_like(theta[:1])) @ v + c - x * x
    return (weight * r * r).sum()


def jax_risk(twice: bool = False):
    """theta -> (L, gradient), compiled; `twice` keeps the kinks' derivatives, which only second derivatives need."""
    import jax

    jax.config.update("jax_enable_x64", True)
    stop = (lambda kinks: kinks) if twice else jax.lax.stop_gradient
    return jax.jit(jax.value_and_grad(lambda theta: split_risk(jax.numpy, jax.numpy.sort, theta, stop)))


def jax_kinks() -> Iterator[Row]:
    """The same cells in jit-compiled JAX."""
    both = jax_risk()
    for H in (8, 16, 64, 256):
        _, start = problem(H)

        def evaluate(start=start):
            risk, gradient = both(start)
            return float(risk), np.asarray(gradient)

        evaluate()
        target = "0.7x, numba 15x" if H <= 64 else "2x, numba 15x"
        yield f"JAX, kinks by hand, H = {H}", ratios(H, evaluate, 60), target, accuracy(H, *evaluate())


def jax_ensemble() -> Row:
    """1000 starts, 1000 steps of gradient descent, H = 8: vmap and scan against best_of."""
    import jax

    both, starts = jax_risk(), problem(8)[0].network.random(np.random.default_rng(3), 1000)
    step = jax.vmap(lambda theta: theta - 0.1 * both(theta)[1])
    run = jax.jit(lambda thetas: jax.lax.scan(lambda t, _: (step(t), None), thetas, length=1000)[0])
    run(starts).block_until_ready()
    begin = time.perf_counter()
    end = np.asarray(run(starts))
    slow = time.perf_counter() - begin
    parts, gap = [], 0.0
    for name, (L, _) in ours(8).items():
        begin = time.perf_counter()
        best = best_of(L, starts, learning_rate=0.1, steps=1000)
        parts.append(f"{slow / (time.perf_counter() - begin):.2g}x {name}")
        gap = np.median(np.abs(best.thetas - end).max(axis=1))
    return "JAX ensemble 1000 x 1000, H = 8", ", ".join(parts), "0.6x, numba 3x", f"median distance of end points {gap:.0e}"


def scipy_quad() -> Iterator[Row]:
    """scipy.integrate.quad between the kinks, risk only."""
    for H in (8, 64):
        L, theta = problem(H)
        kinks = L.network.kinks(theta)
        edges = np.unique([0, *kinks[(kinks > 0) & (kinks < 1)], 1])

        def evaluate(L=L, theta=theta, edges=edges):
            def square(x):
                return (L.network.realization(theta, np.array([x]))[0] - x * x) ** 2

            return sum(quad(square, a, b, epsabs=1e-13)[0] for a, b in pairwise(edges))

        exact = Rational(theta, L.target, L.density).risk
        off = f"peer L {distance(evaluate(), [exact]):.0e}"
        yield f"SciPy quad between kinks, L only, H = {H}", ratios(H, evaluate, 2), "", off


# -------------------------------------------------------------------- flows
def flows(t_end: float, name: str, target: str, solve: Callable[[np.ndarray], tuple[float, int]]) -> Row:
    """A peer's flow for H = 8 against ours, both with rtol 1e-8, atol 1e-10; accuracy against ours at rtol 1e-12."""
    parts = []
    for label, (L, start) in ours(8).items():
        begin = time.perf_counter()
        run = gradient_flow(L, start, t_end)
        parts.append((label, time.perf_counter() - begin))
    reference = gradient_flow(L, start, t_end, rtol=1e-12, atol=1e-14).risk
    begin = time.perf_counter()
    risk, evaluations = solve(start)
    slow = time.perf_counter() - begin
    words = ", ".join(f"{slow / t:.3g}x {label}" for label, t in parts)
    errors = [abs(value / reference - 1) for value in (risk, run.risk)]
    off = f"peer L {errors[0]:.0e} in {evaluations} steps or evaluations; ours L {errors[1]:.0e} in {run.evaluations}"
    return f"{name}, t = {t_end:.0e}", words, target, off


def torch_flow() -> Row:
    """torchdiffeq's dopri5 with the kinks split by hand."""
    import torch
    from torchdiffeq import odeint

    torch.set_num_threads(1)
    count = [0]

    def risk(theta):
        return split_risk(torch, lambda a: torch.sort(a).values, theta, lambda t: t.detach())

    def slope(t, theta):
        count[0] += 1
        with torch.enable_grad():
            theta = theta.detach().requires_grad_(True)
            return -torch.autograd.grad(risk(theta), theta)[0]

    def solve(start):
        path = odeint(slope, torch.tensor(start), torch.tensor([0.0, 1e3]), rtol=1e-8, atol=1e-10, method="dopri5")
        return float(risk(path[-1])), count[0]

    return flows(1e3, "torchdiffeq dopri5", "40x, numba 300x", solve)


def diffrax_flow() -> Row:
    """diffrax' Kvaerno5 in log time with the kinks split by hand, warm.

    To t = 1e5: at 1e6 the rounding noise of G, times 1 + t, exceeds atol, and its steps collapse (20 000 are not enough).
    """
    import diffrax
    import jax

    t_end = 1e5

    both = jax_risk(twice=True)                                 # else Newton's matrix lacks the kink terms and steps collapse
    term = diffrax.ODETerm(lambda s, y, _: -jax.numpy.exp(s) * both(y)[1])

    @jax.jit
    def path(start):
        return diffrax.diffeqsolve(
            term, diffrax.Kvaerno5(), 0.0, np.log1p(t_end), 1e-4, start, max_steps=100_000,
            stepsize_controller=diffrax.PIDController(rtol=1e-8, atol=1e-10),
        )  # fmt: skip

    def solve(start):
        solution = path(start)
        return float(both(solution.ys[-1])[0]), int(solution.stats["num_steps"])

    solve(problem(8)[1])
    return flows(t_end, "diffrax Kvaerno5", "8x, numba 60x", solve)


def run() -> None:
    """Print the table; peers that are not installed are said to be so."""
    header("torch", "jax", "diffrax", "torchdiffeq")
    rows: list[Row] = [("peer", "takes longer by", "target", "relative accuracy")]
    for needs, make in (
        ("torch", torch_grid), ("jax", jax_kinks), ("jax", lambda: [jax_ensemble()]), ("scipy", scipy_quad),
        ("torchdiffeq", lambda: [torch_flow()]), ("diffrax", lambda: [diffrax_flow()]),
    ):  # fmt: skip
        rows += make() if find_spec(needs) else [(needs, "not measured", "", "not installed")]
    show(rows)
