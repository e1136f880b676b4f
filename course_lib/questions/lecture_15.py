"""Questions of lecture 15, the capstone: verdicts, a prediction, a certified flow, a wrong line, a theorem card.

Contents   the specs and rules -> QUESTIONS
Layer      questions; imports the library and the framework
"""

from __future__ import annotations

from functools import cache

import numpy as np

from course_lib.flows import gradient_flow
from course_lib.landscapes import critical_point, fit_rate
from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.questions.framework import Judge, Question, Result, run, show
from course_lib.risks import ExactRisk
from course_lib.theorems import TheoremCard, applicable
from course_lib.theorems.verdicts import verdicts

NOTEBOOK = "15_capstone"
PAIR = ReLUNetwork(1, 2, 1)
THIN = PiecewisePolynomial.polynomial([0, 1], 0, 1)
LINE_LEVEL = 16 / 6561


def corner(q: float) -> PiecewisePolynomial:
    """|x - q| on [0, 1]."""
    return PiecewisePolynomial([0, q, 1], [[q, -1], [0, 1]])


# -------------------------------------------------------------------- 15.1 a problem between two theorems
TASKS = (
    ("shallow-flow-convergence", "lipschitz-global-minimum"),
    ("lipschitz-global-minimum", "affine-target-classification"),
    ("kl-inequality", "shallow-flow-convergence"),
    ("continuous-target-minimum", "lipschitz-global-minimum"),
)


def grade_problem(answer) -> Result:
    """problem(speaks, fails): no hypothesis of the first card fails, one of the second does."""
    for speaks, fails in TASKS:
        given, value = f'for ("{speaks}", "{fails}")', run(answer, (speaks, fails))
        if not isinstance(value, tuple | list) or len(value) != 3:
            return Result("cannot be judged", f"{given} a tuple (network, target, density) is needed, got {show(value)}.")
        try:
            said = {v.card.slug: v for v in applicable(*value)}
        except (TypeError, ValueError, AttributeError) as error:
            return Result("cannot be judged", f"{given} your three objects are no problem: {error}")
        if said[speaks].failed:
            return Result("wrong", f"{given} the first card does not speak about your problem; this fails: {_names(said[speaks])}.")
        if not said[fails].failed:
            kept = "every hypothesis holds" if said[fails].holds else f"only left open is {_names(said[fails])}"
            return Result("wrong", f"{given} nothing fails in the second card: {kept}. Undecided is not the same as violated.")
    return Result("right", f"right: {len(TASKS)} pairs of theorems told apart, each by a problem of yours.")


def _names(verdict) -> str:
    return " and ".join(f"'{h.name}'" for h in (verdict.failed or verdict.undecided))


# -------------------------------------------------------------------- 15.2 a prediction, judged by the run
NEURON = ReLUNetwork(1, 1, 1)
START = np.array([1, -1 / 2, 1, 0])


@cache
def measured(q: float) -> tuple[float, float, float]:
    """(level, 2 lambda, largest eigenvalue) at the end of the flow from START for |x - q|."""
    L = ExactRisk(NEURON, corner(q), THIN)
    end = gradient_flow(L, START, 1e4, rtol=1e-10, atol=1e-14)
    eigenvalues = np.linalg.eigvalsh(L.hessian(end.theta))
    return end.risk, 2 * float(eigenvalues[1]), float(eigenvalues[-1])


def judge_prediction(value):
    """(q, level, rate) against the flow for this q."""
    q, level, rate = (float(x) for x in value)
    if not 0.1 <= q <= 0.5 or abs(q - 1 / 3) < 0.02:
        return "wrong", f"q must lie in [0.1, 0.5] and differ from 1/3 by 0.02 at least, got {q:g}."
    reached, double, largest = measured(q)
    if abs(level / reached - 1) > 1e-6:
        near = "the level for the corner 1/3: yours is elsewhere" if abs(level / 4.531619e-4 - 1) < 1e-5 else "not where the flow ends"
        return "wrong", f"your level is {near}, off by {abs(level / reached - 1):.1e} relative."
    for wrong, said in (
        (double / 2, "your rate is that of the parameters; the risk is quadratic in their distance."),
        (-double, "the sign: the rate is meant in e^(-rate t)."),
        (2 * largest, "your rate belongs to the steepest direction; late in the run another one is left."),
        (double / 4, "half an eigenvalue is neither the rate of the parameters nor that of the risk."),
    ):
        if abs(rate / wrong - 1) < 1e-3:
            return "wrong", f"level right, but {said}"
    if abs(rate / double - 1) > 1e-3:
        return "wrong", "level right; your rate is not that of the run. Are the parameters those with the balance of the start?"
    return "right", "right: level and rate of your own problem, before the run."


