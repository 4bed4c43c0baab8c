"""The cross-entropy of a softmax over many words, with the product that makes its logits, as one operation.

    before   sum(weights * -log(softmax(h W + b)[row, columns] + epsilon))   arrays [rows, words], and more in the gradients
    after    LinearCrossEntropy(h, W, b, columns, weights)                   a block of rows at a time
    example  the decoders of skip-thoughts, the costliest part of its updates, most of it memory traffic

What the gradients need of a block is multiplied back while it is in the cache; rows of weight 0 (words after the end of a sentence)
are not computed at all. ``find_cross_entropy.py`` finds the form in a graph.
"""

from typing import Any

import numpy
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op

Shape = tuple[int, ...]

#: Rows computed at once: enough for fast products, few enough for their logits to stay in the cache of a core.
BLOCK = 256


class LinearCrossEntropy(Op):  # type: ignore[misc]
    """``sum_r weights_r * -log(softmax(h W + b)_{r, columns_r} + epsilon)``, and its gradients in ``h``, ``W`` and ``b``.

    Inputs: h [R, D], W [D, V = words], b [V], columns [R] integers, weights [R]. Outputs: the sum, a scalar, and with ``gradients`` the
    gradients [R, D], [D, V], [V] too: they come nearly for free with the sum, and computed apart would need all of it again.
    """

    __props__ = ("words", "epsilon", "gradients")

    def __init__(self, words: int, epsilon: float, gradients: bool) -> None:
        self.words = words
        self.epsilon = epsilon
        self.gradients = gradients

    def make_node(self, h: Any, w: Any, b: Any, columns: Any, weights: Any) -> Any:
        """Apply the operation to variables.

        Raises:
            TypeError: an input has another number of axes.
        """
        inputs = [pt.as_tensor_variable(each) for each in (h, w, b, columns, weights)]
        if [each.ndim for each in inputs] != [2, 2, 1, 1, 1]:
            raise TypeError(f"ranks {[each.ndim for each in inputs]} instead of 2, 2, 1, 1, 1")
        h, w, b = inputs[:3]
        outputs = [pt.scalar(dtype=h.dtype)]
        if self.gradients:
            outputs += [h.type(), w.type(), b.type()]
        return Apply(self, inputs, outputs)

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> Any:
        """Return the shapes of the outputs: the gradients have those of what they are of."""
        return [(), *shapes[:3]] if self.gradients else [()]

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        """Say which inputs have a gradient: not the columns, nor the weights, for which find_cross_entropy leaves graphs alone."""
        return [[position < 3] * len(node.outputs) for position in range(5)]

    def pullback(self, inputs: Any, outputs: Any, output_grads: Any) -> list[Any]:
        """Return the gradients in the inputs: those that the operation has computed, times that of its sum.

        Raises:
            NotImplementedError: a second derivative.
        """
        if any(not isinstance(each.type, DisconnectedType) for each in output_grads[1:]):
            raise NotImplementedError("the second derivative of a softmax's cost is not there in lnpatch's theano")
        with_gradients = outputs if self.gradients else type(self)(self.words, self.epsilon, True)(*inputs)
        return [output_grads[0] * gradient for gradient in with_gradients[1:]] + [
            disconnected_type(),
            disconnected_type(),
        ]

    def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
        """Compute the outputs for the C backend, which has no C code of ours: the time is in NumPy's products anyhow."""
        self.check_shapes(*map(numpy.shape, inputs))
        h, w, b, columns, weights = inputs
        results = compute_cross_entropy(h, w, b, columns, weights, self.epsilon, self.gradients)
        for storage, value in zip(output_storage, results, strict=True):
            storage[0] = value

    def check_shapes(self, h: Shape, w: Shape, b: Shape, columns: Shape, weights: Shape) -> None:
        """Check that the shapes of the inputs fit together.

        Raises:
            ValueError: they do not.
        """
        if not (h[0] == columns[0] == weights[0] and h[1] == w[0] and w[1] == b[0] == self.words):
            raise ValueError(
                f"states {h} by weights {w} with biases {b}, of which the words {columns} of {self.words} have factors {weights}"
            )


def compute_cross_entropy(
    h: Any, w: Any, b: Any, columns: Any, weights: Any, epsilon: float, gradients: bool
) -> list[Any]:
    """Return the sum, and with ``gradients`` those in ``h``, ``w`` and ``b``, all of NumPy; the shapes are the operation's."""
    kind = h.dtype
    epsilon = kind.type(epsilon)
    cost, dh, dw, db = 0.0, numpy.zeros_like(h), numpy.zeros_like(w), numpy.zeros_like(b)
    weighted = numpy.flatnonzero(weights)
    for start in range(0, len(weighted), BLOCK):
        rows = weighted[start : start + BLOCK]
        place = (numpy.arange(len(rows)), columns[rows])
        # one array [rows, words] all along: logits, then their powers, then the gradients in the logits
        softmax = h[rows] @ w
        softmax += b
        softmax -= softmax.max(axis=1, keepdims=True)
        numpy.exp(softmax, out=softmax)
        total = softmax.sum(axis=1)
        probability = softmax[place] / total + epsilon
        cost -= float((weights[rows] * numpy.log(probability)).sum(dtype="float64"))
        if gradients:
            # d cost / d logits = weight * p / (p + epsilon) * (softmax - 1 at the column)
            share = weights[rows] * (1 - epsilon / probability)
            softmax *= (share / total)[:, None]
            softmax[place] -= share
            dh[rows] = softmax @ w.T
            dw += h[rows].T @ softmax
            db += softmax.sum(axis=0)
    return [numpy.asarray(cost, kind), dh, dw, db] if gradients else [numpy.asarray(cost, kind)]
