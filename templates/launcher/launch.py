"""
Runs one job of a repository's own code, in the repository's own Python: train, evaluate, encode, or make tiny data.

    PYTHON -u launch.py JOB

JOB is a JSON object, made by lnpatch/runtime/jobs.py; it is run in the folder that the repository expects to be in. What
the repository prints is passed on as it is; the outcome is written to the file job["result"], as a JSON object. Nothing of
the repository is changed on disk. For Python 2.7 and 3.
"""
from __future__ import print_function

import importlib
import json
import os
import random
import runpy
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def native(value):
    """A value of JSON with the strings that this Python takes for names and paths: bytes under 2.7, where JSON gives unicode."""
    if isinstance(value, dict):
        return {native(key): native(item) for key, item in value.items()}
    if isinstance(value, list):
        return [native(item) for item in value]
    return value if isinstance(value, (str, bytes)) or not hasattr(value, "encode") else value.encode("utf-8")


def attribute(name):
    """The module and the attribute's name of "module:attribute"."""
    module, _, attribute_name = name.partition(":")
    return importlib.import_module(module), attribute_name


def train(job, adapter):
    """Trains to the end, to job["max_updates"], or until Ctrl-C; what the trainer has not saved by then is saved."""
    import launch_updates

    for folder in job["folders"]:
        if not os.path.isdir(folder):
            os.makedirs(folder)
    if job["seed"] is not None:
        import numpy

        random.seed(job["seed"])
        numpy.random.seed(job["seed"])
    settings = job["settings"]
    positional = adapter.prepare(job) if hasattr(adapter, "prepare") else []
    updates = launch_updates.Updates(job["max_updates"])
    for optimizer in job["optimizers"]:
        updates.watch(*attribute(optimizer))
    module, name = attribute(job["call"])
    trainer = getattr(module, name)
    before = updates.keep_parameters_of(trainer, job["saves"][0]["parameters"]) if job["compared"] else None

    def call(*args, **kwargs):
        return trainer(*args, **dict(kwargs, **settings))

    outcome = {"state": "done", "settings": settings}
    try:
        with updates.stopping_on_signals():
            if job["entry"]:
                setattr(module, name, call)
                sys.argv = [job["entry"]] + job["arguments"]
                if job["entry"].endswith(".py"):
                    runpy.run_path(job["entry"], run_name="__main__")
                else:
                    runpy.run_module(job["entry"], run_name="__main__", alter_sys=True)
            else:
                call(*positional)
    except launch_updates.Stop as stop:
        outcome["state"] = stop.state
        names = launch_updates.locals_of(sys.exc_info()[2], trainer)
        if job["compared"]:
            write(job["compared"], launch_updates.compare(before, names[job["saves"][0]["parameters"]]))
        outcome["saved"] = [path for save in job["saves"] for path in launch_updates.save(save, names)]
    outcome["updates"] = updates.count
    return outcome


def evaluate(job, adapter):
    """The figures of the repository's own evaluation of job["model"]."""
    return {"state": "done", "figures": adapter.evaluate(job)}


def encode(job, adapter):
    """Writes the vectors of the sentences in job["input"] to job["output"], float32 [sentences, dim]."""
    import numpy

    vectors = numpy.asarray(adapter.encode(job, read_lines(job["input"])), dtype="float32")
    with open(job["output"] + ".tmp", "wb") as file:
        numpy.save(file, vectors)
    os.rename(job["output"] + ".tmp", job["output"])
    return {"state": "done", "shape": list(vectors.shape)}


def smoke(job, adapter):
    """Writes tiny data in the repository's own format to the folder job["folder"]."""
    if not os.path.isdir(job["folder"]):
        os.makedirs(job["folder"])
    adapter.smoke(job["folder"])
    return {"state": "done"}


def read_lines(path):
    """The lines of a text file as the repositories take them: bytes under 2.7, UTF-8 text under 3; empty ones left out."""
    with open(path) if sys.version_info[0] == 2 else open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip()]


def write(path, value):
    """Writes a value as JSON, whole or not at all."""
    with open(path + ".tmp", "w") as file:
        json.dump(value, file, indent=2)
    os.rename(path + ".tmp", path)


JOBS = {"train": train, "evaluate": evaluate, "encode": encode, "smoke": smoke}


def main(text):
    """Runs the job; the exit status."""
    job = native(json.loads(text))
    # The repositories' modules have names such as utils and tools: theirs come first, this script's folder last.
    sys.path[:1] = job["path"]
    sys.path.append(HERE)
    adapter = importlib.import_module("launch_" + job["launcher"]) if job["launcher"] else None
    for cell in job.get("added_cells", []):
        import launch_baseline

        launch_baseline.CELLS[cell](importlib.import_module(job["layers"]))
    outcome = JOBS[job["job"]](job, adapter)
    if job["result"]:
        write(job["result"], outcome)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
