"""The three real repositories: what was ported compiles everywhere, and computes what it did under Python 2.7."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lnpatch.folders import templates
from tests.conftest import FIXTURES, Output, contents
from tests.test_upstream import TARGETS

pytestmark = pytest.mark.upstream
Cli = Callable[..., Output]

SCRIPT = FIXTURES / "ported_behaviour.py"


@pytest.fixture(scope="session")
def python2_numpy() -> Path:
    """A Python 2.7 that has NumPy."""
    python = Path(os.environ.get("LNPATCH_THEANO_PYTHON", ""))
    if not python.is_file():
        pytest.skip("LNPATCH_THEANO_PYTHON names no Python 2.7 with NumPy")
    return python


@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
@pytest.mark.parametrize("target", TARGETS)
def test_what_is_ported_compiles(
    lnpatch: Cli,
    upstream: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    cell: str,
) -> None:
    checkout, out = tmp_path / "checkout", tmp_path / "out"
    assert lnpatch("apply", target, "--from", upstream(target), "--dir", checkout, "--cell", cell).code == 0
    before = contents(checkout)
    report = lnpatch("port", target, "--dir", checkout, "--output", out, "--format", "json")
    assert report.code == 0, report.err
    assert contents(checkout) == before
    unsolved = ["codes/att_reader/data_iterator.py"] if target == "attentive-reader" else []  # which nothing imports
    assert [remark["path"] for remark in report.json["remarks"]] == unsolved
    first = contents(out)
    command = [sys.executable, "-W", "error", "-m", "compileall", "-q", out]
    compiled = subprocess.run(command, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stdout
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "another"))
    assert lnpatch("port", target, "--dir", checkout, "--output", tmp_path / "again").code == 0
    assert contents(tmp_path / "again") == first


WORDS = [f"w{i}" for i in range(40)] + ["café", "naïve", "a\xa0b", "…"]


def make_data(folder: Path, python2: Path) -> None:
    """Data for all three, with words that are not ASCII, blanks that are not ASCII's, and lengths that vary."""
    import numpy

    rng = random.Random(1)
    (folder / "images" / "10crop").mkdir(parents=True)
    for split, images in (("train", 40), ("val", 6), ("test", 6)):
        numpy.save(folder / "images" / "10crop" / f"{split}.npy", numpy.full((images, 3), images, "float32"))
        lines = [rng.choices(WORDS, k=rng.randrange(2, 9)) for _ in range(5 * images)]
        text = "\n".join(" ".join(line) + (" lone \r return \t" if i % 7 == 0 else "") for i, line in enumerate(lines))
        (folder / f"{split}.txt").write_bytes(text.encode())
    sentences = [rng.choices(WORDS, k=rng.randrange(2, 12)) for _ in range(150)]
    (folder / "corpus.txt").write_bytes("".join(" ".join(words) + "\n" for words in sentences).encode())
    code = """
import cPickle, random, sys
from collections import OrderedDict
random.seed(2)
words = [('w%d' % i, i) for i in range(1, 60)] + [('@entity%d', 60 + i) for i in range(9)] + [('caf\\xc3\\xa9', 70)]
cPickle.dump(OrderedDict((word % i if "%" in word else word, i) for word, i in words), open('dict.pkl', 'wb'))
for split, size in [('train', 22), ('valid', 14)]:
    draw = lambda least: [[random.randrange(1, 71) for _ in range(random.randrange(least, 3 * least))] + [0] for _ in range(size)]
    for part, value in [('pass', draw(6)), ('qs', draw(3)), ('ans', [[60 + random.randrange(9)] for _ in range(size)])]:
        cPickle.dump(value, open('%s4_%s.pkl' % (split, part), 'wb'), random.randrange(3))
"""
    subprocess.run([python2, "-c", code], cwd=folder, check=True)


def result(python: Path | str, directory: Path, target: str, data: Path, out: Path) -> Any:
    out.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(templates() / "pytensor"), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONUTF8"] = "1"
    run = subprocess.run([python, SCRIPT, target, data, out], cwd=directory, env=environment, capture_output=True)
    assert run.returncode == 0, run.stderr.decode()
    return json.loads(run.stdout)


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_results_as_under_python2(
    lnpatch: Cli,
    upstream: Callable[[str], Path],
    python2_numpy: Path,
    tmp_path: Path,
    target: str,
) -> None:
    checkout, copy, data = (tmp_path / name for name in ("checkout", "copy", "data"))
    assert lnpatch("apply", target, "--from", upstream(target), "--dir", checkout).code == 0
    assert lnpatch("port", target, "--dir", checkout, "--output", copy).code == 0
    make_data(data, python2_numpy)
    today = result(sys.executable, copy, target, data, tmp_path / "3")
    then = result(python2_numpy, checkout, target, data, tmp_path / "2")
    assert len(today) == len(then)
    for i, (ported, original) in enumerate(zip(today, then, strict=True)):
        assert ported == original, i

    # what one Python has written, the other reads
    if target == "skip-thoughts":
        for python, directory, wrote in ((sys.executable, copy, "2"), (python2_numpy, checkout, "3")):
            (data / "dictionary.pkl").write_bytes((tmp_path / wrote / "dictionary.pkl").read_bytes())
            assert result(python, directory, target, data, tmp_path / f"reads {wrote}") == today
