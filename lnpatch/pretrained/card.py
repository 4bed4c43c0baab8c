"""README.md of an exported model: what it is, how it does, how it is used, whose it is, what to cite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from lnpatch import __version__
from lnpatch.errors import LnpatchError
from lnpatch.files import sha256_of_file
from lnpatch.pretrained.comparison import Comparison
from lnpatch.pretrained.modeling.base import Pretrained
from lnpatch.recipes.recipe import Recipe
from lnpatch.training.evaluations import read_evaluations
from lnpatch.training.final_cost import final_cost
from lnpatch.training.models import Model
from lnpatch.training.run_folder import read_run

_USE = {
    "SkipThoughts": """\
model = SkipThoughts.from_pretrained(".")
vectors = model.encode(["a dog runs on the beach .", "nobody is there ."])  # [2, {dim}], of length 1
""",
    "OrderEmbeddings": """\
model = OrderEmbeddings.from_pretrained(".")
sentences = model.encode_sentences(["a dog runs on the beach"])  # [1, {dim}]
images = model.encode_images(features)  # of [N, {features}], as VGG19 gives them
model.score(sentences, images)  # [1, N], smaller is better
""",
    "AttentiveReader": """\
model = AttentiveReader.from_pretrained(".")
model.answer([passage], [question])  # [(word, probability)]
""",
}

#: What the graphs take.
_ONNX = [
    "The ONNX graphs take the numbers of words (int64) and their mask (float32, 1 for a word), [words, texts] each; a word's number is",
    "its line in `vocabulary.txt`, from 0. Sentences of order-embeddings end with the number 0, which the mask counts as a word.",
    "",
]

_CITATION = """\
@article{ba2016layer,
  title = {Layer Normalization},
  author = {Ba, Jimmy Lei and Kiros, Jamie Ryan and Hinton, Geoffrey E.},
  journal = {arXiv preprint arXiv:1607.06450},
  year = {2016}
}
"""


def write_card(
    built: Pretrained,
    model: Model,
    recipe: Recipe,
    cells: Mapping[str, str],
    files: Sequence[str],
    comparisons: Sequence[Comparison],
) -> str:
    """Return the text of the card.

    Args:
        cells: the names of the model's cells, by the hyperparameters that hold them.
        files: the names of the files in the folder.
        comparisons: what the export was compared with.
    """
    name = type(built).__name__
    features = built.config["shapes"].get("ff_image_W", [0])[0]
    head = {
        "license": recipe.repository.license.lower(),
        "library_name": "pytorch",
        "tags": ["layer-normalization", recipe.name, *sorted(set(cells.values()))],
        "pipeline_tag": "question-answering" if name == "AttentiveReader" else "sentence-similarity",
    }
    lines = [
        "---",
        *(f"{key}: {json.dumps(value)}" for key, value in head.items()),
        "---",
        "",
        f"# {recipe.title}: {', '.join(sorted(set(cells.values())))}",
        "",
        f"A model of [{recipe.name}]({recipe.repository.url}), exported to PyTorch by lnpatch {__version__}.",
        f"{recipe.paper}.",
        "",
        f"{len(built.words)} words, states of {built.config['dim']} numbers. The words are tokens, with blanks between them.",
        "",
        *(_describe_code(name, built.config["dim"], features) if "modeling.py" in files else []),
        *(_ONNX if any(file.endswith(".onnx") for file in files) else []),
        f"The folder has: {', '.join(f'`{file}`' for file in files)}.",
        "",
        *(
            f"Checked on {one.inputs} inputs against {one.runtime}: no output differs by more than {one.difference:.1e}."
            for one in comparisons
        ),
        "",
        *_metrics(model),
        "## License and citation",
        "",
        f"The repository's code is under {recipe.repository.license}; its data may have terms of its own.",
        "",
        "```bibtex",
        *_CITATION.splitlines(),
        "```",
    ]
    return "\n".join(lines) + "\n"


def _describe_code(name: str, dim: int, features: int) -> list[str]:
    """Return how modeling.py is used."""
    use = _USE[name].format(dim=dim, features=features)
    needs = "`modeling.py` needs torch and safetensors."
    return ["```python", f"from modeling import {name}", "", *use.splitlines(), "```", "", needs, ""]


def _metrics(model: Model) -> list[str]:
    """Return the section on how the model was trained and how it does, where a run says so."""
    if model.run is None:
        return []
    try:
        run = read_run(model.folder)
        evaluations = read_evaluations(model.folder)
    except LnpatchError:  # the model itself is sound, and a card needs no figures
        return []
    rows = [f"| updates | {run.info.updates} |"]
    cost = final_cost(run.costs)
    if cost is not None:
        rows.append(f"| cost at the end | {cost:.6g} |")
    if run.validations:
        rows += [f"| validation: {name} | {value:.6g} |" for name, value in run.validations[-1].figures.items()]
    sha256 = sha256_of_file(model.file)
    for task, evaluation in evaluations.items():
        if evaluation.model_sha256 != sha256:
            continue
        rows += [f"| {task}: {name} | {value:.6g} |" for name, value in evaluation.figures.items()]
    tiny = ["It was trained on tiny data made for a trial: its figures mean nothing.", ""] if run.info.smoke else []
    settings = ", ".join(f"{name} {value}" for name, value in sorted(run.info.settings.items()))
    return [
        "## Training",
        "",
        *tiny,
        f"Trained by the repository's own code on {run.info.runtime} ({run.info.device}), cell {run.info.cell}.",
        *([f"Hyperparameters that were set: {settings}."] if settings else []),
        "",
        "| | |",
        "|---|---|",
        *rows,
        "",
    ]
