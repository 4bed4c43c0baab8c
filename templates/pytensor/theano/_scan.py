"""``theano.scan`` and its relatives: PyTensor's, which still return Theano's pair (outputs, updates), with a warning."""

import warnings
from collections.abc import Callable
from typing import Any

import pytensor
from pytensor.graph.basic import Variable
from pytensor.graph.replace import clone_replace
from pytensor.scan import views
from pytensor.tensor import cast

from theano import _backend


def _call_without_warning(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call one of PyTensor's functions that return both the outputs and the updates."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Scan return signature will change")
        return function(*args, **kwargs)


def _cast_to_int64(n_steps: Any) -> Any:
    """Cast a symbolic number of steps to the dtype of shapes: PyTensor fails on those of attentive-reader, which are uint32."""
    return cast(n_steps, "int64") if isinstance(n_steps, Variable) else n_steps


def scan(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    n_steps: Any = None,
    truncate_gradient: int | None = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
    profile: Any = False,
    allow_gc: bool | None = None,
    strict: bool = False,
    return_list: bool = False,
) -> tuple[Any, Any]:
    """Apply ``fn`` to one step of ``sequences`` after the other; return the outputs and the updates of shared variables.

    ``mode``, ``profile`` and ``allow_gc`` have no effect.

    Raises:
        NotImplementedError: a truncated gradient with the JAX backend, which PyTensor cannot convert.
    """
    if _backend.JAX and truncate_gradient not in (None, -1):
        raise NotImplementedError(
            "scan(truncate_gradient=...) works with the C backend only: LNPATCH_BACKEND=c, or `--backend c`"
        )
    result: tuple[Any, Any] = _call_without_warning(
        pytensor.scan,
        fn,
        sequences=sequences,
        outputs_info=outputs_info,
        non_sequences=non_sequences,
        n_steps=_cast_to_int64(n_steps),
        truncate_gradient=-1 if truncate_gradient is None else truncate_gradient,
        go_backwards=go_backwards,
        name=name,
        strict=strict,
        return_list=return_list,
    )
    return result


def map(
    fn: Callable[..., Any],
    sequences: Any,
    non_sequences: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Apply ``fn`` to every element; return the outputs and the updates."""
    result: tuple[Any, Any] = _call_without_warning(
        views.map, fn, sequences, non_sequences, truncate_gradient, go_backwards, name=name
    )
    return result


def reduce(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Return the last state of a scan, and the updates."""
    result: tuple[Any, Any] = _call_without_warning(
        views.reduce, fn, sequences, outputs_info, non_sequences, go_backwards, name=name
    )
    return result


def foldl(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Reduce from the first element to the last."""
    return reduce(fn, sequences, outputs_info, non_sequences, False, mode, name)


def foldr(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Reduce from the last element to the first."""
    return reduce(fn, sequences, outputs_info, non_sequences, True, mode, name)


def clone(
    output: Any, replace: Any = None, strict: bool = True, share_inputs: bool = True, copy_inputs: Any = None
) -> Any:
    """Return a copy of the graph of ``output``, a variable or a list, with the variables in ``replace`` replaced.

    Raises:
        NotImplementedError: ``share_inputs=False``, which the repositories do not use.
    """
    if not share_inputs:
        raise NotImplementedError("theano.clone(share_inputs=False) is not there in lnpatch's theano over PyTensor")
    return clone_replace(output, replace, rebuild_strict=strict)
