"""``theano.config``: PyTensor's, with the few settings of Theano that PyTensor lacks."""

from typing import Any

import pytensor

from theano._missing_names import explain_missing

#: Settings that the repositories read, and that have no effect here.
_FIXED = {"device": "cpu", "force_device": False, "compute_test_value": "off", "int_division": "int", "linker": "cvm"}


class Config:
    """Attribute access to the settings; ``floatX`` may be set at any time before a graph is built."""

    def __getattr__(self, name: str) -> Any:
        if name in _FIXED:
            return _FIXED[name]
        try:
            return getattr(pytensor.config, name)
        except AttributeError:
            raise AttributeError(explain_missing(f"theano.config.{name}"), name=name, obj=self) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED:  # all of the repositories set compute_test_value, a debugging aid
            return
        getattr(self, name)  # fails on an unknown setting, which PyTensor would accept
        setattr(pytensor.config, name, value)

    def __repr__(self) -> str:
        return f"<theano.config over {pytensor.config!r}>"


config = Config()
