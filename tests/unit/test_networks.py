"""Networks: layout, realization, kinks, symmetries, and the two different ways of being useless (dead, degenerate)."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import ReLUNetwork

NET = ReLUNetwork(1, 3, 1)
DEEP = ReLUNetwork(2, 3, 4, 2)
X = np.linspace(-2, 2, 41)
shallow_thetas = arrays(float, NET.size, elements=st.floats(-3, 3))
positive = arrays(float, 3, elements=st.floats(0.1, 10))


def by_loops(widths, theta, x):
    """N^L(x) for one point x, from the definition with 1-based offsets, neuron by neuron."""
    offset, layer_in = 0, list(np.atleast_1d(x))
    for k, (n, m) in enumerate(pairwise(widths)):
        source = layer_in if k == 0 else [max(z, 0) for z in layer_in]
        layer_in = [
            sum(theta[offset + i * n + j] * source[j] for j in range(n)) + theta[offset + m * n + i] for i in range(m)
        ]
        offset += m * (n + 1)
    return layer_in


@pytest.mark.parametrize("widths", [(1, 3, 1), (1, 2, 2, 1), (2, 3, 4, 2), (3, 1)])
def test_realization_agrees_with_the_definition_written_as_loops(widths):
    """Layout: layer by layer, W row by row, then b; no activation on the last layer."""
    net, rng = ReLUNetwork(*widths), np.random.default_rng(0)
    theta, x = net.random(rng), rng.standard_normal((5, widths[0]))
    values = net.realization(theta, x[:, 0] if widths[0] == 1 else x).reshape(5, widths[-1])
    np.testing.assert_allclose(values, [by_loops(widths, theta, point) for point in x], rtol=1e-13, atol=1e-13)


def test_size_counts_every_weight_and_bias():
    """sum_k l_k (l_{k-1} + 1)."""
    assert (NET.size, DEEP.size) == (10, 3 * 3 + 4 * 4 + 2 * 5)


def test_split_and_join_are_inverse_also_on_batches():
    """join(split(theta)) = theta."""
    thetas = DEEP.random(np.random.default_rng(1), 4)
    np.testing.assert_array_equal(DEEP.join(DEEP.split(thetas)), thetas)


def test_a_batch_is_evaluated_network_by_network():
    """realization(thetas, x)[k] = realization(thetas[k], x), with shapes (batch, n, outputs)."""
    thetas, x = DEEP.random(np.random.default_rng(1), 4), np.random.default_rng(2).standard_normal((5, 2))
    values = DEEP.realization(thetas, x)
    assert values.shape == (4, 5, 2)
    np.testing.assert_allclose(values[2], DEEP.realization(thetas[2], x), rtol=1e-13, atol=1e-13)


def test_kinks_are_where_the_network_bends():
    """-b_j / w_j neuron by neuron, nan where w_j = 0."""
    np.testing.assert_array_equal(NET.kinks([2, 0, -1, 1, 1, 3, 5, 5, 5, 0]), [-0.5, np.nan, 3])


def test_dead_and_degenerate_are_different_notions():
    """Degenerate: w = b = 0. Dead: inactive on all of [a, b]. (0, 0) is both; (1, -1) is dead on [0, 1]."""
    theta = [0, 0, 1, 0, -1, -1, 1, 1, 1, 0]
    np.testing.assert_array_equal(NET.degenerate(theta), [True, False, False])
    np.testing.assert_array_equal(NET.dead(theta, 0, 1), [True, True, True])
    np.testing.assert_array_equal(NET.dead(theta, 0, 2), [True, True, False])


def test_dead_neurons_on_a_box_are_decided_at_its_best_corner():
    """x_1 - x_2 - 3/2 <= 0 on [0, 1]^2 but not on [0, 2] x [0, 1]."""
    theta = ReLUNetwork(2, 1, 1).join([([[1, -1]], [-1.5]), ([[1]], [0])])
    assert ReLUNetwork(2, 1, 1).dead(theta, [0, 0], [1, 1]).all()
    assert not ReLUNetwork(2, 1, 1).dead(theta, [0, 0], [2, 1]).any()


@given(shallow_thetas, positive, st.permutations(range(3)))
def test_rescaling_and_permuting_change_no_value(theta, factors, order):
    """Both symmetries of the realization map."""
    values = NET.realization(theta, X)
    np.testing.assert_allclose(NET.realization(NET.rescale(theta, factors), X), values, atol=1e-12)
    np.testing.assert_allclose(NET.realization(NET.permute(theta, order), X), values, atol=1e-12)


@pytest.mark.parametrize("layer", [1, 2])
def test_symmetries_hold_in_every_hidden_layer(layer):
    """Deep networks have them layer by layer."""
    rng = np.random.default_rng(3)
    theta, x, n = DEEP.random(rng), rng.standard_normal((6, 2)), DEEP.widths[layer]
    moved = DEEP.permute(DEEP.rescale(theta, rng.uniform(0.5, 2, n), layer), rng.permutation(n), layer)
    assert not np.allclose(moved, theta)
    np.testing.assert_allclose(DEEP.realization(moved, x), DEEP.realization(theta, x), rtol=1e-12, atol=1e-12)


@given(shallow_thetas, positive)
def test_balanced_parameters_have_the_least_norm_of_their_rescalings(theta, factors):
    """|balanced(theta)| <= |rescale(theta, s)| for every s > 0, and v^2 = w^2 + b^2 afterwards."""
    least = NET.balanced(theta)
    assert least @ least <= (1 + 1e-12) * np.sum(NET.rescale(theta, factors) ** 2)
    np.testing.assert_allclose(NET.balance(least), 0, atol=1e-13 * (1 + least @ least))
    np.testing.assert_allclose(NET.realization(least, X), NET.realization(theta, X), atol=1e-12)


def test_balance_counts_outgoing_minus_incoming_minus_bias():
    """B_j = v_j^2 - w_j^2 - b_j^2, by hand; deep networks list every hidden neuron."""
    np.testing.assert_array_equal(NET.balance([1, 2, 3, 0, 1, 0, 5, 0, 3, 9]), [24, -5, 0])
    assert DEEP.balance(DEEP.random(np.random.default_rng(0), 2)).shape == (2, 7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ReLUNetwork(1), r"at least two positive integers, got \(1,\)"),
        (lambda: ReLUNetwork(1, 0, 1), r"positive integers, got \(1, 0, 1\)"),
        (lambda: NET.check([1, 2]), r"shape \(\.\.\., 10\) .* got \(2,\)"),
        (lambda: NET.check([0] * 9 + [np.nan]), r"theta\[9\] = nan.*Lower the learning rate"),
        (lambda: NET.realization([0] * 9 + [np.inf], X), r"theta\[9\] = inf"),
        (lambda: NET.realization([0] * 10, 0.5), r"x must have shape \(n,\)"),
        (lambda: DEEP.realization([0] * 35, np.zeros((4, 3))), r"shape \(n, 2\).*got \(4, 3\)"),
        (lambda: DEEP.kinks([0] * 35), "one input, one hidden layer"),
        (lambda: NET.rescale([0] * 10, [1, -1, 1]), "factors must be positive"),
        (lambda: NET.permute([0] * 10, [0, 0, 1]), r"order must list 0\.\.2 once each"),
        (lambda: NET.rescale([0] * 10, [1, 1, 1], layer=2), r"hidden layer 1\.\.1"),
        (lambda: NET.join([([[1]], [1])]), "has 2 layers"),
        (lambda: NET.join([([[1]], [1]), ([[1]], [1])]), r"layer 1 .* needs W \(3, 1\) and b \(3,\)"),
    ],
)
def test_bad_input_is_named_with_its_remedy(make, message):
    """Required, received, remedy."""
    with pytest.raises(ValueError, match=message):
        make()
