"""Gradient descent: closed forms, its order against the flow, runs that diverge or are stopped, and the best of many starts."""

import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache, partial
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import (
    CellPolynomial,
    EmpiricalRisk,
    ExactRisk,
    PiecewisePolynomial,
    QuadratureRisk,
    ReLUNetwork,
    best_of,
    gradient_descent,
    gradient_flow,
    stochastic_gradient_descent,
)
from course_lib.activations import tanh
from course_lib.descent import minibatches

EPS = np.finfo(float).eps
ONE = PiecewisePolynomial.constant(1.0, 0, 1)
SQUARE = PiecewisePolynomial.polynomial([0, 0, 1], 0, 1)
CORNER = PiecewisePolynomial([0, 0.5, 1], [[0.5, -1], [0, 1]])                # |x - 1/2|
NEURON, NET = ReLUNetwork(1, 1, 1), ReLUNetwork(1, 2, 1)
L1, L = ExactRisk(NEURON, SQUARE), ExactRisk(NET, CORNER)
BIAS, FIT, OFF = ExactRisk(NEURON, ONE), [0, 0, 1, 1], [0, 0, 1, 0]             # G(FIT) = 0; from OFF the bias descends alone
START = np.array([1, -0.8, -0.2, 0.9, 0.5, 0.6, 0.1])
STARTS = NET.random(np.random.default_rng(0), 150)                            # three chunks, the last one short


class Interrupting:
    """The risk L, but its n-th evaluation is a KeyboardInterrupt."""

    def __init__(self, L, at):
        self.L, self.network, self.at, self.calls = L, L.network, at, 0

    def value_and_gradient(self, theta):
        self.calls += 1
        if self.calls == self.at:
            raise KeyboardInterrupt
        return self.L.value_and_gradient(theta)


# ---------------------------------------------------------------- values and identities
@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.75])
def test_the_bias_alone_descends_geometrically(rate):
    """f = 1, neuron degenerate: 1 - c_n = (1 - 2 rate)^n and L_n = (1 - 2 rate)^{2n} for all n; 4 eps a step."""
    run = gradient_descent(ExactRisk(NEURON, ONE), [0, 0, 1, 0], rate, 20)
    exact = (1 - 2 * rate) ** np.arange(21)
    np.testing.assert_allclose(1 - run.thetas[:, 3], exact, rtol=0, atol=80 * EPS)
    np.testing.assert_allclose(run.risks, exact**2, rtol=0, atol=160 * EPS)
    assert (run.thetas[:, :3] == [0, 0, 1]).all()


numbers = st.floats(-3, 3).map(lambda t: round(t, 2))                         # zeros and ties do occur


@given(arrays(float, NET.size, elements=numbers), st.floats(1e-3, 1))
def test_a_step_changes_the_balance_by_the_square_of_the_rate(theta, rate):
    """B_j(theta_1) - B_j(theta_0) = rate^2 (G_v^2 - G_w^2 - G_b^2), since w G_w + b G_b - v G_v = 0."""
    run = gradient_descent(L, theta, rate, 1)
    gw, gb, gv, _ = NET.shallow(L.gradient(theta))
    change = NET.balance(run.theta) - NET.balance(theta)
    scale = (theta**2).max() + (run.theta**2).max() + rate * np.abs(theta * L.gradient(theta)).max()
    np.testing.assert_allclose(change, rate**2 * (gv**2 - gw**2 - gb**2), rtol=0, atol=64 * EPS * (1 + scale))


def observed_order(error, steps):
    """Slope of log error over log step; refuses to judge rounding noise."""
    errors = np.array([error(h) for h in steps])
    assert len(steps) >= 4
    assert (errors > 1e4 * EPS).all(), f"cannot judge: errors {errors}"
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]


def test_descent_follows_the_flow_with_order_one():
    """|theta_n - Theta_{n eta}| = O(eta) at n eta = 2."""
    exact = gradient_flow(L, START, 2.0, method="DOP853", rtol=1e-12, atol=1e-14).theta

    def error(eta):
        return np.abs(gradient_descent(L, START, eta, round(2 / eta)).theta - exact).max()

    assert observed_order(error, [0.02, 0.01, 0.005, 0.0025, 0.00125]) == pytest.approx(1, abs=0.1)


