"""What a catalogue of wrong answers is: one file NN.py a lecture, read by test_questions.py and by the instructor guide."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Answer:
    """An answer that is not right: the function, the outcome it must get, words of its message, what it reveals."""

    function: Callable
    says: str
    reveals: str
    outcome: Literal["wrong", "not sharp", "cannot be judged"] = "wrong"
