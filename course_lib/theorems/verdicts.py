"""Which theorems speak about a learner's own problem: every hypothesis tried on (network, f, p).

    holds = True if all hypotheses do, False if one fails, None if none fails but some cannot be decided

Contents   Verdict, Verdicts -> verdicts
Layer      theorems; imports networks, piecewise, cell_polynomials and cards
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.cell_polynomials import CellPolynomial
from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.theorems.cards import Hypothesis, TheoremCard


@dataclass(frozen=True)
class Verdict:
    """What the hypotheses of one card say about a problem.

    failed, undecided   the hypotheses that are violated, and those that the problem alone does not decide: a trajectory that
                        is not known before a run, or a hypothesis about something else than network, target and density
    """

    card: TheoremCard
    holds: bool | None
    failed: tuple[Hypothesis, ...]
    undecided: tuple[Hypothesis, ...]

    def __str__(self) -> str:
        return _sentence(self, quote="'{}'")

    def __repr__(self) -> str:
        return f"{self.card.slug}: {self}"

    def _repr_markdown_(self) -> str:
        return f"`{self.card.slug}`: {_sentence(self, quote='*{}*')}"


class Verdicts(tuple):
    """A tuple of verdicts that is shown line by line."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(repr(verdict) for verdict in self)

    def _repr_markdown_(self) -> str:
        return "\n".join(f"- {verdict._repr_markdown_()}" for verdict in self)


def verdicts(cards: Iterable[TheoremCard], network: ReLUNetwork, target: Callable, density: Callable | None = None) -> Verdicts:
    """A Verdict for each card, in their order. Raises TypeError or ValueError where this is no problem at all."""
    if not isinstance(network, ReLUNetwork):
        raise TypeError(f"network must be a ReLUNetwork, got {type(network).__name__}. Example: ReLUNetwork(1, 8, 1).")
    for name, function in (("target", target), ("density", density)):
        if not callable(function) and not (name == "density" and function is None):
            raise TypeError(
                f"{name} must be a function, got {type(function).__name__}. For a number on [a, b]: "
                "PiecewisePolynomial.constant(number, a, b)."
            )
    _check_domains(network, [g for g in (target, density) if isinstance(g, PiecewisePolynomial | CellPolynomial)])
    return Verdicts(_verdict(card, network, target, density) for card in cards)


def _check_domains(network: ReLUNetwork, functions: list) -> None:
    """Raise ValueError unless the functions have one domain, with as many coordinates as the network has inputs."""
    boxes = [np.atleast_2d(np.transpose(g.domain)).tolist() for g in functions]        # [[a, b]], or one [a, b] a coordinate
    if len(boxes) == 2 and boxes[0] != boxes[1]:
        raise ValueError(f"target and density must have one domain, got {boxes[0]} and {boxes[1]}. Give both on one box.")
    if boxes and len(boxes[0]) != network.widths[0]:
        raise ValueError(
            f"{network!r} needs functions of {network.widths[0]} coordinates, got {len(boxes[0])}. "
            "The first width is the number of inputs."
        )


def _verdict(card: TheoremCard, network: ReLUNetwork, f: Any, p: Any) -> Verdict:
    answers = [_answer(card, h, network, f, p) for h in card.hypotheses]
    failed = tuple(h for h, answer in zip(card.hypotheses, answers, strict=True) if answer is False)
    undecided = tuple(h for h, answer in zip(card.hypotheses, answers, strict=True) if answer is None)
    return Verdict(card, False if failed else None if undecided else True, failed, undecided)


def _answer(card: TheoremCard, h: Hypothesis, network: ReLUNetwork, f: Any, p: Any) -> bool | None:
    """What the predicate says, NumPy's truth values included; TypeError for anything else: it would count as true."""
    answer = h.predicate(network, f, p) if h.predicate else None
    if answer is not None and not isinstance(answer, bool | np.bool_):
        raise TypeError(f"the predicate of {h.name!r} on card {card.slug!r} must give True, False or None, got {answer!r}.")
    return None if answer is None else bool(answer)


def _sentence(verdict: Verdict, quote: str) -> str:
    """"applies.", "does not apply: ..." or "applies if ..."."""
    if verdict.holds:
        return "applies: every hypothesis holds."
    if verdict.failed:
        return "does not apply, because this fails: " + "; ".join(f"{quote.format(h.name)} ({h.text})" for h in verdict.failed) + "."
    names = " and ".join(quote.format(h.name) for h in verdict.undecided)
    return f"applies if {names} can be granted, which network, target and density do not decide."
