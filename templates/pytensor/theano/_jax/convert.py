"""A graph as a function of JAX operations that takes any shapes.

PyTensor's own conversion wants the shapes of ``reshape``, ``arange`` and the like as constants of the graph, so it has to optimize the
graph again for every shape. When JAX traces a function, though, all shapes are known: what is computed from them alone is computed
here, in NumPy, while tracing. The graph is optimized once, without shapes.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy
from pytensor.compile.mode import get_mode
from pytensor.graph.fg import AbstractFunctionGraph, FunctionGraph
from pytensor.link.jax.dispatch import jax_funcify, jax_typify
from pytensor.link.jax.dispatch.shape import JAXShapeTuple
from pytensor.link.utils import fgraph_to_python
from pytensor.scalar.basic import Exp, Tanh
from pytensor.scalar.math import Sigmoid
from pytensor.scan.op import Scan
from pytensor.tensor.basic import Alloc, AllocEmpty, ARange, Split
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.math import ProdWithoutZeros
from pytensor.tensor.shape import Reshape, Shape, Shape_i
from pytensor.tensor.subtensor import IncSubtensor, indices_from_subtensor
from pytensor.tensor.type import TensorType

from theano._jax import cross_entropy
from theano._rewrites.broadcast_sums import BroadcastSums, join_broadcast_sums, row_by_row
from theano._rewrites.cross_entropy import LinearCrossEntropy
from theano._rewrites.scan_products import keep_products

Converted = Callable[..., Any]

#: What XLA's code for the CPU computes many of at once, but one by one where it merges them with the whole step of a recurrence.
_CURVES = (Exp, Sigmoid, Tanh)

_plain_scan = jax_funcify.dispatch(Scan)


def to_jax(inputs: list[Any], outputs: list[Any]) -> Converted:
    """The graph from ``inputs`` to ``outputs``, optimized, as a function from arrays to a tuple of arrays, to be traced by JAX."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _graph(optimized(inputs, outputs))


def optimized(inputs: list[Any], outputs: list[Any]) -> FunctionGraph:
    """A copy of the graph, in the form that XLA runs fastest."""
    fgraph = FunctionGraph(inputs, outputs, clone=True)
    # XLA makes shapes and fusions of its own
    get_mode("JAX").excluding("jax_shape_parameter_as_tuple", "fusion").optimizer.rewrite(fgraph)
    keep_products(fgraph)
    if jax.default_backend() == "cpu":
        join_broadcast_sums(fgraph)
    return fgraph


def known(value: Any) -> bool:
    """Whether the value is there already while JAX traces."""
    return not isinstance(value, jax.core.Tracer)


def _graph(fgraph: Any, **options: Any) -> Converted:
    options.pop("storage_map", None)
    converted: Converted = fgraph_to_python(
        fgraph, _operation, type_conversion_fn=_constant, fgraph_name="converted", **options
    )
    return converted


def _constant(data: Any, variable: Any = None, **options: Any) -> Any:
    """A constant of the graph: numbers and shapes stay with NumPy, arrays go to the device."""
    return data if variable is not None and _shape_like(variable) else jax_typify(data, **options)


def _shape_like(variable: Any) -> bool:
    """Whether a variable may be a length or a shape: an integer or boolean, or a vector of them."""
    kind = getattr(variable.type, "dtype", "")
    return str(kind).startswith(("int", "uint", "bool")) and getattr(variable.type, "ndim", 2) < 2


def _operation(op: Any, node: Any = None, **options: Any) -> Converted:
    """The conversion of one operation."""
    if isinstance(op, Reshape):
        return lambda x, shape: jnp.reshape(x, tuple(int(length) for length in shape))
    if isinstance(op, JAXShapeTuple):  # PyTensor 3.0 still makes them of the shapes within scans
        return lambda *lengths: lengths
    if isinstance(op, ARange):
        return lambda start, stop, step: jnp.arange(int(start), int(stop), int(step), dtype=op.dtype)
    if isinstance(op, Alloc):
        return lambda value, *shape: jnp.broadcast_to(value, tuple(map(int, shape)))
    if isinstance(op, AllocEmpty):
        return lambda *shape: jnp.empty(tuple(map(int, shape)), dtype=op.dtype)
    if isinstance(op, Split):
        return _split(op)
    if isinstance(op, ProdWithoutZeros):  # of which PyTensor 3.0 has no JAX; a slice of zeros only gives 0
        return lambda x: jnp.prod(x, axis=op.axis, where=x != 0) * jnp.any(x != 0, axis=op.axis)
    if type(op).__name__ in ("AdvancedIncSubtensor", "AdvancedIncSubtensor1"):  # the second is gone in PyTensor 3.3
        return _advanced_inc_subtensor(op)
    if isinstance(op, IncSubtensor):
        return _inc_subtensor(op, node, **options)
    if isinstance(op, LinearCrossEntropy):
        return cross_entropy.converted(op)
    if isinstance(op, BroadcastSums):
        return _broadcast_sums(op)
    if isinstance(op, Scan):
        return _scan(op, node, **options)
    if isinstance(op, Shape | Shape_i):
        shape: Converted = jax_funcify(op, node=node, **options)
        return shape
    if all(map(_shape_like, [*node.inputs, *node.outputs])):
        return _on_shapes(op, node, **options)
    converted: Converted = jax_funcify(op, node=node, **options)
    if isinstance(op, Elemwise) and isinstance(op.scalar_op, _CURVES) and jax.default_backend() == "cpu":
        return lambda x: jax.lax.optimization_barrier(converted(x))
    return converted


