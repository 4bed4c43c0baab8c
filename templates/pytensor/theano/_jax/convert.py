"""Converts a graph to a function of JAX operations that takes any shapes.

PyTensor's own conversion needs the shapes of ``reshape``, ``arange`` and the like as constants of the graph, so it has to optimize the
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

from theano._jax.broadcast_sums import sum_row_by_row
from theano._jax.cross_entropy import convert_cross_entropy
from theano._rewrites.broadcast_sums import BroadcastSums, join_broadcast_sums
from theano._rewrites.cross_entropy import LinearCrossEntropy
from theano._rewrites.scan_products import keep_products

#: An operation or a graph as a function of JAX arrays.
Converted = Callable[..., Any]

#: What XLA's code for the CPU computes many of at once, but one by one where it merges them with the whole step of a recurrence.
_CURVES = (Exp, Sigmoid, Tanh)

#: PyTensor's own conversion.
_convert_plain_scan = jax_funcify.dispatch(Scan)


def convert_to_jax(inputs: list[Any], outputs: list[Any]) -> Converted:
    """Return the optimized graph as a function from arrays to a tuple of arrays, to be traced by JAX."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _convert_graph(optimize_graph(inputs, outputs))


def optimize_graph(inputs: list[Any], outputs: list[Any]) -> FunctionGraph:
    """Return a copy of the graph in the form that XLA runs fastest."""
    fgraph = FunctionGraph(inputs, outputs, clone=True)
    # XLA does fusions of its own, and shapes that are constants would bind the graph to them
    get_mode("JAX").excluding("jax_shape_parameter_as_tuple", "fusion").optimizer.rewrite(fgraph)
    keep_products(fgraph)
    if jax.default_backend() == "cpu":
        join_broadcast_sums(fgraph)
    return fgraph


def _is_known(value: Any) -> bool:
    """Return whether the value is there already while JAX traces."""
    return not isinstance(value, jax.core.Tracer)


def _convert_graph(fgraph: Any, **options: Any) -> Converted:
    options.pop("storage_map", None)  # of the graph around this one
    converted: Converted = fgraph_to_python(
        fgraph, _convert_operation, type_conversion_fn=_convert_constant, fgraph_name="converted", **options
    )
    return converted


def _convert_constant(data: Any, variable: Any = None, **options: Any) -> Any:
    """Convert a constant of the graph: numbers and shapes stay with NumPy, arrays go to the device."""
    return data if variable is not None and _may_be_shape(variable) else jax_typify(data, **options)


def _may_be_shape(variable: Any) -> bool:
    """Return whether a variable may be a length or a shape: an integer or boolean, or a vector of them."""
    kind = getattr(variable.type, "dtype", "")
    return str(kind).startswith(("int", "uint", "bool")) and getattr(variable.type, "ndim", 2) < 2


def _convert_operation(op: Any, node: Any = None, **options: Any) -> Converted:
    """Convert one operation."""
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
        return _convert_split(op)
    if isinstance(op, ProdWithoutZeros):  # of which PyTensor 3.0 has no JAX; a slice of zeros only gives 0
        return lambda x: jnp.prod(x, axis=op.axis, where=x != 0) * jnp.any(x != 0, axis=op.axis)
    if type(op).__name__ in ("AdvancedIncSubtensor", "AdvancedIncSubtensor1"):  # the second is gone in PyTensor 3.3
        return _convert_advanced_inc_subtensor(op)
    if isinstance(op, IncSubtensor):
        return _convert_inc_subtensor(op, node, **options)
    if isinstance(op, LinearCrossEntropy):
        return convert_cross_entropy(op)
    if isinstance(op, BroadcastSums):
        return _convert_broadcast_sums(op)
    if isinstance(op, Scan):
        return _convert_scan(op, node, **options)
    if isinstance(op, Shape | Shape_i):
        shape: Converted = jax_funcify(op, node=node, **options)
        return shape
    if all(map(_may_be_shape, [*node.inputs, *node.outputs])):
        return _convert_on_shapes(op, node, **options)
    converted: Converted = jax_funcify(op, node=node, **options)
    if isinstance(op, Elemwise) and isinstance(op.scalar_op, _CURVES) and jax.default_backend() == "cpu":
        # the barrier keeps XLA from merging
        return lambda x: jax.lax.optimization_barrier(converted(x))
    return converted


def _convert_on_shapes(op: Any, node: Any, **options: Any) -> Converted:
    """Convert an operation on lengths: to PyTensor's own Python code where they are known, to JAX where they are data."""
    traced = jax_funcify(op, node=node, **options)

    def call(*values: Any) -> Any:
        if not all(map(_is_known, values)):
            return traced(*values)
        inputs = [_as_python_input(v, value) for v, value in zip(node.inputs, values, strict=True)]
        results = _compute_elemwise(op, node, inputs) if isinstance(op, Elemwise) else _perform(op, node, inputs)
        return results if len(results) > 1 else results[0]

    return call


def _as_python_input(variable: Any, value: Any) -> Any:
    """Return a known value as PyTensor's Python code takes it: an array, or a number for a scalar type."""
    array = numpy.asarray(value, dtype=variable.type.dtype)
    return array if isinstance(variable.type, TensorType) else array[()]


