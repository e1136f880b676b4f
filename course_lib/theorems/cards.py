"""What a theorem card is: statement, hypotheses, conclusion, source, status.

    verdict of a hypothesis on a problem (network, f, p):  True | False | None (cannot be decided before a run)

Contents   Hypothesis -> TheoremCard
Layer      theorems; imports networks and piecewise for the types of predicates only
Status     quoted             agrees with the abstract-level text of the source
           quoted in essence  hypotheses and shape as we know them; we do not vouch for constants and wording
           proved here        proof in the lecture      sketched here   proof idea in the lecture
           computed           exact computation, no proof      observed   seen in experiments
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Status = Literal["quoted", "quoted in essence", "proved here", "sketched here", "computed", "observed"]
STATUSES = Status.__args__


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis: a short name (tests that drop it quote it), its text, and a predicate (network, f, p) if there is one."""

    name: str
    text: str
    predicate: Callable[..., bool | None] | None = None


@dataclass(frozen=True)
class TheoremCard:
    """A result of the course; `lecture` is the notebook that explains it, without extension.

    unbroken   why no test drops a hypothesis, where none can (else None)
    """

    slug: str
    title: str
    hypotheses: tuple[Hypothesis, ...]
    conclusion: str
    source: str
    status: Status
    lecture: str
    unbroken: str | None = None

    def __post_init__(self):
        if self.status not in STATUSES:
            raise ValueError(f"status of card {self.slug!r} must be one of {STATUSES}, got {self.status!r}.")
        if not self.hypotheses or len({h.name for h in self.hypotheses}) != len(self.hypotheses):
            raise ValueError(f"card {self.slug!r} needs hypotheses with different names, got {self.hypotheses}.")

    def markdown(self) -> str:
        """The card as a quoted block of Markdown."""
        hypotheses = "\n".join(f"> - *{h.name}*: {h.text}" for h in self.hypotheses)
        return (
            f"> **{self.title}** ({self.status})\n>\n> Suppose\n>\n{hypotheses}\n>\n"
            f"> Then {self.conclusion}\n>\n> *Source:* {self.source}. *Card:* `{self.slug}`"
        )

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __repr__(self) -> str:
        return f"TheoremCard({self.slug!r}, {self.status}, lecture {self.lecture})"