def _on_shapes(op: Any, node: Any, **options: Any) -> Converted:
    """An operation on lengths: by PyTensor's own Python code if they are known, by JAX if they are data."""
    traced = jax_funcify(op, node=node, **options)

    def apply(*values: Any) -> Any:
        if not all(map(known, values)):
            return traced(*values)
        inputs = [_number(v, value) for v, value in zip(node.inputs, values, strict=True)]
        if isinstance(op, Elemwise):  # whose own Python code keeps state from one node to the next in PyTensor 3.0
            found = numpy.frompyfunc(op.scalar_op.impl, len(inputs), len(node.outputs))(*inputs)
            # PyTensor 3.0 makes one operation of several lengths
            several = found if len(node.outputs) > 1 else (found,)
            arrays = tuple(numpy.asarray(value, dtype=v.dtype) for v, value in zip(node.outputs, several, strict=True))
            return arrays if len(arrays) > 1 else arrays[0]
        cells: list[list[Any]] = [[None] for _ in node.outputs]
        op.perform(node, inputs, cells)
        results = tuple(cell[0] for cell in cells)
        return results[0] if len(results) == 1 else results

    return apply


def _number(variable: Any, value: Any) -> Any:
    """A known value as PyTensor's Python code takes it: an array, or a number for a scalar type."""
    array = numpy.asarray(value, dtype=variable.type.dtype)
    return array if isinstance(variable.type, TensorType) else array[()]


def _broadcast_sums(op: Any) -> Converted:
    """A loop over the rows."""
    axes = [output.owner.op.axis for output in op.fgraph.outputs]
    converted = _graph(op.fgraph)

    def apply(*inputs: Any) -> Any:
        found = row_by_row(converted, [summed is None or 0 in summed for summed in axes], inputs)
        return found if len(found) > 1 else found[0]

    return apply


def _split(op: Any) -> Converted:
    """Parts of known sizes; the axis is an attribute of the operation, or its second input in PyTensor 3.0."""

    def apply(x: Any, *rest: Any) -> Any:
        axis = int(rest[0]) if len(rest) == 2 else op.axis
        return jnp.split(x, numpy.cumsum(rest[-1])[:-1], axis=axis)

    return apply


def _advanced_inc_subtensor(op: Any) -> Converted:
    """Setting or adding at positions that are data. PyTensor 3.0 checks the shapes, and refuses a batch of a single word."""

    def apply(x: Any, y: Any, *indices: Any) -> Any:
        place = x.at[tuple(indices_from_subtensor(indices, op.idx_list))]
        return place.set(y) if op.set_instead_of_inc else place.add(y)

    return apply


def _inc_subtensor(op: Any, node: Any, **options: Any) -> Converted:
    """Setting or adding to a part of an array, by a plain copy if the part is a block.

    PyTensor's conversion is a scatter, which is slower, and which XLA fails on where all of it is constant (jaxlib 0.10 and 0.12).
    """
    plain = jax_funcify(op, node=node, **options)

    def apply(x: Any, y: Any, *indices: Any) -> Any:
        block = _block(indices_from_subtensor(indices, op.idx_list), jnp.shape(x))
        if block is None:
            return plain(x, y, *indices)
        starts, sizes, kept = block
        part = jnp.broadcast_to(y, [size for size, keeps in zip(sizes, kept, strict=True) if keeps]).reshape(sizes)
        if not op.set_instead_of_inc:
            part = part + jax.lax.dynamic_slice(x, starts, sizes)
        part = part.astype(x.dtype)
        return part if part.shape == jnp.shape(x) else jax.lax.dynamic_update_slice(x, part, starts)

    return apply


def _block(indices: Sequence[Any], shape: tuple[int, ...]) -> tuple[list[int], list[int], list[bool]] | None:
    """Where the indexed part begins, its lengths, and whether each axis stays one; None if it is data or has gaps."""
    starts, sizes, kept = [], [], []
    for axis, length in enumerate(shape):
        index = indices[axis] if axis < len(indices) else slice(None)
        if isinstance(index, slice):
            if not all(known(bound) for bound in (index.start, index.stop, index.step)):
                return None
            start, stop, step = slice(
                *(None if b is None else int(b) for b in (index.start, index.stop, index.step))
            ).indices(length)
            if step != 1:
                return None
            starts.append(start)
            sizes.append(max(stop - start, 0))
        else:
            if not known(index) or numpy.ndim(index):
                return None
            starts.append(int(index) + (length if int(index) < 0 else 0))
            sizes.append(1)
        kept.append(isinstance(index, slice))
    return starts, sizes, kept


def _scan(op: Any, node: Any, **options: Any) -> Converted:
    """PyTensor's conversion of a scan, around an inner graph that is converted here.

    It hands everything to the inner function as part of the loop's state, where even lengths become data; those that are known
    outside are put back.
    """

    def apply(*outer: Any) -> Any:
        values = [value if known(value) and numpy.ndim(value) < 2 else None for value in op.outer_non_seqs(list(outer))]
        return _plain_scan(op, node=node, last=values, **options)(*outer)

    return apply


@jax_funcify.register(AbstractFunctionGraph)  # type: ignore[untyped-decorator]
def _inner(fgraph: Any, last: Sequence[Any] = (), **options: Any) -> Converted:
    """The inner graph of a scan or another operation; ``last`` has the known values of its last inputs, None for the others."""
    converted = _graph(fgraph, **options)
    first = len(fgraph.inputs) - len(last)

    def apply(*arguments: Any) -> Any:
        end = [carried if value is None else value for value, carried in zip(last, arguments[first:], strict=True)]
        return converted(*arguments[:first], *end)

    return apply
