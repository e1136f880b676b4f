"""Cards of lecture 13: when flows diverge.

Layer      theorems; imports cards and predicates
"""

from __future__ import annotations

from course_lib.theorems.cards import TheoremCard

CARDS: tuple[TheoremCard, ...] = ()
