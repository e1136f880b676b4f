"""How an exercise answers back: every answer is a function, every check ends in one of five outcomes.

    not attempted | wrong | right | not sharp (right, but the constant can be better) | cannot be judged (type or shape)

Contents   Result -> run (the learner's code, guarded) -> Compare (functions), Judge (single answers) -> Question
Layer      questions; imports workspace only
Rules      shape before value, no broadcasting; arguments are copied; degenerate instances first; nothing of the learner's
           code ends in a traceback from ours; a single answer is told what it violates, never the value
"""

from __future__ import annotations

import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from inspect import signature
from typing import Literal

import numpy as np

from course_lib import workspace

Outcome = Literal["not attempted", "wrong", "right", "not sharp", "cannot be judged"]
SECONDS = 10.0


@dataclass(frozen=True)
class Result:
    """What a check found: one of the five outcomes, and the sentence for the learner."""

    outcome: Outcome
    message: str


class _Stop(Exception):
    """Carries a Result out of the guarded run of a learner's function."""

    def __init__(self, outcome: Outcome, message: str):
        self.result = Result(outcome, message)


class _TooLong(BaseException):
    """Raised by the alarm; a BaseException, so that a bare `except Exception` in the answer does not swallow it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the body after so many seconds, where the platform has `signal.setitimer` (not Windows) and in the main
    thread; elsewhere there is no limit."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_):
        raise _TooLong

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def run(answer: Callable, arguments: Sequence = (), seconds: float = SECONDS):
    """answer(*copies of arguments), or _Stop with a sentence: not attempted, raised, too long."""
    if not callable(answer):
        raise _Stop("cannot be judged", f"your function itself is needed, got {answer!r}. Pass its name without brackets.")
    given = f" for {describe(answer, arguments)}" if len(arguments) else ""
    try:
        with time_limit(seconds), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return answer(*deepcopy(tuple(arguments)))
    except _TooLong:
        raise _Stop("wrong", f"your code was still running after {seconds:g} seconds{given}. Does a loop ever end?") from None
    except NotImplementedError as error:
        if _raised_by(answer, error):
            raise _Stop("not attempted", "not attempted yet. Replace `raise NotImplementedError` by your answer.") from None
        raise _Stop("wrong", f"your code raised NotImplementedError{given}: {error}.") from None
    except Exception as error:
        line = _line(answer, error)
        raise _Stop("wrong", f"your code raised {type(error).__name__}{line}{given}: {error}.") from None


def _raised_by(answer: Callable, error: BaseException) -> bool:
    """True if the innermost frame belongs to the module or notebook that defined the answer."""
    frame = error.__traceback__
    while frame.tb_next:
        frame = frame.tb_next
    return frame.tb_frame.f_globals is getattr(answer, "__globals__", None)


def _line(answer: Callable, error: BaseException) -> str:
    """' in line n of your function', where the traceback passes through it."""
    code, frame, line = getattr(answer, "__code__", None), error.__traceback__, ""
    while frame:
        if frame.tb_frame.f_code is code:
            line = f" in line {frame.tb_lineno - code.co_firstlineno + 1} of your function"
        frame = frame.tb_next
    return line


def describe(function: Callable, arguments: Sequence) -> str:
    """'w = [1., 2.], b = 0.5': the arguments by the function's own names."""
    try:
        names = list(signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    names += [f"argument {i + 1}" for i in range(len(names), len(arguments))]
    return ", ".join(f"{name} = {show(value, digits=12)}" for name, value in zip(names, arguments, strict=False))


def show(value, digits: int = 6) -> str:
    """A value in at most a line, numbers with so many digits."""
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=digits, threshold=24, separator=", ", max_line_width=200).replace("\n", "")
    if isinstance(value, float | np.floating):
        return f"{value:.{digits}g}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(show(v, digits) for v in value) + ")"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def numbers(value, shape: tuple[int, ...], given: str = "") -> np.ndarray:
    """value as a finite float array of exactly this shape, or _Stop: wrong type and shape cannot be judged, NaN is wrong."""
    wanted = f"{'one number' if shape == () else f'numbers of shape {shape}'}{given}"
    if value is None:
        raise _Stop("cannot be judged", f"your function returned None instead of {wanted}. Is the `return` missing?")
    try:
        array = np.asarray(value)
        array = array.astype(float) if array.dtype.kind in "biuf" or array.dtype == object else None
    except (TypeError, ValueError):
        array = None
    if array is None:
        raise _Stop("cannot be judged", f"your function returned {show(value)} instead of {wanted}.")
    if array.shape != shape:
        raise _Stop("cannot be judged", f"your function returned shape {array.shape} instead of {wanted}.")
    if not np.isfinite(array).all():
        raise _Stop("wrong", f"your answer contains {array[~np.isfinite(array)].flat[0]}{given}: {show(array)}.")
    return array


