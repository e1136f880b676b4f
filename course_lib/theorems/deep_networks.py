"""Cards of lecture 10: deep networks, exactly.

Layer      theorems; imports cards and predicates
"""

from __future__ import annotations

from course_lib.theorems.cards import TheoremCard

CARDS: tuple[TheoremCard, ...] = ()