# -------------------------------------------------------------------- 15.3 a flow that certifies its limit
def judge_start(theta):
    """The flow from theta to t = 2000 ends at the best line, certified, and its risk gap falls like e^(-0.3 t) or faster."""
    if np.abs(theta).max() > 3:
        return "wrong", f"the seven numbers must lie between -3 and 3, got {show(theta)}."
    L = ExactRisk(PAIR, corner(1 / 3), THIN)
    flow = gradient_flow(L, theta, 2000, rtol=1e-10, atol=1e-13)
    gap = flow.risk - LINE_LEVEL
    if abs(gap) > 1e-5:
        return "wrong", f"your flow ends at risk {flow.risk:.4e}, which is another level."
    if flow.certificate.energy_defect > 1e-8 or not flow.certificate.monotone:
        return "wrong", f"the certificate does not support this run: energy defect {flow.certificate.energy_defect:.1e}."
    found = critical_point(L, flow.theta)
    if found.verdict == "not critical":
        return "wrong", f"not arrived at t = 2000: |G| = {found.gradient_norm:.1e}. Which kink is still on its way out?"
    if found.nonsmooth or found.inertia is None or found.inertia[1] != found.symmetries:
        return "wrong", f"no Hessian that explains a rate at your limit: {' '.join(found.nonsmooth) or found.reason}"
    try:
        fit = fit_rate(flow.times, flow.risks, limit=LINE_LEVEL, scale="exponential", floor=1e-14)
    except ValueError:
        return "wrong", "your start lies on the limit already, or so near that no rate can be fitted."
    low, high = fit.interval
    if high - low > 0.1 * abs(fit.exponent):
        return "wrong", f"the rate is not resolved: its interval is {(high - low) / abs(fit.exponent):.0%} of it."
    if fit.exponent > -0.3:
        return "wrong", f"certified and resolved, but the rate is only {-fit.exponent:.3g}. Which balances make the Hessian steep?"
    return "right", f"right: the best line, certified, at the rate {-fit.exponent:.4g}; twice the eigenvalue is {2 * found.eigenvalues[found.inertia[1]]:.4g}."


# -------------------------------------------------------------------- 15.4 the wrong line of a write-up
FOLLOWS = {
    1: "line 1 is what was run and what is assumed, and it says so.",
    2: "line 2 follows: product and balance give the squares of the parameters, the faces the signs.",
    3: "line 3 follows from the card kink-hessian: both kinks are inside, target and density are continuous there.",
    4: "line 4 is a computation, and it is right: let `eigvalsh` confirm it.",
    6: "line 6 follows from the lines before it, true or not. Which of them does it lean on?",
    7: "line 7 quotes the card correctly; its hypotheses come from the lines before.",
}


def judge_line(value):
    """(number of the wrong line, C) with L = C d^3."""
    line, C = float(value[0]), float(value[1])
    if line not in range(1, 8):
        return "wrong", f"the lines are numbered 1 to 7, got {line:g}."
    if line != 5:
        return "wrong", FOLLOWS[int(line)]
    for known, said in (
        (2 / 3, "your constant forgets the density."),
        (1 / 9, "your integral stops at the corner; the network differs from f on both sides of it."),
        (14 / 9, "between the kinks the network is neither c nor the sum of the two neurons: add up all three."),
    ):
        if abs(C / known - 1) < 1e-3:
            return "wrong", f"the line is right, but {said}"
    if abs(9 * C / 2 - 1) > 1e-3:
        return "wrong", "the line is right; the constant is not. Draw the network between its two kinks: which function is it there?"
    return "right", "right: a zero eigenvalue that is no symmetry, and the flow has to pay for it."


# -------------------------------------------------------------------- 15.5 a theorem card
MUST_FAIL = (
    ("one neuron", (ReLUNetwork(1, 1, 1), corner(1 / 3), THIN)),
    ("two hidden layers", (ReLUNetwork(1, 2, 2, 1), corner(1 / 3), THIN)),
    ("the target x^2", (PAIR, PiecewisePolynomial.polynomial([0, 0, 1], 0, 1), THIN)),
)
MUST_STAY_OPEN = (
    ("|x - 1/3| with density x", (PAIR, corner(1 / 3), THIN)),
    ("|x - 1/2| with density 1", (PAIR, corner(1 / 2), None)),
)


