"""The embedded repository, patched and in Python 3, trains with both backends."""

import json
import subprocess
import sys

import pytest

from lnpatch.folders import templates

CODE = """
import json, sys
import train
costs = train.trainer(max_epochs=20, encoder={cell!r}, saveto={path!r}, dim=16, dim_word=8)
print(json.dumps(costs), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def ported(tmp_path_factory):
    """The demo with both cells, in Python 3."""
    pytest.importorskip("fissix")
    folder = tmp_path_factory.mktemp("demo")
    for path in (templates() / "demo").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    layers = folder / "layers.py"
    source = layers.read_text().replace("layers = {", "layers = {'lngru': ('param_init_lngru', 'lngru_layer'), ")
    for name in ("ln", "lngru", "state_argument/lngru"):
        lines = (templates() / "layers" / f"{name}.py").read_text().splitlines()
        first = next(number for number, line in enumerate(lines) if line.startswith("def "))
        source += "\n\n" + "\n".join(lines[first:]) + "\n"
    layers.write_text(source)
    subprocess.run([sys.executable, "-m", "fissix", "-w", "-n", folder], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("cell", "backend"),
    [
        pytest.param("lngru", "jax", marks=pytest.mark.slow),
        pytest.param("gru", "jax", marks=pytest.mark.slow),
        pytest.param("lngru", "c", marks=pytest.mark.slow),
        pytest.param("gru", "c", marks=pytest.mark.slow),
    ],
)
def test_costs_fall(ported, run_python, backend, cell, tmp_path, monkeypatch):
    monkeypatch.chdir(ported)
    padding = {
        "buckets": {"T": [8, 16, 24]},
        "functions": [{"inputs": {"x": ["T", None], "mask": ["T", None]}, "masks": {"x": "mask"}, "outputs": [[]]}],
    }
    code = CODE.format(cell=cell, path=str(tmp_path / "model.npz"))
    done = run_python(
        backend, "-c", f"import sys; sys.path.insert(0, '.'); {code}", LNPATCH_PADDING=json.dumps(padding)
    )
    costs = json.loads(done.stderr.splitlines()[-1])
    quarter = len(costs) // 4
    assert sum(costs[-quarter:]) < 0.9 * sum(costs[:quarter])
    assert (tmp_path / "model.npz").exists()


@pytest.mark.slow
def test_the_check_of_the_layers_passes_on_jax(run_python, tmp_path):
    commands = (["apply"], ["check", "--runtime", "pytensor", "--backend", "jax", "--quick"])
    for command, *options in commands:
        done = run_python("jax", "-m", "lnpatch", command, "demo", "--dir", tmp_path / "demo", *options, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "gradients                              float64" in done.stdout
    assert "All checks passed." in done.stdout
