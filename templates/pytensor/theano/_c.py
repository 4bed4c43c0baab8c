"""The C backend: PyTensor compiles a function once, for all shapes."""

from collections.abc import Sequence
from typing import Any

import pytensor

from theano._callable import Function


class CFunction(Function):
    """A function that PyTensor compiles to C at its first call."""

    compiled: Any = None

    def compute(self, values: Sequence[Any]) -> list[Any]:
        if self.compiled is None:
            self.compiled = pytensor.function(
                self.graph.inputs,
                self.graph.outputs,
                updates=self.graph.updates,
                no_default_updates=True,  # they are among graph.updates already
                mode="CVM",
                name=self.name,
                on_unused_input="ignore",
                allow_input_downcast=self.allow_input_downcast,
            )
        results: list[Any] = self.compiled(*values)
        return results
