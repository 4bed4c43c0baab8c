"""Tables read into data classes: what a key was called earlier. All else is tested on recipes, in tests/targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from lnpatch.schema import Reader


@dataclass(frozen=True)
class Axis:
    renamed: ClassVar[Mapping[str, str]] = {"most": "buckets", "steps": "buckets"}

    buckets: tuple[int, ...]


@pytest.mark.parametrize(
    ("table", "problems"),
    [
        pytest.param({"buckets": [1]}, [], id="the new name"),
        pytest.param({"most": 1}, ["a.most: key `most` is now called `buckets`"], id="an old name, and nothing missing"),
        pytest.param({"buckets": [1], "steps": []}, ["a.steps: key `steps` is now called `buckets`"], id="both names"),
        pytest.param({}, ["a.buckets: missing; expected a list, each an integer"], id="no name"),
        pytest.param({"bucket": 1}, ["a.bucket: unknown key (did you mean buckets?); allowed: buckets",
                                     "a.buckets: missing; expected a list, each an integer"], id="another name"),
    ],
)  # fmt: skip
def test_renamed_keys(table: dict[str, Any], problems: list[str]) -> None:
    reader = Reader()
    axis = reader.table(Axis, table, "a")
    assert [str(problem) for problem in reader.problems] == problems
    assert axis == (None if problems else Axis((1,)))
