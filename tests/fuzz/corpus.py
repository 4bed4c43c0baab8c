"""What the search begins with: sound inputs of each reader, and those that once hung it, filled memory or ended in a traceback."""

from __future__ import annotations

import io
import json
import pickle
import pickletools
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from lnpatch.recipes.recipe import RECIPES
from lnpatch.training.run_folder import RunInfo, RunState
from tests.fuzz.readers import BETWEEN_FILES

_FIXTURES = Path(__file__).parents[1] / "fixtures"

_RUN = asdict(
    RunInfo(
        target="demo",
        cell="lngru",
        baseline=False,
        runtime="pytensor",
        device="cpu",
        smoke=True,
        checkout="demo",
        commit="0" * 40,
        modified=False,
        command="lnpatch train demo",
        settings={"dim": 32, "lrate": 0.01},
        arguments=(),
        versions={"lnpatch": "0.1.0"},
        state=RunState.DONE,
        updates=2,
    )
)
_UPDATES = [
    {"epoch": 0, "update": 1, "cost": 2.5, "seconds": 0.1, "elapsed": 0.1},
    {"update": 1, "elapsed": 0.2, "validation": {"error": 0.5}},
    {"epoch": 0, "update": 2, "cost": 2.25, "seconds": 0.1, "elapsed": 0.3},
]


def source_corpus() -> list[bytes]:
    """Return files of Python 2 and 3: our own fixtures, spellings that libcst cannot read, and deep nests."""
    spellings = [
        "x = 1\r\nif x:\r\n\tprint x,\r\n",
        "def f(x):\n    return(x if x else not(x))\n",
        "if(x): y = x in(lambda: 1)()\nelif(y):pass\n",
        "print (yield)\nprint >>f, 1, `x`, 0777L, ur'\\u1234' <> x\nexec 'x' in y\n",
        "x[. . .]\nx = 1if y else 2\nasync = 1\nlambda (a, b): a\n",
        "\ufeff# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        "x = f'{a!r:{b}}' if (y := 1) else f'''{x\n}'''\nmatch x:\n    case [1, *_]: pass\n",
        "raise E, 'a', t\ntry: pass\nexcept E, e: pass\n\x0c\nclass A: x = 1; y = 2\n",
    ]
    nests = [
        "(" * 3000 + ")" * 3000,
        "x = " + "[" * 3000 + "]" * 3000,
        "x = " + "{1:" * 3000 + "1" + "}" * 3000,
        "x = " + "-" * 20000 + "1",
        "x = " + "not " * 20000 + "1",
        "x = " + "lambda: " * 5000 + "1",
        "if x: pass\n" + "elif x: pass\n" * 1200,
        "if x: pass\n" + "elif x: pass\n" * 10000,
        "x = a" + ".a" * 20000,
        "x = " + "a+" * 20000 + "a",
        "x = " + "a**" * 20000 + "a",
        "x = " + "f(" * 3000 + ")" * 3000,
        "x = a" + "[0]" * 20000,
        "x = " + "a if b else " * 5000 + "c",
        "".join(" " * depth + "if x:\n" for depth in range(150)) + " " * 150 + "pass\n",
        "x = f'{" + "(" * 3000 + ")" * 3000 + "}'",
        "x = f'{a" + "[0]" * 2500 + "}'",
        "x = f'{a" + ":{a" * 3000 + "}" * 3000 + "}'",
        "x = " + "9" * 5000,
        "x = '" + "\\N{x}" * 100 + "'",
        "x = 1\x00\n",
    ]
    fixtures = [path.read_bytes() for path in sorted(_FIXTURES.rglob("*.py"))]
    return [text.encode("utf-8") for text in spellings + nests] + fixtures


def recipe_corpus() -> list[bytes]:
    """Return the recipes, and TOML that a parser stumbles over."""
    broken = [
        "name = " + "[" * 5000,
        "a = " + "9" * 5000,
        "a" + ".a" * 5000 + " = 1",
        "name = '\x00'\n",
        "name = 2016-99-99\n",
        'name = "\\ud800"\n',
        "a = inf\nb = nan\n",
    ]
    recipes = [path.read_bytes() for path in (*sorted(RECIPES.glob("*.toml")), *sorted(_FIXTURES.glob("*.toml")))]
    return [*recipes, *(text.encode() for text in broken), b"\xff\xfe", b"name = '\xe9'\n"]


def configuration_corpus() -> list[bytes]:
    """Return configuration files, and what a recipe's reader stumbles over."""
    own = [
        'runtime = "pytensor"\noutput = "~/x"\n[data]\nskip-thoughts = "books.txt"\n[mirror]\na = "https://x/y"\n',
        'lnpatch = 1\n[tool.lnpatch]\ndata = ""\n',
        '"tool"."lnpatch".data."a.b" = 1\n',
        "data = [1]\nmirror = {a = {b = 1}}\nruntime = 1979-05-27\n",
        "runtime = 1\n" * 2000,
        'output = "\\u0000"\n',
        "data = '''\n" * 100,
    ]
    return [*(text.encode() for text in own), *recipe_corpus()]


