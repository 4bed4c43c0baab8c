"""Layer normalization that is there: functions and options by their names."""

import pytest

from lnpatch.conventions import find_normalization
from lnpatch.source import Source


def names_in(text: str) -> list[tuple[str, int, bool]]:
    found = find_normalization(Source.read(text.encode(), "nmt.py").module, "nmt.py")
    return [(item.name, item.line, item.is_option) for item in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def ln(x, b, s): pass\n", [("ln", 1, False)]),
        ("def layer_norm(x): pass\n", [("layer_norm", 1, False)]),
        ("def layer_normalization(x): pass\n", [("layer_normalization", 1, False)]),
        ("class M:\n    def _ln(self): pass\n", [("M._ln", 2, False)]),
        (
            "def param_init_lngru(): pass\ndef lngru_layer(): pass\n",
            [("param_init_lngru", 1, False), ("lngru_layer", 2, False)],
        ),
        ("print 1\np.add_argument('--layer_normalisation')\n", [("--layer_normalisation", 2, True)]),
        ("o = dict(a=1)\nx = o['layernorm']\n", [("layernorm", 2, True)]),
        ("x = '--layer_norm'\ny = '--layer_norm'\n", [("--layer_norm", 1, True)]),
    ],
)
def test_normalization(text: str, expected: list[tuple[str, int, bool]]) -> None:
    assert names_in(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "def batch_norm(x): pass\n",
        "def normalize(x): pass\n",
        "def line(x): pass\n",
        "x = 'batch_normalization'\n",
        "def l2norm(x): pass\n",
    ],
)
def test_what_is_none(text: str) -> None:
    assert names_in(text) == []
