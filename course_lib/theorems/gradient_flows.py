"""Cards of lecture 04: existence, uniqueness and identities of gradient flows.

Layer      theorems; imports cards and predicates
"""

from __future__ import annotations

from course_lib.theorems.cards import TheoremCard

CARDS: tuple[TheoremCard, ...] = ()
