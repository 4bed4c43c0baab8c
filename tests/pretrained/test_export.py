"""``lnpatch export``: what is written, that it needs no lnpatch, and that nothing is left where anything fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FIXTURES, Output, folder_contents, make_checkout
from tests.pretrained.conftest import MODELS, MadeModel, draw, make_model
from tests.training.here_runtime import HereRuntime

torch = pytest.importorskip("torch")
import numpy  # noqa: E402

from lnpatch.pretrained import compare  # noqa: E402
from lnpatch.pretrained.build import build_model  # noqa: E402
from lnpatch.pretrained.compare import INPUTS, Inputs, compute_outputs, make_inputs  # noqa: E402
from lnpatch.pretrained.modeling.base import Pretrained  # noqa: E402
from lnpatch.pretrained.write import write_code, write_configuration, write_weights  # noqa: E402
from lnpatch.recipes import find_recipe  # noqa: E402
from lnpatch.runtimes import choose  # noqa: E402
from lnpatch.training.models import find_model  # noqa: E402

Run = Callable[..., Output]
ENCODER = str(FIXTURES / "encoder.toml")


def build(target: str, made: MadeModel) -> Pretrained:
    recipe = find_recipe(target)
    files = {"dictionary": made.arguments[1]} if made.arguments else {}
    return build_model(recipe.jobs["export"].architecture, find_model(str(made.file), recipe.jobs["train"]), files)


# The folder, without lnpatch

#: Loads a folder where lnpatch, NumPy and all else cannot be imported, and writes what it computes as JSON.
LOAD = """
import json, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("lnpatch", "theano", "pytensor", "jax", "nltk"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import modeling
name = json.load(open("config.json"))["architectures"][0]
model = getattr(modeling, name).from_pretrained(".")
if name == "SkipThoughts":
    result = model.encode(["the cat sees", "a dog"]).tolist()
elif name == "OrderEmbeddings":
    result = model.encode_sentences(["the cat sees", "a dog"]).tolist()
else:
    result = model.answer(["the cat sees", "a dog"], ["cat", "dog ."])
print(json.dumps(result))
"""


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize(("target", "cell"), MODELS[1:] + MODELS[:1])
def test_the_folder_needs_no_lnpatch(tmp_path: Path, target: str, cell: str) -> None:
    model = build(target, make_model(tmp_path / "model", target, cell))
    folder = tmp_path / "folder"
    folder.mkdir()
    written = write_configuration(model, folder) + write_weights(model, folder) + write_code(model, "A model", folder)
    assert sorted(written) == sorted(path.name for path in folder.iterdir())
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOAD], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    texts = ["the cat sees", "a dog"]
    own: dict[str, Callable[[Any], Any]] = {
        "skip-thoughts": lambda model: model.encode(texts).tolist(),
        "order-embeddings": lambda model: model.encode_sentences(texts).tolist(),
        "attentive-reader": lambda model: [list(each) for each in model.answer(texts, ["cat", "dog ."])],
    }
    assert json.loads(done.stdout) == own[target](model)


def test_the_code_is_read_as_code(tmp_path: Path) -> None:
    for target, cell in (("skip-thoughts", "lngru"), ("order-embeddings", "lngru"), ("attentive-reader", "lnlstm")):
        model = build(target, make_model(tmp_path / target, target, cell))
        write_code(model, "A model", tmp_path)
        text = (tmp_path / "modeling.py").read_text()
        compile(text, "modeling.py", "exec")
        assert "from lnpatch" not in text
        assert "pickle" not in text


@pytest.mark.slow
@pytest.mark.parametrize(("target", "cell"), MODELS)
def test_onnx(tmp_path: Path, target: str, cell: str) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    from lnpatch.pretrained.onnx import run_onnx, write_onnx

    flags = {"use_bidir": 1} if cell == "lnlstm" and target == "attentive-reader" else {}
    model = build(target, make_model(tmp_path, target, cell, **flags))
    write_onnx(model, tmp_path)
    drawn = make_inputs(model)
    # of one step, of one sample, and of as many as there are
    for texts in (drawn.texts, [drawn.texts[0].split()[0]] * len(drawn.texts)):
        inputs = Inputs(texts, drawn.features)
        own, theirs = compute_outputs(model, inputs), run_onnx(model, inputs, tmp_path)
        assert own.keys() == theirs.keys()
        assert max(abs(own[name] - theirs[name]).max() for name in own) < 1e-5


# The command

FILES = ["config.json", "vocabulary.txt", "model.safetensors", "modeling.py", "README.md"]


@pytest.fixture
def encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lnpatch: Run) -> Path:
    """A patched checkout of the encoder, whose own code computes something else than LN-GRU, and a run of it."""
    monkeypatch.setattr(choose, "runtimes", lambda: {"theano": HereRuntime, "pytensor": HereRuntime})
    toy = {name: (FIXTURES / "toy" / name).read_bytes() for name in ("layers.py", "optim.py")}
    root = make_checkout(tmp_path / "encoder", toy | folder_contents(FIXTURES / "encoder"))
    for arguments in (("apply", ENCODER), ("train", ENCODER, "--output", "run")):
        done = lnpatch(*arguments)
        assert done.code == 0, done.err
    with numpy.load("run/model.npz") as arrays:  # of zeros and ones, of which LN-GRU makes zeros
        drawn = {name: draw(*arrays[name].shape) for name in arrays.files}
    numpy.savez("run/model.npz", **drawn)
    return root


@pytest.fixture
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository's code computes what the export does, up to rounding."""

    def run(patched: object, model: Any, files: Any, inputs: Inputs, *others: object) -> Any:
        built = build_model("skip_thoughts", model, files)
        return {name: output + 1e-7 for name, output in compute_outputs(built, inputs).items()}

    monkeypatch.setattr(compare, "run_repository", run)


@pytest.mark.usefixtures("encoder", "agreeing")
def test_export(lnpatch: Run) -> None:
    done = lnpatch("export", ENCODER, "--model", "run", "-o", "out/here", "--format", "json")
    assert done.code == 0, done.err
    assert done.json["files"] == FILES
    assert sorted(path.name for path in Path("out/here").iterdir()) == sorted(FILES)
    assert [path.name for path in Path("out").iterdir()] == ["here"]
    (compared,) = done.json["comparisons"]
    assert (compared["runtime"], compared["inputs"]) == ("theano", INPUTS)
    assert compared["difference"] == pytest.approx(1e-7, rel=0.5)
    card = Path("out/here/README.md").read_text()
    assert card.startswith("---\nlicense: ")
    assert "from modeling import SkipThoughts" in card
    assert "| updates |" in card
    assert "@article{ba2016layer" in card
    config = json.loads(Path("out/here/config.json").read_text())
    assert config["architectures"] == ["SkipThoughts"]
    again = lnpatch("export", ENCODER, "--model", "run", "-o", "out/here")
    assert (again.code, "is not empty" in again.err) == (4, True)
    weights = lnpatch("export", ENCODER, "--model", "run", "-o", "weights", "--to", "safetensors")
    assert weights.code == 0, weights.err
    assert not Path("weights/modeling.py").exists()
    assert "modeling" not in Path("weights/README.md").read_text()
    assert "no output differs by more than" in weights.text


@pytest.mark.slow
@pytest.mark.usefixtures("encoder", "agreeing")
def test_onnx_alone(lnpatch: Run) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    done = lnpatch("export", ENCODER, "--model", "run", "-o", "graphs", "--to", "onnx", "--format", "json")
    assert done.code == 0, done.err
    assert done.json["files"] == ["config.json", "vocabulary.txt", "sentences.onnx", "README.md"]
    assert [one["runtime"] for one in done.json["comparisons"]] == ["theano", "onnxruntime"]
    assert "ONNX graphs take" in Path("graphs/README.md").read_text()


@pytest.mark.usefixtures("encoder")
def test_another_result_leaves_nothing(lnpatch: Run) -> None:
    before = sorted(Path().iterdir())
    done = lnpatch("export", ENCODER, "--model", "run", "-o", "exported")
    assert done.code == 1
    assert "was not exported: an output is off by" in done.err
    assert "Nothing was written" in done.err
    assert sorted(Path().iterdir()) == before


@pytest.mark.usefixtures("encoder", "agreeing")
def test_what_export_is_not_given(lnpatch: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lnpatch("export", ENCODER).code == 2  # no model
    assert lnpatch("export", "demo", "--model", "run").code == 2  # no such job
    Path("file").write_text("")
    assert lnpatch("export", ENCODER, "--model", "run", "-o", "file").code == 4
    monkeypatch.setattr("lnpatch.runtimes.torch_package.find_spec", lambda name: None)
    absent = lnpatch("export", ENCODER, "--model", "run")
    assert (absent.code, "needs the package torch" in absent.err) == (5, True)
    assert "-m pip install" in absent.err


# A model is used without a checkout


def test_encode_and_evaluate_without_a_checkout(lnpatch: Run, tmp_path: Path) -> None:
    made = make_model(tmp_path / "m", "order-embeddings", "lngru")
    Path("text.txt").write_text("the cat\na dog sees\n")
    done = lnpatch("encode", "order-embeddings", "--model", made.file, "--text", "text.txt", "--runtime", "torch")
    assert done.code == 0, done.err
    model: Any = build("order-embeddings", made)
    assert numpy.array_equal(numpy.load("vectors.npy"), model.encode_sentences(["the cat", "a dog sees"]).numpy())
    data = tmp_path / "data"
    (data / "images" / "10crop").mkdir(parents=True)
    features = numpy.random.default_rng(1).random((8, 7)).astype("float32")
    captions = [" ".join(model.words[2 + (i * k) % 8] for k in range(1, 6)) for i in range(40)]
    for split in ("val", "test"):
        numpy.save(data / "images" / "10crop" / f"{split}.npy", features)
        (data / f"{split}.txt").write_text("".join(f"{caption}\n" for caption in captions), encoding="utf-8")
    figures = lnpatch(
        *("evaluate", "order-embeddings", "--model", made.file, "--runtime", "torch"),
        "--data",
        data,
        "--format",
        "json",
    )
    assert figures.code == 0, figures.err
    found = figures.json["figures"]
    scores = model.score(model.encode_sentences(captions), model.encode_images(torch.from_numpy(features))).numpy()
    ranks = [(row < row[i // 5]).sum() for i, row in enumerate(scores)]
    assert found["t2i_meanr"] == pytest.approx(numpy.mean(ranks) + 1)
    assert found["t2i_r10"] == 100.0


def test_where_pytorch_does_not_serve(lnpatch: Run, tmp_path: Path) -> None:
    made = make_model(tmp_path / "m", "skip-thoughts", "lngru")
    refused = lnpatch("evaluate", "skip-thoughts", "--model", made.file, "--runtime", "torch", "--data", tmp_path)
    assert (refused.code, "trains classifiers" in refused.err) == (2, True)
    assert lnpatch("train", "skip-thoughts", "--runtime", "torch").code == 2