def grade_card(answer) -> Result:
    """The form of a card on the flow of exercise 15.4: status, filing, conclusion, predicates."""
    made = run(answer, (NOTEBOOK,))
    if not isinstance(made, TheoremCard):
        return Result("cannot be judged", f"a TheoremCard is needed, got {show(made)}.")
    if made.status.startswith("quoted"):
        return Result("wrong", f'the status "{made.status}" says that a paper states this. Which paper?')
    if made.status == "computed":
        return Result("wrong", 'the status "computed" is for numbers at a finite time; your conclusion is a law for t to infinity.')
    if made.status not in ("observed", "sketched here"):
        return Result("wrong", f'the status "{made.status}" claims more than you have: a run with rounding, and at most the idea of a proof.')
    if made.lecture != NOTEBOOK:
        return Result("wrong", f"the field lecture must be the name that your function is given, got {made.lecture!r}.")
    if "$" not in made.conclusion or "t^{-3}" not in made.conclusion.replace(" ", ""):
        return Result("wrong", "the conclusion must contain the law in LaTeX, with t^{-3} between dollar signs.")
    return _predicates(made)


def _predicates(made: TheoremCard) -> Result:
    """The predicates of a card tried on problems that must fail and on problems that must stay open."""
    for name, problem in (*MUST_FAIL, *MUST_STAY_OPEN):
        for h in made.hypotheses:
            said = run(h.predicate, (*problem,)) if h.predicate else None
            if said is not None and type(said) is not bool:
                return Result("wrong", f"the predicate of '{h.name}' returned {show(said)}, a {type(said).__name__}, on {name}; True, False or None is needed.")
    for name, problem in MUST_FAIL:
        if not verdicts([made], *problem)[0].failed:
            return Result("wrong", f"no hypothesis of your card fails for {name}, and there the law is not true or has no sense.")
    for name, problem in MUST_STAY_OPEN:
        verdict = verdicts([made], *problem)[0]
        if verdict.failed:
            return Result("wrong", f"on {name} your card fails at {_names(verdict)}, although the law holds there too.")
        if verdict.holds:
            return Result("wrong", f"on {name} your card applies without a run. But the law is about a limit, and other starts have other limits.")
    return Result("right", f'right in form, status "{made.status}". Whether it is true and well put, a reader has to judge: see the rubric.')


QUESTIONS = (
    Question(
        "15.1",
        "a problem between two theorems",
        NOTEBOOK,
        grade_problem,
        (
            "Print both cards with `card(slug)`. Which hypothesis does the second have that the first has not? Violate that one only.",
            "A jump in the target; a target that is no line; a second hidden layer; a density that is continuous but zero on a whole piece.",
        ),
    ),
    Question(
        "15.2",
        "predict, then run",
        NOTEBOOK,
        Judge((3,), judge_prediction),
        (
            "Do the computation (15.2) with q in place of 1/3: how do k, c and the level scale with q? Then (15.5) with B = -1/4.",
            "k = q 2^(1/3) and the level scales like q^4. Put the predicted parameters into ExactRisk(...).hessian; of its four "
            "eigenvalues one is 0, by rescaling, and the next one sets the rate.",
        ),
    ),
    Question(
        "15.3",
        "a flow that certifies its limit",
        NOTEBOOK,
        Judge((7,), judge_start),
        (
            "For the best line both kinks should be outside [0, 1] from the start and stay there: both neurons active, or one dead. "
            "Then print the fitted rate and change the sizes.",
            "The rate is set by how well the features max(w x + b, 0) of the two neurons tell slope from height. Let one active neuron "
            "rise and the other fall, both with large w and b and small v.",
        ),
    ),
    Question(
        "15.4",
        "find the wrong line of a write-up",
        NOTEBOOK,
        Judge((2,), judge_line),
        (
            "Compare the number of zero eigenvalues with `critical_point(L, theta).symmetries`. For C: where do network and target differ?",
            "Which directions leave N = f alone? Count one for each neuron. Between 1/3 - d and 1/3 + d both neurons are active, and "
            "their slopes cancel: the network is constant there. The residual is a tent.",
        ),
    ),
    Question(
        "15.5",
        "a theorem card",
        NOTEBOOK,
        grade_card,
        (
            "Four hypotheses are natural: architecture, target, the limit, and how the flow approaches it. The first two are decidable.",
            "Predicates return True, False or None, and True must be Python's own: wrap comparisons of arrays in bool(...). A hypothesis "
            "on the limit has a predicate that returns None, or none at all.",
        ),
    ),
)  # fmt: skip
