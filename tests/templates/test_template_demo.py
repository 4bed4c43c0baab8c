"""The embedded repository: Python 2 in the style of 2016, trains as it is and with layer normalization."""

import ast
import re
import shutil
import subprocess

import pytest

from tests.conftest import assert_compiles


def add_cell(repository, layers_folder, cell):
    """Do by hand what lnpatch does: the definitions into layers.py, the entry into the table."""
    layers = repository / "layers.py"
    text = layers.read_text("ascii")
    for name in ("ln", cell, f"state_argument/{cell}"):
        source = (layers_folder / f"{name}.py").read_text("ascii")
        first = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
        text += "\n\n" + "".join(source.splitlines(keepends=True)[first.lineno - 1 :])
    entry = f"layers = {{'{cell}': ('param_init_{cell}', '{cell}_layer'),\n          "
    assert text.count("layers = {") == 1
    layers.write_text(text.replace("layers = {", entry), "ascii")


def test_it_is_python_2(demo_folder, python2):
    assert_compiles(python2, demo_folder, [path.name for path in demo_folder.glob("*.py")])


@pytest.mark.parametrize("name", ["train.py", "model.py"])
def test_it_is_not_python_3(demo_folder, name):
    with pytest.raises(SyntaxError, match="print"):
        ast.parse((demo_folder / name).read_text("ascii"))


def test_the_layers_module_is_both(demo_folder):
    ast.parse((demo_folder / "layers.py").read_text("ascii"))


def test_the_corpus_is_sixty_different_sentences(demo_folder):
    sentences = (demo_folder / "corpus.txt").read_text("ascii").splitlines()
    assert len(set(sentences)) == len(sentences) == 60
    assert all(re.fullmatch(r"[a-z]+( [a-z]+)+", sentence) for sentence in sentences)


@pytest.mark.parametrize("encoder", ["gru", "lngru", "lnlstm"])
def test_it_trains(demo_folder, layers_folder, tmp_path, theano_python, theano_environment, encoder):
    if subprocess.run([theano_python, "-c", "import sys; sys.exit(sys.version_info[0] != 2)"]).returncode:
        pytest.skip("LNPATCH_THEANO_PYTHON is a Python 3")
    repository = tmp_path / "demo"
    shutil.copytree(demo_folder, repository)
    if encoder != "gru":
        add_cell(repository, layers_folder, encoder)
    train = repository / "train.py"
    text = train.read_text("ascii")
    assert text.count("encoder='gru',") == text.count("max_epochs=20,") == 1
    text = text.replace("encoder='gru',", f"encoder='{encoder}',").replace("max_epochs=20,", "max_epochs=5,")
    train.write_text(text, "ascii")

    result = subprocess.run(
        [theano_python, "train.py"],
        cwd=repository,
        env=theano_environment("mode=FAST_COMPILE"),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )

    progress = re.findall(r"^Epoch  (\d+) Update  (\d+) Cost  ([\d.]+) UD  [\d.e-]+$", result.stdout, re.MULTILINE)
    assert [(int(epoch), int(update)) for epoch, update, _ in progress] == [(i // 4, i + 1) for i in range(20)]
    costs = [float(cost) for _, _, cost in progress]
    assert sum(costs[-4:]) < 0.9 * sum(costs[:4])
    assert (repository / "model.npz").is_file()
    assert (repository / "model.npz.pkl").is_file()
