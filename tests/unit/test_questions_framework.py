"""The checks themselves: five outcomes, guarded runs, honest messages."""

import re
from contextlib import suppress

import numpy as np
import pytest

from course_lib.questions import q
from course_lib.questions.framework import Compare, Judge, Question, Result, run


def question(grade, hints=("Think of the definition.", "Write the definition down.")):
    return Question("9.1", "a test", "09_test", grade, hints)


def double(x, y):
    return 2 * np.asarray(x) + y


ONCE = (lambda x, y: np.asarray(x) + y, "Once only.")
DOUBLE = question(Compare(double, [([0.0], 0.0), ([1.0, 2.0], 1.0)], misconceptions=[ONCE]))


def raises_in_the_answer(x, y):
    raise NotImplementedError


@pytest.mark.parametrize(
    ("answer", "outcome", "message"),
    [
        (double, "right", "right on 2 instances"),
        (raises_in_the_answer, "not attempted", "Replace `raise NotImplementedError`"),
        (lambda x, y: np.asarray(x) + y, "wrong", "Once only"),
        (lambda x, y: np.asarray(x) * 3 + y, "wrong", r"x = \(1, 2\), y = 1:\n  yours    \[4., 7.\]\n  expected \[3., 5.\]"),
        (lambda x, y: 1 / 0, "wrong", r"ZeroDivisionError in line 1 of your function for x = \(0\), y = 0"),
        (lambda x, y: [float("nan")], "wrong", "contains nan"),
        (lambda x, y: None, "cannot be judged", "Is the `return` missing"),
        (lambda x, y: "two", "cannot be judged", "'two' instead of numbers of shape"),
        (lambda x, y: 3.0, "cannot be judged", r"shape \(\) instead of numbers of shape \(1,\)"),
        (lambda x, y: [[2.0 * x[0] + y]], "cannot be judged", r"shape \(1, 1\)"),
        (lambda x: x, "wrong", "TypeError"),
        (17, "cannot be judged", "your function itself is needed, got 17"),
    ],
)
def test_a_function_gets_the_right_outcome_and_reason(answer, outcome, message):
    """Compare: all five ways to fail, shape before value, no broadcasting."""
    result = DOUBLE.judge(answer)
    assert result.outcome == outcome
    assert re.search(message, result.message)


def test_the_right_value_is_withheld_where_it_would_be_the_answer():
    """reveal=False: the places of the wrong entries are named, the value is not; a misconception still is."""
    withheld = question(Compare(double, [([1.0, 2.0, 3.0], 1.0)], misconceptions=[ONCE], reveal=False))
    message = withheld.judge(lambda x, y: [3.0, 6.0, 8.0]).message
    assert "yours    [3., 6., 8.]\n  not right: entry 2, 3" in message
    assert "expected" not in message
    assert "5" not in message
    assert "Once only" in withheld.judge(ONCE[0]).message
    number = question(Compare(max, [(1.0, 4.0)], reveal=False)).judge(min).message
    assert number.endswith("not right")
    assert withheld.judge(double).outcome == "right"


def test_not_implemented_raised_elsewhere_is_not_an_untouched_stub():
    """Only the learner's own frame counts: here the error comes from another module's code."""
    namespace = {}
    exec("def foreign():\n    raise NotImplementedError('deep inside')", namespace)
    assert DOUBLE.judge(lambda x, y: namespace["foreign"]()).outcome == "wrong"


def test_a_loop_that_never_ends_gets_a_sentence():
    """A bare `except Exception` in the answer does not swallow the alarm."""

    def endless():
        while True:
            with suppress(Exception):
                sum(range(1000))

    with pytest.raises(Exception, match=r"still running after 0\.2 seconds") as caught:
        run(endless, seconds=0.2)
    assert caught.value.result.outcome == "wrong"


def test_an_answer_cannot_change_the_instances():
    """Arguments are copied before each call."""

    def greedy(x, y):
        x.append(9.0)
        return double(x[:-1], y)

    assert DOUBLE.judge(greedy).outcome == "right"
    assert DOUBLE.judge(double).outcome == "right"


def test_zero_instances_are_an_error_of_the_question():
    """Nothing checked is not the same as right."""
    with pytest.raises(ValueError, match="at least one instance"):
        question(Compare(double, [])).judge(double)


def test_a_single_answer_is_judged_by_its_rule():
    """Judge hands an array of the stated shape to the rule."""
    grade = question(Judge((2,), lambda a: ("not sharp", f"sum {a.sum():g}")))
    assert grade.judge(lambda: (1, 2)) == Result("not sharp", "sum 3")
    assert grade.judge(lambda: 1).outcome == "cannot be judged"


def test_a_question_needs_two_hints():
    """Staged help is part of an exercise."""
    with pytest.raises(ValueError, match="at least two hints, got 1"):
        question(Judge((), lambda a: ("right", "")), hints=("only one",))


def test_checks_hints_and_solutions_speak_in_sentences(capsys, monkeypatch, tmp_path):
    """check prints id and outcome; hint stages; solution only after an attempt."""
    monkeypatch.chdir(tmp_path)
    DOUBLE.solution()
    DOUBLE.check(lambda x, y: 3.0)
    DOUBLE.hint()
    DOUBLE.hint(7)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("9.1: try an answer first")
    assert printed[1].startswith("9.1 cannot be judged: your function returned shape ()")
    assert printed[2].startswith("9.1, hint 1 of 2: Think")
    assert "hint(1) to hint(2), not hint(7)" in printed[3]


@pytest.mark.parametrize(("id", "message"), [("2.99", "there are 2.1, 2.2"), ("x", "Write the id as a string"), (2.1, None)])
def test_unknown_ids_list_the_known_ones(id, message):
    """q("2.99") says which there are; q(2.1) is understood."""
    if message is None:
        assert q(id).id == "2.1"
    else:
        with pytest.raises(ValueError, match=message):
            q(id)