def _compute_elemwise(op: Any, node: Any, inputs: list[Any]) -> tuple[Any, ...]:
    """Return the outputs of an elementwise operation, whose own Python code keeps state between nodes in PyTensor 3.0."""
    results = numpy.frompyfunc(op.scalar_op.impl, len(inputs), len(node.outputs))(*inputs)
    # NumPy returns one output as it is; PyTensor 3.0 makes one operation of several lengths
    several = results if len(node.outputs) > 1 else (results,)
    return tuple(numpy.asarray(value, dtype=v.dtype) for v, value in zip(node.outputs, several, strict=True))


def _perform(op: Any, node: Any, inputs: list[Any]) -> tuple[Any, ...]:
    """Return the outputs of an operation as its Python code computes them."""
    cells: list[list[Any]] = [[None] for _ in node.outputs]
    op.perform(node, inputs, cells)
    return tuple(cell[0] for cell in cells)


def _convert_broadcast_sums(op: Any) -> Converted:
    """Convert to a loop over the rows."""
    axes = [output.owner.op.axis for output in op.fgraph.outputs]
    over_rows = [summed is None or 0 in summed for summed in axes]
    converted = _convert_graph(op.fgraph)

    def call(*inputs: Any) -> Any:
        results = sum_row_by_row(converted, over_rows, inputs)
        return results if len(results) > 1 else results[0]

    return call


def _convert_split(op: Any) -> Converted:
    """Convert a split into parts of known sizes; the axis is an attribute of the operation, or its second input in PyTensor 3.0."""

    def call(x: Any, *rest: Any) -> Any:
        axis = int(rest[0]) if len(rest) == 2 else op.axis
        return jnp.split(x, numpy.cumsum(rest[-1])[:-1], axis=axis)

    return call


def _convert_advanced_inc_subtensor(op: Any) -> Converted:
    """Convert setting or adding at positions that are data.

    PyTensor 3.0 checks the shapes, and refuses a batch of a single word.
    """

    def call(x: Any, y: Any, *indices: Any) -> Any:
        place = x.at[tuple(indices_from_subtensor(indices, op.idx_list))]
        return place.set(y) if op.set_instead_of_inc else place.add(y)

    return call


def _convert_inc_subtensor(op: Any, node: Any, **options: Any) -> Converted:
    """Convert setting or adding to a part of an array, to a plain copy if the part is a block.

    PyTensor's conversion is a scatter, which is slower, and which XLA fails on where all of it is constant (jaxlib 0.10 and 0.12).
    """
    scatter = jax_funcify(op, node=node, **options)

    def call(x: Any, y: Any, *indices: Any) -> Any:
        block = _find_block(indices_from_subtensor(indices, op.idx_list), jnp.shape(x))
        if block is None:
            return scatter(x, y, *indices)
        starts, sizes, kept = block
        part = jnp.broadcast_to(y, [size for size, keeps in zip(sizes, kept, strict=True) if keeps]).reshape(sizes)
        if not op.set_instead_of_inc:
            part = part + jax.lax.dynamic_slice(x, starts, sizes)
        part = part.astype(x.dtype)
        return part if part.shape == jnp.shape(x) else jax.lax.dynamic_update_slice(x, part, starts)

    return call


def _find_block(indices: Sequence[Any], shape: tuple[int, ...]) -> tuple[list[int], list[int], list[bool]] | None:
    """Return, by axis, the start and the length of the indexed part, and whether the axis is still one in the result.

    None where the part has gaps or its position is data.

    Raises:
        IndexError: the position is out of range.
    """
    starts, sizes, kept = [], [], []
    for axis, length in enumerate(shape):
        index = indices[axis] if axis < len(indices) else slice(None)
        if isinstance(index, slice):
            bounds = (index.start, index.stop, index.step)
            if not all(map(_is_known, bounds)):
                return None
            start, stop, step = slice(*(None if bound is None else int(bound) for bound in bounds)).indices(length)
            if step != 1:
                return None
            starts.append(start)
            sizes.append(max(stop - start, 0))
        else:
            if not _is_known(index) or numpy.ndim(index):
                return None
            start = int(index) + (length if int(index) < 0 else 0)
            if not 0 <= start < length:  # JAX would move the block to where it fits; the words are those of checkify
                raise IndexError(f"index {start} is out of bounds for axis {axis} with size {length}")
            starts.append(start)
            sizes.append(1)
        kept.append(isinstance(index, slice))
    return starts, sizes, kept


def _convert_scan(op: Any, node: Any, **options: Any) -> Converted:
    """Convert a scan as PyTensor does, around an inner graph that is converted here.

    PyTensor passes everything to the inner function as part of the loop's state, where even lengths become data; those that are
    known outside are put back by ``_convert_inner_graph``, which PyTensor calls with ``last``.
    """

    def call(*outer: Any) -> Any:
        constants = op.outer_non_seqs(list(outer))
        values = [value if _is_known(value) and numpy.ndim(value) < 2 else None for value in constants]
        return _convert_plain_scan(op, node=node, last=values, **options)(*outer)

    return call


@jax_funcify.register(AbstractFunctionGraph)  # type: ignore[untyped-decorator]
def _convert_inner_graph(fgraph: Any, last: Sequence[Any] = (), **options: Any) -> Converted:
    """Convert the inner graph of a scan or another operation, instead of PyTensor's own conversion.

    Args:
        last: the known values of its last inputs, None for the others.
    """
    converted = _convert_graph(fgraph, **options)
    first = len(fgraph.inputs) - len(last)

    def call(*arguments: Any) -> Any:
        end = [carried if value is None else value for value, carried in zip(last, arguments[first:], strict=True)]
        return converted(*arguments[:first], *end)

    return call
