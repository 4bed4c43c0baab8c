"""``evaluation.json`` in a run's folder: what the evaluations of its model gave, for reports that are made later."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lnpatch import __version__
from lnpatch.errors import BadModelError, FileError, NotARunError
from lnpatch.files import atomic_write, sha256_of_file
from lnpatch.runtimes.open_runtime import OpenRuntime
from lnpatch.training.data import digest_data
from lnpatch.training.evaluation_data import EvaluationData
from lnpatch.training.models import Model
from lnpatch.training.output import Evaluated
from lnpatch.training.run_folder import read_number, time_now

EVALUATION = "evaluation.json"

#: The packages whose versions belong to an evaluation.
_VERSIONS = ("python", "theano", "pytensor", "jax", "numpy", "scipy", "scikit-learn", "gensim", "nltk")

#: Bytes of an ``evaluation.json``; lnpatch writes some thousands.
_LARGEST = 10_000_000

#: The version of the format.
_FORMAT = 1


@dataclass(frozen=True)
class RecordedEvaluation:
    """The figures of a model in one task, and what they were computed with."""

    #: By name, as the evaluation gives them; NaN for one that was no number.
    figures: Mapping[str, float]
    seconds: float
    #: The path of the data; empty for tiny data that was made for the evaluation.
    data: str
    #: The SHA-256 of its files.
    data_sha256: str
    #: The SHA-256 of the model's .npz.
    model_sha256: str
    #: ``theano`` or ``pytensor``.
    runtime: str
    #: Versions of lnpatch, Python and packages.
    versions: Mapping[str, str]
    #: When it ended, in UTC.
    finished: str


@dataclass(frozen=True)
class EvaluationRecorder:
    """Writes the evaluations of a run's model to its folder, each as soon as it has ended; made by :func:`make_recorder`."""

    model: Model
    data: EvaluationData
    #: The SHA-256 of the files of each evaluation.
    data_sha256: Mapping[str, str]
    model_sha256: str
    runtime: str
    versions: Mapping[str, str]

    @property
    def file(self) -> Path:
        """The file that is written."""
        return self.model.folder / EVALUATION

    def require_same_model(self) -> None:
        """Refuse a model that was replaced since; call it when the model has been copied.

        Raises:
            BadModelError: the run has saved another one.
        """
        if sha256_of_file(self.model.file) != self.model_sha256:
            reason = "the run has replaced the model meanwhile"
            raise BadModelError(str(self.model.file), reason, "Evaluate it again, or when the run has ended.")

    def record(self, task: str, event: Evaluated) -> None:
        """Write an evaluation down.

        Raises:
            NotARunError, FileError: as :func:`record_evaluation`.
        """
        evaluation = RecordedEvaluation(
            event.figures,
            round(event.seconds, 3),
            self.data.path if self.data.is_kept else "",
            self.data_sha256[task],
            self.model_sha256,
            self.runtime,
            self.versions,
            time_now(),
        )
        record_evaluation(self.model.folder, task, evaluation)


def make_recorder(model: Model, data: EvaluationData, runtime: OpenRuntime) -> EvaluationRecorder | None:
    """Return what writes evaluations to the folder of the run that has made a model.

    None for a model of no run, and for tiny data that is not the run's own: its figures say nothing about the model.

    Raises:
        NotARunError: there is an ``evaluation.json`` that lnpatch has not written.
        FileError: the model or the data cannot be read.
    """
    if model.run is None or (data.smoke and not model.run.smoke):
        return None
    read_evaluations(model.folder)
    try:
        model_sha256 = sha256_of_file(model.file)
        digests = {task: digest_data(Path(data.path), files) for task, files in data.files.items()}
    except OSError as error:
        raise FileError(str(error.filename or model.file), error.strerror or str(error)) from error
    packages = {name: version for name in _VERSIONS if (version := runtime.environment.version(name))}
    return EvaluationRecorder(model, data, digests, model_sha256, runtime.name, {"lnpatch": __version__, **packages})


def read_evaluations(folder: Path) -> dict[str, RecordedEvaluation]:
    """Read the evaluations of a run's model, by task; none where there was no evaluation.

    The task is the part of the data, such as ``test``, where the repository has one evaluation. An evaluation of a model
    that the run has replaced since has another ``model_sha256`` than its file.

    Raises:
        NotARunError: the file is not one that lnpatch writes.
    """
    file = folder / EVALUATION
    try:
        if not file.exists():
            return {}
        if not file.is_file() or file.stat().st_size > _LARGEST:
            raise ValueError("it is no file that lnpatch writes")
        table = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(table, dict) or not isinstance(table.get("evaluations"), dict):
            raise ValueError("expected a table with evaluations")
        return {task: _parse_evaluation(task, entry) for task, entry in table["evaluations"].items()}
    except (OSError, ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise NotARunError(str(folder), f"{file} cannot be read: {reason}", ()) from error


def read_figures(folder: Path) -> dict[str, dict[str, float]]:
    """Return the finite figures of a run's model by task; none where it was not evaluated, or the file cannot be read."""
    try:
        evaluations = read_evaluations(folder)
    except NotARunError:
        return {}
    return {
        task: {name: value for name, value in one.figures.items() if math.isfinite(value)}
        for task, one in evaluations.items()
    }


def record_evaluation(folder: Path, task: str, evaluation: RecordedEvaluation) -> None:
    """Write an evaluation down, beside those of other tasks with the same model; those of an earlier model are dropped.

    Raises:
        NotARunError: what is there is not what lnpatch writes.
        FileError: it cannot be written.
    """
    kept = {
        name: other
        for name, other in read_evaluations(folder).items()
        if name != task and other.model_sha256 == evaluation.model_sha256
    }
    table = {
        "format": _FORMAT,
        "evaluations": {name: _as_json(one) for name, one in {**kept, task: evaluation}.items()},
    }
    try:
        atomic_write(folder / EVALUATION, (json.dumps(table, indent=2) + "\n").encode())
    except OSError as error:
        raise FileError(str(folder / EVALUATION), error.strerror or str(error)) from error


def _as_json(evaluation: RecordedEvaluation) -> dict[str, Any]:
    """Return an evaluation as it is written: a figure that is no number, as a correlation may be, is null."""
    figures = {name: value if math.isfinite(value) else None for name, value in evaluation.figures.items()}
    return {**asdict(evaluation), "figures": figures}


def _parse_evaluation(task: str, entry: Any) -> RecordedEvaluation:
    """Return one evaluation of the file.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(entry, dict):
        raise ValueError(f"{task}: expected a table")
    texts = [entry.get(name) for name in ("data", "data_sha256", "model_sha256", "runtime", "finished")]
    figures, versions = entry.get("figures"), entry.get("versions")
    if not isinstance(figures, dict) or not isinstance(versions, dict) or not all(isinstance(t, str) for t in texts):
        raise ValueError(f"{task}: a key is missing, or has a value that lnpatch does not write")
    return RecordedEvaluation(
        {name: read_number(value) for name, value in figures.items()},
        read_number(entry.get("seconds")),
        entry["data"],
        entry["data_sha256"],
        entry["model_sha256"],
        entry["runtime"],
        {name: str(version) for name, version in versions.items()},
        entry["finished"],
    )
