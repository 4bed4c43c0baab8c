"""The text of modeling.py: the classes of one model, and what they are made of, in one file that needs PyTorch alone."""

from __future__ import annotations

import inspect
import re

from lnpatch.pretrained.modeling import base
from lnpatch.pretrained.modeling.base import Pretrained
from lnpatch.torch import cells

_HEAD = '''\
"""{title} in PyTorch: the model in this folder, which needs torch and safetensors alone.

    from modeling import {name}

    model = {name}.from_pretrained(".")

Written by lnpatch {version}; the parameters have the names and shapes of the Theano repository's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

'''

#: What stands between the imports of a module and the part that is taken.
_MARK = re.compile(r"^# -- \w+ --\n", re.MULTILINE)


def write_modeling(model: type[Pretrained], title: str, version: str) -> str:
    """Return the text of a model's modeling.py."""
    head = _HEAD.format(title=title, name=model.__name__, version=version)
    parts = [_MARK.split(inspect.getsource(module), maxsplit=1)[1].strip("\n") for module in (cells, base)]
    own = inspect.getmodule(model)
    assert own is not None  # it is a module of ours
    parts.append(_MARK.split(inspect.getsource(own), maxsplit=1)[1].strip("\n"))
    return head + "\n\n\n".join(parts) + "\n"