def test_the_drift_of_the_balance_has_order_one():
    """B_j(theta_n) - B_j(theta_0) = O(eta) at n eta = 2: constant along the flow, eta^2 a step for 2 / eta steps."""

    def drift(eta):
        return np.abs(NET.balance(gradient_descent(L, START, eta, round(2 / eta)).theta) - NET.balance(START)).max()

    assert observed_order(drift, [0.02, 0.01, 0.005, 0.0025]) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("eta", "distance"), [(0.16, 1.477e-2), (0.08, 6.62e-3)])
def test_descent_stays_near_the_flow_up_to_time_six(eta, distance):
    """sup_n |L(theta_n) - L(Theta_{n eta})| for f = |x - 1/2|, H = 2: known to three digits."""
    assert L(START) == pytest.approx(0.1136933, abs=5e-8)
    run, theta, gaps = gradient_descent(L, START, eta, round(6 / eta)), START, []
    for risk in run.risks[1:]:
        theta = gradient_flow(L, theta, eta, method="DOP853").theta
        gaps.append(abs(risk - L(theta)))
    assert max(gaps) == pytest.approx(distance, rel=1e-3)


@cache
def levels():
    return best_of(L1, NEURON.random(np.random.default_rng(1), 192), 0.1, 2000)


@pytest.mark.parametrize(("level", "share"), [(4 / 45, 0.495), (1 / 180, 0.404), (4 / 3645, 0.101)])
def test_one_neuron_ends_on_one_of_three_levels(level, share):
    """f = x^2, normal starts: the shares of 20 000 runs, within 4 standard deviations of a difference of two samples."""
    hits = np.abs(levels().risks - level) < 1e-4 * level
    deviation = np.sqrt(share * (1 - share) * (1 / 192 + 1 / 20_000))
    assert hits.mean() == pytest.approx(share, abs=4 * deviation)


def test_one_neuron_has_no_fourth_level():
    """After 2000 steps every run is within 10 % of 4/45, 1/180 or 4/3645; the best is the global minimum."""
    known = np.array([4 / 45, 1 / 180, 4 / 3645])
    assert (np.abs(levels().risks[:, None] / known - 1).min(axis=1) < 0.1).all()
    assert levels().risk == pytest.approx(4 / 3645, rel=1e-9)


