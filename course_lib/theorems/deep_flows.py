"""Cards of lecture 11: flows of deep networks.

Layer      theorems; imports cards and predicates
"""

from __future__ import annotations

from course_lib.theorems.cards import TheoremCard

CARDS: tuple[TheoremCard, ...] = ()