@dataclass(frozen=True)
class Compare:
    """Judge a function by a slow obvious one on instances, degenerate ones first.

    spec            the definition, (*arguments) -> number or array
    instances       argument tuples; the first failing one is shown
    misconceptions  (function, what it reveals): if the learner's values are this function's, that is said
    rtol, atol      tolerance, relative and absolute
    remark          said with "right"
    reveal          whether the right value of the failing instance is shown; False where it is most of the answer, then only
                    the places of the wrong entries are named
    """

    spec: Callable
    instances: Sequence[tuple]
    misconceptions: Sequence[tuple[Callable, str]] = ()
    rtol: float = 1e-9
    atol: float = 1e-12
    remark: str = ""
    reveal: bool = True

    def __call__(self, answer: Callable) -> Result:
        if not len(self.instances):
            raise ValueError("Compare needs at least one instance, got none: nothing would be checked.")
        expected = [np.asarray(self.spec(*deepcopy(tuple(case))), dtype=float) for case in self.instances]
        for case, wanted in zip(self.instances, expected, strict=True):
            got = numbers(run(answer, case), wanted.shape, f" for {describe(self.spec, case)}")
            if not self._close(got, wanted):
                said = f"for {describe(self.spec, case)}:\n  yours    {show(got[()])}\n  {self._right(got, wanted)}"
                return Result("wrong", said + self._nearly(got, wanted) + self._misconception(answer, expected))
        return Result("right", f"right on {len(expected)} instances. {self.remark}".rstrip())

    def _close(self, got, wanted) -> bool:
        return bool(np.allclose(got, wanted, rtol=self.rtol, atol=self.atol))

    def _right(self, got, wanted) -> str:
        """The right value, or where the given one is not right."""
        if self.reveal:
            return f"expected {show(wanted[()])}"
        wrong = ~np.isclose(got, wanted, rtol=self.rtol, atol=self.atol).ravel()
        return "not right" + (f": entry {', '.join(map(str, np.flatnonzero(wrong) + 1))}" if wanted.shape else "")

    def _nearly(self, got, wanted) -> str:
        """The relative error, where it is too small to be seen in the printed digits."""
        error = np.abs(got - wanted).max() / (np.abs(wanted).max() or 1.0)
        return f"\nClose, but the relative error {error:.1e} exceeds {self.rtol:.0e}." if error < 1e-3 else ""

    def _misconception(self, answer, expected) -> str:
        """What the wrong values reveal, if they are those of a known misconception on every instance."""
        got = []
        for case, wanted in zip(self.instances, expected, strict=True):
            try:
                got.append(numbers(run(answer, case), wanted.shape))
            except _Stop:
                return ""
        for known, meaning in self.misconceptions:
            if all(self._close(g, known(*deepcopy(tuple(c)))) for g, c in zip(got, self.instances, strict=True)):
                return f"\n{meaning}"
        return ""


@dataclass(frozen=True)
class Judge:
    """Judge a single answer `def answer(): ...` by its properties.

    shape   of the numbers it must return, () for one number
    rule    (array of that shape) -> (outcome, message); messages name the violated property, never the value
    """

    shape: tuple[int, ...]
    rule: Callable[[np.ndarray], tuple[Outcome, str]]

    def __call__(self, answer: Callable) -> Result:
        return Result(*self.rule(numbers(run(answer), self.shape)))


@dataclass(frozen=True)
class Question:
    """An exercise as the notebook's check sees it.

    id, title   "2.1", a few words        notebook  the common name of lecture, exercises and solutions
    grade       Compare or Judge          hints     at least two, each going further than the one before
    """

    id: str
    title: str
    notebook: str
    grade: Callable[[Callable], Result] = field(repr=False)
    hints: tuple[str, ...] = field(repr=False)
    _tried: list = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self):
        if len(self.hints) < 2:
            raise ValueError(f"question {self.id} needs at least two hints, got {len(self.hints)}.")

    def judge(self, answer: Callable) -> Result:
        """The result for this answer; prints and records nothing."""
        try:
            return self.grade(answer)
        except _Stop as stop:
            return stop.result

    def check(self, answer: Callable) -> None:
        """Judge the answer, print what was found, and keep it for `course progress`."""
        result = self.judge(answer)
        if result.outcome != "not attempted":
            self._tried.append(result.outcome)
            workspace.record(self.id, result.outcome)
        labels = {"not attempted": "", "right": "", "not sharp": "right but not sharp: "}
        label = labels.get(result.outcome, f"{result.outcome}: ")
        print(f"{self.id} {label}{result.message}")

    def hint(self, number: int = 1) -> None:
        """Print hint 1, 2, ...; later hints say more."""
        if not 1 <= number <= len(self.hints):
            print(f"{self.id} has {len(self.hints)} hints; ask for hint(1) to hint({len(self.hints)}), not hint({number}).")
            return
        more = f"  (More: hint({number + 1}).)" if number < len(self.hints) else ""
        print(f"{self.id}, hint {number} of {len(self.hints)}: {self.hints[number - 1]}{more}")

    def solution(self) -> None:
        """Show the link to the solution, once an answer was tried."""
        from IPython.display import Markdown, display

        if not self._tried and not workspace.attempted(self.id):
            print(f"{self.id}: try an answer first, however rough; then the solution opens here. For help, ask hint().")
            return
        workspace.give_solution(self.notebook)
        display(Markdown(f"[Solution of exercise {self.id}](../solutions/{self.notebook}.ipynb#Exercise-{self.id})"))