# ---------------------------------------------------------------- shapes, batches, options
@given(st.sampled_from([(), (1,), (5,), (2, 3)]), st.integers(1, 7), st.integers(1, 8))
@settings(deadline=None)
def test_the_shapes_are_those_of_the_start(batch, steps, record):
    """thetas (steps // record + 1, ..., size), risks without the last axis; theta is the last iterate, recorded or not."""
    theta0 = STARTS[: int(np.prod(batch))].reshape(*batch, NET.size)
    run, whole = gradient_descent(L, theta0, 0.1, steps, record=record), gradient_descent(L, theta0, 0.1, steps)
    assert run.thetas.shape == (steps // record + 1, *batch, NET.size)
    assert run.risks.shape == run.thetas.shape[:-1]
    assert (run.thetas == whole.thetas[::record]).all()
    assert (run.theta == whole.thetas[-1]).all()
    assert (run.risk == whole.risks[-1]).all()
    assert run.diverged.shape == batch


@pytest.mark.parametrize("rate", [0.1, 30.0])
def test_a_member_of_a_batch_runs_as_if_it_were_alone(rate):
    """Bit by bit for every member, also where members diverge at different steps (rate 30)."""
    batch = gradient_descent(L, STARTS[:3], rate, 120)
    assert batch.diverged.all() == (rate == 30.0)
    for k in range(3):
        alone = gradient_descent(L, STARTS[k], rate, 120)
        assert (batch.thetas[: len(alone.thetas), k] == alone.thetas).all()
        assert (batch.theta[k] == alone.theta).all()
        assert (batch.risk[k], batch.diverged[k]) == (alone.risk, alone.diverged)


def test_every_iterate_is_the_last_one_minus_rate_times_gradient():
    """theta_{n+1} = theta_n - 0.1 G(theta_n) and risks_n = L(theta_n), bit by bit."""
    run = gradient_descent(L, START, 0.1, 5)
    for n in range(5):
        assert (run.thetas[n + 1] == run.thetas[n] - 0.1 * L.gradient(run.thetas[n])).all()
        assert run.risks[n] == L.value_and_gradient(run.thetas[n])[0]


def test_frozen_parameters_stay_where_they_are():
    """Indices 0, 3, 6 do not move a bit, the others do."""
    run = gradient_descent(L, START, 0.1, 20, frozen=[0, 3, 6])
    assert (run.thetas[:, [0, 3, 6]] == START[[0, 3, 6]]).all()
    assert (run.theta[[1, 2, 4, 5]] != START[[1, 2, 4, 5]]).all()


# ---------------------------------------------------------------- runs that stop early
def test_a_diverging_run_keeps_its_finite_part():
    """Rate 100: the iterates explode; the record ends before the first non-finite one and says so, without a warning."""
    run = gradient_descent(L, START, 100.0, 1000)
    assert (run.status, bool(run.diverged)) == ("diverged", True)
    assert 1 < len(run.risks) < 1000
    assert np.isfinite(run.thetas).all()
    assert np.isfinite(run.risks).all()
    assert run.risk == run.risks[-1] > 1e6
    assert (run.thetas[1] == gradient_descent(L, START, 100.0, 1).theta).all()


def test_a_diverged_member_stays_at_its_last_finite_point():
    """Rate 100: 1 - c_n = (-199)^n until L_n = 199^{2n} overflows, n = 67; the member at the minimum goes on."""
    run = gradient_descent(BIAS, [FIT, OFF], 100.0, 80)
    last = int(np.log(np.finfo(float).max) / (2 * np.log(199)))
    assert (run.status, run.diverged.tolist()) == ("diverged", [False, True])
    assert (run.thetas[:, 0] == FIT).all()
    assert (run.thetas[last:, 1] == run.theta[1]).all()
    assert run.thetas[last - 1, 1, 3] != run.theta[1, 3]
    np.testing.assert_allclose(run.risk[1], 199.0 ** (2 * last), rtol=1e-12)


@pytest.mark.parametrize("at", [4, 10])
def test_an_interrupted_descent_keeps_its_iterates(at):
    """KeyboardInterrupt in the n-th evaluation (two belong to the start): no exception, the beginning of the whole run."""
    whole, run = gradient_descent(L, START, 0.1, 50), gradient_descent(Interrupting(L, at), START, 0.1, 50)
    assert run.status == "interrupted"
    assert (run.thetas == whole.thetas[: at - 2]).all()
    assert (run.theta == run.thetas[-1]).all()


# ---------------------------------------------------------------- minibatches
RISE = PiecewisePolynomial([0, 0.5, 1], [[0], [1, 4]])                          # a density of mass 1, nothing on [0, 1/2]
WEIGHED = ExactRisk(NET, CORNER, RISE)
DATA = EmpiricalRisk(NET, [0.0, 0.3, 0.8, 1.0], [1.0, -1.0, 0.5, 2.0], weights=[0.5, 0.0, 1.0, 0.1])
SMOOTH = QuadratureRisk(NET, CORNER, activation=tanh)


def sgd(L=L, theta0=START, rate=0.05, steps=30, batch=3, seed=0, **options):
    return stochastic_gradient_descent(L, theta0, rate, steps, batch=batch, rng=np.random.default_rng(seed), **options)


@pytest.mark.parametrize("risk", [L, WEIGHED, DATA, SMOOTH], ids=["exact", "density", "data", "tanh"])
def test_minibatches_estimate_risk_and_gradient_without_bias(risk):
    """The mean of R and grad R over 4000 minibatches of 2 is L and G, within 4 standard deviations; none leaves the support."""
    batches = minibatches(risk, 2, np.random.default_rng(3))
    pairs = [next(batches).value_and_gradient(START) for _ in range(4000)]
    seen = np.array([[R, *G] for R, G in pairs])
    exact = np.array([risk(START), *risk.gradient(START)])
    assert (np.abs(seen.mean(axis=0) - exact) <= 4 * seen.std(axis=0) / np.sqrt(4000) + 1e-12).all()
    assert (seen.std(axis=0) > 0).any()


def test_minibatches_keep_to_density_and_weights():
    """No point where p = 0, no data point of weight 0; every weight is mass / batch."""
    on_density = [next(batch) for batch in [minibatches(WEIGHED, 5, np.random.default_rng(1))] for _ in range(50)]
    assert min(R.x.min() for R in on_density) >= 0.5
    on_data = [next(batch) for batch in [minibatches(DATA, 5, np.random.default_rng(1))] for _ in range(50)]
    assert {float(x) for R in on_data for x in R.x.ravel()} == {0.0, 0.8, 1.0}
    assert all((R.weights == 1.6 / 5).all() for R in on_data)


def test_every_step_subtracts_rate_times_the_gradient_of_its_minibatch():
    """theta_{n+1} = theta_n - eta_n grad R_n(theta_n) and risks_n = L(theta_n), bit by bit, for rates that change."""
    rates = [0.1, 0.02, 0.3, 0.05]
    run, batches = sgd(rate=rates, steps=4), minibatches(L, 3, np.random.default_rng(0))
    for n, rate in enumerate(rates):
        assert (run.thetas[n + 1] == run.thetas[n] - rate * next(batches).gradient(run.thetas[n])).all()
    assert (run.risks == [L(theta) for theta in run.thetas]).all()
    assert run.risk == run.risks[-1]


def test_a_data_set_of_one_point_leaves_nothing_to_chance():
    """Then every minibatch is the data set: the iterates of gradient descent, up to rounding of the mean over the batch."""
    one = EmpiricalRisk(NET, [0.3], [1.0])
    run, whole = sgd(one, steps=50), gradient_descent(one, START, 0.05, 50)
    np.testing.assert_allclose(run.thetas, whole.thetas, rtol=0, atol=50 * 32 * EPS)


def test_the_learning_rate_is_a_number_a_list_or_a_function():
    """0.05, [0.05] * 30 and n -> 0.05 give the same bits."""
    for rate in ([0.05] * 30, lambda n: 0.05):
        assert (sgd(rate=rate).thetas == sgd().thetas).all()
    assert (sgd(rate=lambda n: 0.05 / (1 + n)).thetas[1] == sgd().thetas[1]).all()


def test_a_seed_gives_the_same_run_and_a_longer_run_begins_like_a_shorter_one():
    """Across the blocks of 256 minibatches that are drawn at once; another seed gives another run."""
    long = sgd(steps=600, record=100)
    assert (sgd(steps=600, record=100).thetas == long.thetas).all()
    assert (sgd(steps=300, record=100).thetas == long.thetas[:4]).all()
    assert (sgd(steps=300, seed=1).theta != sgd(steps=300).theta).all()


def test_members_of_a_batch_see_the_same_minibatches():
    """Bit by bit the runs from every start alone; frozen parameters stay."""
    batch = sgd(theta0=STARTS[:3], frozen=[6])
    for k in range(3):
        assert (batch.thetas[:, k] == sgd(theta0=STARTS[k], frozen=[6]).thetas).all()
    assert (batch.theta[:, 6] == STARTS[:3, 6]).all()


def test_a_diverging_stochastic_run_keeps_its_finite_part():
    """Rate 100: the iterates explode, the record is finite and says so."""
    run = sgd(rate=100.0, steps=1000)
    assert (run.status, bool(run.diverged)) == ("diverged", True)
    assert 1 < len(run.risks) < 1000
    assert np.isfinite(run.thetas).all()


def test_an_interrupted_stochastic_run_keeps_its_iterates():
    """KeyboardInterrupt while a learning rate is waited for, or in a minibatch: the beginning of the whole run."""

    class Clock(ExactRisk):
        calls = 0

        def __call__(self, theta):
            self.calls += 1
            if self.calls == 8:
                raise KeyboardInterrupt
            return super().__call__(theta)

    run = sgd(Clock(NET, CORNER))
    assert run.status == "interrupted"
    assert (run.thetas == sgd().thetas[: len(run.thetas)]).all()
    assert 1 < len(run.thetas) < 31


def test_a_stochastic_run_shows_progress_only_on_request(capsys):
    """On stderr with progress=True, nothing without."""
    sgd(steps=3)
    assert capsys.readouterr() == ("", "")
    sgd(steps=3, progress=True)
    assert "steps: 100%" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"rate": [0.1, 0.2]}, ValueError, r"learning_rate must be one number, 30 numbers or a function .* got shape \(2,\)"),
        ({"rate": [0.1] * 29 + [0.0]}, ValueError, "learning_rate must be positive and finite, got 0.0. Try"),
        ({"rate": lambda n: 1 - n}, ValueError, "learning_rate must be positive and finite, got 0.0"),
        ({"batch": 0}, ValueError, "batch must be an integer >= 1, got 0. One point a step"),
        ({"batch": 2.5}, ValueError, "batch must be an integer >= 1, got 2.5"),
        ({"steps": 0}, ValueError, "steps must be an integer >= 1, got 0. The start"),
        ({"theta0": [1, 2]}, ValueError, r"shape \(\.\.\., 7\) .* got \(2,\)"),
    ],
)
def test_bad_input_of_stochastic_descent_is_named_with_its_remedy(change, error, message):
    """Required, received, remedy."""
    with pytest.raises(error, match=message):
        sgd(**change)


