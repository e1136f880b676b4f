"""Cards of lecture 07: the KL inequality and rates.

Layer      theorems; imports cards and predicates
"""

from __future__ import annotations

from course_lib.theorems.cards import TheoremCard

CARDS: tuple[TheoremCard, ...] = ()
