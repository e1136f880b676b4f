"""Activations: the properties that a smoothing of ReLU must have, derivatives, and what is refused."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.activations import Activation, SmoothReLU, relu, softplus, tanh

Z = np.array([-3.0, -0.4, -1e-3, 0.0, 1e-3, 0.4, 3.0])
parameters = st.floats(0.5, 1e6)
numbers = st.floats(-5, 5)


@given(parameters, numbers)
def test_a_smooth_relu_lies_between_zero_and_relu_and_equals_it_from_one_over_r_on(r, z):
    """0 <= R_r <= relu; R_r(z) = 0 for z <= 1/(2r) and z for z >= 1/r; |R_r'| <= 25/9."""
    R = SmoothReLU(r)
    value = float(R.value(z))
    assert 0 <= value <= max(z, 0)
    assert value == (0 if z <= 0.5 / r else z if z >= 1 / r else value)
    assert abs(float(R.derivative(z))) <= 25 / 9 * (1 + 1e-15)


@given(parameters)
def test_a_smooth_relu_has_no_jump_in_value_or_derivative(r):
    """One ulp around 1/(2r) and 1/r: |R'| <= 25/9 and |R''| <= 20 r bound what may change; the middle value is (7/8) h."""
    R, corners = SmoothReLU(r), np.array(SmoothReLU(r).corners)
    left, right = np.nextafter(corners, -1), np.nextafter(corners, 10)
    np.testing.assert_allclose(R.value(left), R.value(right), rtol=0, atol=25 / 9 * 4e-16 * corners[1] + 1e-15 / r)
    np.testing.assert_allclose(R.derivative(left), R.derivative(right), rtol=0, atol=1e-14)
    assert float(R.value(0.75 / r)) == pytest.approx(0.25 * 3.5 * 0.5 / r, rel=1e-12)


@pytest.mark.parametrize("activation", [softplus, tanh, SmoothReLU(0.7)], ids=repr)
def test_derivatives_are_the_limits_of_quotients(activation):
    """Central differences with h = 1e-5, off the corners: |error| <= C h^2 + eps / h < 1e-9 for |third derivative| <= 20."""
    h = 1e-5
    for function, derivative in ((activation.value, activation.derivative), (activation.derivative, activation.second)):
        quotient = (function(Z + h) - function(Z - h)) / (2 * h)
        np.testing.assert_allclose(derivative(Z), quotient, rtol=0, atol=1e-9)


def test_the_derivative_of_relu_at_zero_is_zero():
    """relu'(0) = 0, from the left, as for every SmoothReLU; softplus'(0) = 1/2."""
    assert relu.derivative(np.array(0.0)) == 0
    assert SmoothReLU(1e9).derivative(np.array(0.0)) == 0
    assert softplus.derivative(np.array(0.0)) == 0.5


def test_large_arguments_neither_overflow_nor_lose_their_value():
    """softplus(1000) = 1000, softplus(-1000) = 0, tanh(+-1000) = +-1, derivatives 1 and 0, without a warning."""
    z = np.array([-1000.0, 1000.0])
    np.testing.assert_array_equal(softplus.value(z), [0, 1000])
    np.testing.assert_array_equal(softplus.derivative(z), [0, 1])
    np.testing.assert_array_equal(tanh.derivative(z), [0, 0])


@pytest.mark.parametrize("activation", [relu, softplus, tanh, SmoothReLU(3.0)], ids=repr)
def test_an_activation_can_be_sent_to_another_process(activation):
    """pickle keeps equality, by which ReLU is recognised."""
    assert pickle.loads(pickle.dumps(activation)) == activation


def test_activations_are_shown_by_name():
    """An activation of one's own too."""
    assert [repr(a) for a in (relu, Activation("cube", abs, abs))] == ["relu", "cube"]
    assert SmoothReLU(2.0).name == "SmoothReLU(r=2.0)"


@pytest.mark.parametrize("r", [0.0, -1.0, np.nan, np.inf])
def test_r_must_be_positive(r):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=rf"r must be positive and finite, got {r}"):
        SmoothReLU(r)
