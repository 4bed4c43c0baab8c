"""``theano.scan`` and its relatives: PyTensor's, with Theano's return value (outputs, updates)."""

import warnings
from collections.abc import Callable
from typing import Any

import pytensor
from pytensor.graph.basic import Variable
from pytensor.graph.replace import clone_replace
from pytensor.scan import views
from pytensor.tensor import cast

from theano import _engine


def _quiet(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Scan return signature will change")
        return function(*args, **kwargs)


def _int64(n_steps: Any) -> Any:
    """A symbolic number of steps in the dtype of shapes: PyTensor fails on those of attentive-reader, which are uint32."""
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
    """Run ``fn`` over ``sequences``; returns the outputs and the updates of shared variables, Theano's two.

    ``mode``, ``profile`` and ``allow_gc`` have no effect.

    Raises:
        NotImplementedError: a truncated gradient with the JAX engine, which PyTensor cannot convert.
    """
    if _engine.JAX and truncate_gradient not in (None, -1):
        raise NotImplementedError(
            "scan(truncate_gradient=...) works with the C engine only: LNPATCH_ENGINE=c, or `--engine c`"
        )
    result: tuple[Any, Any] = _quiet(
        pytensor.scan,
        fn,
        sequences=sequences,
        outputs_info=outputs_info,
        non_sequences=non_sequences,
        n_steps=_int64(n_steps),
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
    """``fn`` on every element."""
    result: tuple[Any, Any] = _quiet(
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
    """The last state of a scan."""
    result: tuple[Any, Any] = _quiet(views.reduce, fn, sequences, outputs_info, non_sequences, go_backwards, name=name)
    return result


def foldl(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """``reduce`` from the first element on."""
    return reduce(fn, sequences, outputs_info, non_sequences, False, mode, name)


def foldr(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """``reduce`` from the last element on."""
    return reduce(fn, sequences, outputs_info, non_sequences, True, mode, name)


def clone(
    output: Any, replace: Any = None, strict: bool = True, share_inputs: bool = True, copy_inputs: Any = None
) -> Any:
    """A copy of the graph of ``output`` (a variable or a list) with variables replaced."""
    if not share_inputs:
        raise NotImplementedError("theano.clone(share_inputs=False) is not there in lnpatch's theano over PyTensor")
    return clone_replace(output, replace, rebuild_strict=strict)