def test_what_cannot_be_sampled_is_named_with_its_remedy():
    """A seed in place of a Generator; a box; a density that is a plain function."""
    with pytest.raises(TypeError, match=r"rng must be a numpy Generator, got 0. Use np.random.default_rng\(seed\)"):
        minibatches(L, 1, 0)
    box = ExactRisk(ReLUNetwork(2, 2, 1), CellPolynomial.on_box([0, 0], [1, 1], {(0, 0): 1.0}))
    plain = QuadratureRisk(NET, CORNER, np.exp)
    for risk, kind in ((box, "CellPolynomial"), (plain, "ufunc")):
        with pytest.raises(TypeError, match=f"minibatches samples .* with density {kind}. Draw points yourself"):
            minibatches(risk, 1, np.random.default_rng(0))


# ---------------------------------------------------------------- the best of many
@cache
def serial():
    return best_of(L, STARTS, 0.1, 30)


@pytest.mark.parametrize("K", [1, 64, 65, 150])
def test_the_best_is_the_least_of_all_ends(K):
    """risks_k and thetas_k are the ends of K single runs, bit by bit; risk = min_k risks_k, at the first such index."""
    best = best_of(L, STARTS[:K], 0.1, 30)
    ends = [gradient_descent(L, start, 0.1, 30) for start in STARTS[:K]]
    assert (best.risks == [end.risk for end in ends]).all()
    assert (best.thetas == [end.theta for end in ends]).all()
    assert (best.risk, best.status) == (min(best.risks), "finished")
    assert (best.theta == best.thetas[best.index]).all()


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, partial(ProcessPoolExecutor, mp_context=get_context("spawn"))])
def test_every_executor_returns_the_same_bits(pool):
    """Threads and spawned processes against the serial run."""
    with pool(2) as executor:
        best = best_of(L, STARTS, 0.1, 30, executor=executor)
    assert (best.risks == serial().risks).all()
    assert (best.thetas == serial().thetas).all()
    assert (best.index, best.risk) == (serial().index, serial().risk)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6))