def pickle_corpus() -> list[bytes]:
    """Return pickles of all protocols, and floods."""
    value = {"dim": 32, "words": ["a", "b"], "rate": 0.01, "big": 1 << 70, "t": (None, True, b"x"), "s": {1, 2}}
    sound = [pickle.dumps(value, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    floods = [
        b"}" * 100_000 + b".",
        b"\x8f" * 100_000 + b".",
        b"(" * 100_000 + b".",
        b"]" + b"2" * 100_000 + b".",
        b"]q\x00" + b"h\x00a" * 1000 + b".",
        b"I" + b"9" * 5000 + b"\n.",
        b"L" + b"9" * 5000 + b"L\n.",
        b"\x8b\xff\xff\xff\x7f.",
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x04("
        + b"".join(b"\x8a\x08" + (i * (2**61 - 1)).to_bytes(8, "little", signed=True) for i in range(4))
        + b"d.",
    ]
    return sound + [pickletools.optimize(data) for data in sound] + floods


def archive_corpus() -> list[bytes]:
    """Return archives of arrays as NumPy writes them, and damaged ones."""
    arrays = {"Wemb": np.zeros((3, 2), "f4"), "b": np.arange(4), "history_errs": np.array([])}
    sound = [_archive(arrays), _archive({"U": np.asfortranarray(np.ones((2, 3)))}, zipfile.ZIP_DEFLATED)]
    objects = io.BytesIO()
    np.savez(objects, x=np.array([{}], dtype=object))
    huge = _archive({}, members={"W.npy": _header("<f4", (1 << 40, 1 << 40))})
    odd = [
        {"../W.npy": b""},
        {"W.npy": b"\x93NUMPY\x09\x00"},
        {"W.npy": _header("|V8", (1,))},
        {"W/": b""},
        {"W": b"x"},
    ]
    broken = [sound[0][:-30], sound[0][40:], sound[0].replace(b"<f4", b"|O8"), b"PK\x05\x06" + bytes(18)]
    return [*sound, objects.getvalue(), huge, *(_archive({}, members=members) for members in odd), *broken]


def _archive(
    arrays: Mapping[str, np.ndarray], compression: int = zipfile.ZIP_STORED, members: Mapping[str, bytes] = {}
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, array in arrays.items():
            data = io.BytesIO()
            np.save(data, array)
            archive.writestr(f"{name}.npy", data.getvalue())
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def _header(descr: str, shape: tuple[int, ...]) -> bytes:
    data = io.BytesIO()
    np.lib.format.write_array_header_1_0(data, {"descr": descr, "fortran_order": False, "shape": shape})
    return data.getvalue()


def run_folder_corpus() -> list[bytes]:
    """Return the two files of a run's folder, whole and damaged."""
    updates = "".join(json.dumps(entry) + "\n" for entry in _UPDATES).encode()
    info = json.dumps(_RUN).encode()
    damaged = [
        *(json.dumps(_RUN | {key: wrong}).encode() for key in _RUN for wrong in (None, -1, [], {"x": []}, "\x1b[2J")),
        b"[" * 100_000,
        b'{"state": ' + b"9" * 5000 + b"}",
        b"\xff\xfe{}",
    ]
    lines = [
        updates[:-20],
        updates.replace(b"2.5", b"NaN").replace(b"2.25", b"1e999"),
        updates.replace(b'"update": 2', b'"update": ' + b"9" * 5000),
        updates.replace(b'"error"', b'"\\u001b[2J' + b"x" * 10_000 + b'"'),
        b"[" * 100_000 + b"\n" + updates,
    ]
    pairs = [(info, updates), *((broken, updates) for broken in damaged), *((info, broken) for broken in lines)]
    return [BETWEEN_FILES.join(pair) for pair in pairs]


def log_corpus() -> list[bytes]:
    """Return logs of trainings."""
    update = "Epoch  0 Update  1 Cost  2.5 UD  0.1\n"
    lines = [
        update * 3 + "Valid cost 1.5 error 0.5\nNaN detected\n",
        update.replace("1 ", "9" * 5000 + " "),
        update.replace("2.5", "[ 2.5]").replace("0.1", "nan"),
        'lnpatch-event {"event": "compiled", "shapes": {"3x4": ["x"]}, "compiled": 1, "bound": 2, "seconds": 0.5}\n',
        'lnpatch-event {"event": "compiled", "shapes": 1, "compiled": [], "bound": "x", "seconds": null}\n',
        "lnpatch-event " + "[" * 50_000 + "\n",
        "Epoch " + " " * 50_000 + "\n",
        "x" * 200_000,
    ]
    return [line.encode() for line in lines]


#: The corpus of each reader.
CORPORA = {
    "source": source_corpus,
    "recipe": recipe_corpus,
    "configuration": configuration_corpus,
    "pickle": pickle_corpus,
    "archive": archive_corpus,
    "run_folder": run_folder_corpus,
    "log": log_corpus,
}
