"""ReLU networks: the parameter vector, the function it realizes, and where that function bends.

    N^1(x) = W^1 x + b^1,    N^{k+1}(x) = W^{k+1} relu(N^k(x)) + b^{k+1},    realization x -> N^L(x)

Contents   ReLUNetwork: layout -> realization -> kinks -> degenerate and dead neurons -> symmetries -> balance
Layer      1; imports nothing of the course
Notation   theta (..., size), leading axes a batch; layer by layer W row by row, then b.
           Shallow with one input: theta = (w_1..w_H, b_1..b_H, v_1..v_H, c), N(x) = c + sum_j v_j relu(w_j x + b_j)
Convention a neuron is active where its pre-activation is > 0 (strictly): relu'(0) = 0
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np


class ReLUNetwork:
    """A fully connected architecture with the given widths (inputs, hidden..., outputs); it holds no parameters.

    >>> net = ReLUNetwork(1, 2, 1)
    >>> theta = net.join([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])       # |x|
    >>> net.realization(theta, [-2.0, 0.5])
    array([2. , 0.5])
    """

    def __init__(self, *widths: int):
        if len(widths) < 2 or any(int(n) != n or n < 1 for n in widths):
            raise ValueError(f"widths must be at least two positive integers, got {widths}. A shallow network: 1, 8, 1.")
        self.widths = tuple(int(n) for n in widths)
        self.size = sum(m * (n + 1) for n, m in pairwise(self.widths))

    def __repr__(self) -> str:
        return f"ReLUNetwork{self.widths}"

    def __eq__(self, other) -> bool:
        return isinstance(other, ReLUNetwork) and self.widths == other.widths

    def __hash__(self) -> int:
        return hash(self.widths)

    @property
    def is_shallow_1d(self) -> bool:
        """True for widths (1, H, 1): one input, one hidden layer, one output."""
        return len(self.widths) == 3 and self.widths[0] == self.widths[2] == 1

    # ---------------------------------------------------------------- parameters
    def check(self, theta) -> np.ndarray:
        """theta as a float array (..., size); ValueError on a wrong length, NaN or infinity."""
        theta = np.asarray(theta, dtype=float)
        if theta.ndim == 0 or theta.shape[-1] != self.size:
            raise ValueError(
                f"theta must have shape (..., {self.size}) for {self!r}, got {theta.shape}. "
                "Layout: layer by layer, W row by row, then b; net.join builds it."
            )
        if not np.isfinite(theta).all():
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(theta))[0])
            raise ValueError(
                f"theta must be finite, but theta{list(where)} = {theta[where]}. "
                "A diverged run? Lower the learning rate, or stop earlier."
            )
        return theta

    def split(self, theta) -> list[tuple[np.ndarray, np.ndarray]]:
        """[(W^1, b^1), ..., (W^L, b^L)]: views of theta, W^k (..., m, n), b^k (..., m)."""
        theta = np.asarray(theta, dtype=float)
        layers, start = [], 0
        for n, m in pairwise(self.widths):
            W = theta[..., start : start + m * n].reshape(*theta.shape[:-1], m, n)
            layers.append((W, theta[..., start + m * n : start + m * n + m]))
            start += m * (n + 1)
        return layers

    def join(self, layers: Sequence[tuple]) -> np.ndarray:
        """The theta with the given [(W^1, b^1), ...]; the inverse of `split`."""
        if len(layers) != len(self.widths) - 1:
            raise ValueError(f"{self!r} has {len(self.widths) - 1} layers (W, b), got {len(layers)}. Give one pair a layer.")
        parts = []
        for k, ((W, b), (n, m)) in enumerate(zip(layers, pairwise(self.widths), strict=True), start=1):
            W, b = np.asarray(W, dtype=float), np.asarray(b, dtype=float)
            if W.shape[-2:] != (m, n) or b.shape[-1:] != (m,):
                raise ValueError(
                    f"layer {k} of {self!r} needs W ({m}, {n}) and b ({m},), got {W.shape} and {b.shape}. "
                    "Rows of W belong to the neurons of the layer, columns to its inputs."
                )
            parts += [W.reshape(*W.shape[:-2], m * n), b]
        return np.concatenate(parts, axis=-1)

    def shallow(self, theta) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(w, b, v, c) of a network (1, H, 1): w, b, v (..., H) and c (...,), views of theta."""
        self._require_shallow("shallow")
        H = self.widths[1]
        return theta[..., :H], theta[..., H : 2 * H], theta[..., 2 * H : 3 * H], theta[..., 3 * H]

    def random(self, rng: np.random.Generator, starts: int | None = None) -> np.ndarray:
        """Independent standard normal parameters: (size,), or (starts, size)."""
        return rng.standard_normal(self.size if starts is None else (starts, self.size))

    # ---------------------------------------------------------------- the function
    def realization(self, theta, x) -> np.ndarray:
        """N^L(x): x (n,) if there is one input, else (n, inputs); returns (..., n), or (..., n, outputs)."""
        theta = self.check(theta)
        value = self._points(x)
        for k, (W, b) in enumerate(self.split(theta)):
            value = (np.maximum(value, 0.0) if k else value) @ np.swapaxes(W, -1, -2) + b[..., None, :]
        return value[..., 0] if self.widths[-1] == 1 else value

    def _points(self, x) -> np.ndarray:
        """x as an array (n, inputs)."""
        x = np.asarray(x, dtype=float)
        inputs = self.widths[0]
        if x.ndim != (1 if inputs == 1 else 2) or (inputs > 1 and x.shape[-1] != inputs):
            wanted = "(n,)" if inputs == 1 else f"(n, {inputs})"
            raise ValueError(f"x must have shape {wanted} for {self!r}, got {x.shape}. Use np.atleast_1d for one point.")
        return x[:, None] if inputs == 1 else x

    def kinks(self, theta) -> np.ndarray:
        """-b_j / w_j neuron by neuron, (..., H): not clipped to any interval, nan where w_j = 0. Widths (1, H, 1) only."""
        w, b, _, _ = self.shallow(self.check(theta))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.where(w == 0, np.nan, -b / w)

    def degenerate(self, theta) -> np.ndarray:
        """True where a first-layer neuron has w_j = 0 and b_j = 0, (..., H): the generalized gradient may jump there."""
        W, b = self.split(self.check(theta))[0]
        return (W == 0).all(axis=-1) & (b == 0)

    def dead(self, theta, lower, upper) -> np.ndarray:
        """True where a first-layer neuron is nowhere active on the box [lower, upper], (..., H)."""
        W, b = self.split(self.check(theta))[0]
        corners = np.maximum(W * np.asarray(lower, dtype=float), W * np.asarray(upper, dtype=float))
        return b + corners.sum(axis=-1) <= 0

    # ---------------------------------------------------------------- symmetries
    def rescale(self, theta, factors, layer: int = 1) -> np.ndarray:
        """The same function: incoming weights and bias of hidden neuron j times factors[j] > 0, outgoing ones divided."""
        factors = np.asarray(factors, dtype=float)
        if not (factors > 0).all():
            raise ValueError(f"factors must be positive, got {factors.tolist()}. relu(s z) = s relu(z) holds for s > 0 only.")
        layers = self._hidden(theta, layer)
        (W, b), (V, c) = layers[layer - 1 : layer + 1]
        layers[layer - 1 : layer + 1] = [(W * factors[..., :, None], b * factors), (V / factors[..., None, :], c)]
        return self.join(layers)

    def permute(self, theta, order: Sequence[int], layer: int = 1) -> np.ndarray:
        """The same function with the neurons of a hidden layer in the given order."""
        layers = self._hidden(theta, layer)
        if sorted(order) != list(range(self.widths[layer])):
            raise ValueError(f"order must list 0..{self.widths[layer] - 1} once each, got {list(order)}.")
        order = np.asarray(order)
        (W, b), (V, c) = layers[layer - 1 : layer + 1]
        layers[layer - 1 : layer + 1] = [(W[..., order, :], b[..., order]), (V[..., order], c)]
        return self.join(layers)

    def balanced(self, theta) -> np.ndarray:
        """The rescaling of a one-hidden-layer theta with v_j^2 = |w_j|^2 + b_j^2 for every neuron: the one of least norm.

        A neuron with v_j = 0 or (w_j, b_j) = 0 contributes nothing; all its parameters become 0.
        """
        (W, b), (V, c) = self._hidden(theta, 1)
        inner, outer = np.sqrt((W**2).sum(axis=-1) + b**2), np.sqrt((V**2).sum(axis=-2))
        live = (inner > 0) & (outer > 0)
        s = np.sqrt(np.where(live, outer, 0.0) / np.where(live, inner, 1.0))
        shrink = np.where(live, 1 / np.where(live, s, 1.0), 0.0)
        return self.join([(W * s[..., None], b * s), (V * shrink[..., None, :], c)])

    def balance(self, theta) -> np.ndarray:
        """|outgoing|^2 - |incoming|^2 - bias^2 of every hidden neuron, (..., hidden neurons): constant along gradient flow."""
        layers = self.split(theta)
        return np.concatenate(
            [(V**2).sum(axis=-2) - (W**2).sum(axis=-1) - b**2 for (W, b), (V, _) in pairwise(layers)],
            axis=-1,
        )

    def _hidden(self, theta, layer: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """The layers of a checked theta; ValueError unless `layer` is hidden."""
        if not 1 <= layer <= len(self.widths) - 2:
            raise ValueError(f"layer must be a hidden layer 1..{len(self.widths) - 2} of {self!r}, got {layer}.")
        return self.split(self.check(theta))

    def _require_shallow(self, method: str) -> None:
        if not self.is_shallow_1d:
            raise ValueError(
                f"{method} is for one input, one hidden layer and one output, got {self!r}. "
                "For other widths use net.split(theta)."
            )