def test_permuting_the_starts_permutes_the_ends(seed):
    """No start sees its neighbours: equal bits in any order, across chunks."""
    order = np.random.default_rng(seed).permutation(len(STARTS))
    best = best_of(L, STARTS[order], 0.1, 30)
    assert (best.thetas == serial().thetas[order]).all()
    assert best.risk == serial().risk


def test_a_diverged_start_is_never_the_best():
    """It keeps its last finite risk and is named; if all diverge, the status says so."""
    best = best_of(BIAS, [OFF, FIT], 100.0, 80)
    assert (best.index, best.risk, best.status) == (1, 0.0, "finished")
    assert best.diverged.tolist() == [True, False]
    assert best_of(BIAS, [OFF, OFF], 100.0, 80).status == "diverged"


def test_a_small_last_risk_does_not_make_a_diverged_start_the_best():
    """Step target, rate 1e200: the ramp has a smaller risk than the constant 1/2 (G = 0), but leaves at its first step."""
    step = ExactRisk(NEURON, PiecewisePolynomial([0, 0.5, 1], [[0], [1]]))
    best = best_of(step, [[2, -0.5, 1, 0], [0, 0, 1, 0.5]], 1e200, 3)
    assert best.risks[0] < best.risks[1] == 0.25
    assert (best.index, best.risk) == (1, 0.25)


def test_an_interrupt_keeps_the_finished_chunks():
    """In the second chunk of 64: the first is kept. With none finished the interrupt goes on to the caller."""
    best = best_of(Interrupting(L, 40), STARTS, 0.1, 30)
    assert (best.status, len(best.risks)) == ("interrupted", 64)
    assert (best.thetas == serial().thetas[:64]).all()
    with pytest.raises(KeyboardInterrupt):
        best_of(Interrupting(L, 20), STARTS, 0.1, 30)


def test_an_interrupt_while_waiting_keeps_what_has_arrived():
    """Whatever the executor: its map raises KeyboardInterrupt after the first chunk."""

    class Executor:
        def map(self, function, chunks):
            yield function(chunks[0])
            raise KeyboardInterrupt

    best = best_of(L, STARTS, 0.1, 30, executor=Executor())
    assert (best.status, len(best.risks)) == ("interrupted", 64)


# ---------------------------------------------------------------- the objects, and what is refused
def test_the_records_are_read_only_and_pickle():
    """Descent and Best; the start is not changed."""
    start = START.copy()
    run, best = gradient_descent(L, start, 0.1, 3), serial()
    for record, name in ((run, "thetas"), (run, "theta"), (best, "thetas"), (best, "risks")):
        assert (getattr(pickle.loads(pickle.dumps(record)), name) == getattr(record, name)).all()
        with pytest.raises(ValueError, match="read-only"):
            getattr(record, name)[0] = 0
    assert (start == START).all()


def test_progress_bars_are_shown_only_on_request(capsys):
    """Steps and chunks on stderr with progress=True, nothing without."""
    gradient_descent(L, START, 0.1, 3)
    best_of(L, STARTS, 0.1, 3)
    assert capsys.readouterr() == ("", "")
    gradient_descent(L, START, 0.1, 3, progress=True)
    best_of(L, STARTS, 0.1, 3, progress=True)
    shown = capsys.readouterr().err
    assert "steps: 100%" in shown
    assert "chunks: 100%" in shown


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 0}, "learning_rate must be positive and finite, got 0. Try 0.1"),
        ({"learning_rate": -0.1}, "learning_rate must be positive and finite, got -0.1"),
        ({"learning_rate": np.nan}, "learning_rate must be positive and finite, got nan"),
        ({"steps": 0}, "steps must be an integer >= 1, got 0. The start"),
        ({"steps": 2.5}, "steps must be an integer >= 1, got 2.5"),
        ({"record": 0}, "record must be an integer >= 1, got 0"),
        ({"frozen": [7]}, r"frozen must hold parameter indices 0..6 of .*, got \[7\]. For a mask"),
        ({"theta0": [1, 2]}, r"shape \(\.\.\., 7\) .* got \(2,\)"),
        ({"theta0": [[0] * 7, [0] * 6 + [np.inf]]}, r"theta\[1, 6\] = inf"),
        ({"theta0": [[0] * 7, [1e200] * 7]}, r"finite risk, got L\(theta0\) = .* Start with smaller"),
    ],
)
def test_bad_input_of_descent_is_named_with_its_remedy(change, message):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=message):
        gradient_descent(L, **({"theta0": START, "learning_rate": 0.1, "steps": 3} | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"starts": START}, r"starts must have shape \(K, 7\) with K >= 1, got \(7,\). network.random\(rng, K\)"),
        ({"starts": np.empty((0, 7))}, r"starts must have shape \(K, 7\) with K >= 1, got \(0, 7\)"),
        ({"starts": np.zeros((2, 3, 7))}, r"starts must have shape .* got \(2, 3, 7\)"),
        ({"starts": np.zeros((2, 5))}, r"shape \(\.\.\., 7\) .* got \(2, 5\)"),
        ({"learning_rate": np.inf}, "learning_rate must be positive and finite, got inf"),
        ({"steps": -1}, "steps must be an integer >= 1, got -1"),
    ],
)
def test_bad_input_of_best_of_is_named_with_its_remedy(change, message):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=message):
        best_of(L, **({"starts": STARTS, "learning_rate": 0.1, "steps": 3} | change))
