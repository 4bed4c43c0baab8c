"""
Run one job of a repository's own code, in the repository's own Python: train, evaluate, encode, or make tiny data.

    PYTHON -u launch.py JOB

JOB is a JSON object, made by lnpatch/training/jobs.py. The current folder is the one that the repository expects to be
run in. What the repository prints is passed on as it is; the outcome is written to a file, as a JSON object. Nothing of
the repository is changed on disk. For Python 2.7 and 3.

Every job has

    job           str    "train", "evaluate", "encode" or "smoke"
    launcher      str    NAME of the adapter launch_NAME.py beside this file, "" where the repository needs none
    path          [str]  absolute folders, put before all others on the module search path, in this order
    result        str    absolute path of the file for the outcome, replaced as a whole; "" writes none

and, unless it is "smoke",

    call          str    "module:function" of the repository: its trainer, also where the job is "evaluate" or "encode";
                         adapters take the package of the repository's modules from it
    added_cells   [str]  cells that are added to the repository's table in memory ("lstm"); may be missing
    layers        str    the importable name of the module with that table; given along with added_cells
    arrays        [str]  what stands in a model's .npz beside its parameters

"train" runs until the trainer returns, max_updates are done, or the user stops it:

    entry         str    what a user would start: a script ("driver.py") or a module ("package.module"), whose call of
                         the trainer gets the settings; "" where the trainer is called directly
    arguments     [str]  the command line of the entry
    settings      {str: str|int|float|bool}  keyword arguments of the trainer, over those of the repository
    optimizers    [str]  "module:function" of each optimizer; the first function that one makes begins an update
    max_updates   int or null  the updates after which to stop; null for no limit
    seed          int or null  of random and numpy.random; null leaves them alone
    compares_parameters  bool  whether the outcome says which parameters the updates have changed
    folders       [str]  folders to make where they are missing, relative to the current one
    data          str    absolute path of the user's data, a file or a folder; "" where the repository has its own
    updates_before  int  the updates of the earlier parts of the run
    saved         str    absolute path of the file that says which update the saved model belongs to; "" writes none
    held_out      {} or null  the sentences that are kept out of training, and how their cost is computed:
      data        str      absolute path of the text
      every       int      the updates from one computation to the next, counted over all parts of the run
      cost        str      the trainer's variable with the function that gives the cost of a batch
      between     str      "module:function" that the trainer calls between two updates
    answers       int or null  the descriptor of a pipe: lnpatch writes a byte for each event "saving", when it has written
                         down all updates so far; null where nobody reads along
    saves         [{}]   what to save where the trainer is stopped, and the first of them wherever it saves itself; in order,
                         each with
      file        str      path of the .npz
      parameters  str      name of the trainer's variable that holds the parameters
      arrays      {str: str}  further arrays in the .npz: their name there to the trainer's variable
      pickles     {str: str}  further files: the trainer's variable to the path of its pickle
      copies      {str: str}  further files: path to path
      if_missing  bool     whether a file that is there already is kept
    Paths in saves are filled in from the trainer's variables, as "{saveto}.pkl".

    outcome: {"state": "done"|"stopped", "settings": {...} as they were used, "updates": int,
              "saved": [str], paths, what the trainer has not saved itself,
              "parameters": {"count": int, "unchanged": [str], "finite": bool}, only then and where it was asked for}

"evaluate" gives the figures of the repository's own evaluation:

    model         str    absolute path of the .npz, with its pickle beside it as both NAME.npz.pkl and NAME.pkl
    named         {str: str}  what messages call the model and other files: path to path
    data          str    as above
    tasks         [str]  what is evaluated, one after the other; [] where the repository has one evaluation
    settings      {str: str|int|float|bool}  hyperparameters of what an evaluation trains
    tokenized     bool   whether the sentences in the data are tokens separated by blanks
    word2vec_binary  bool  whether the file "word2vec" is of the binary format; missing where there is none
    and each of the recipe's options of the job, str by name: "split" (order-embeddings, attentive-reader), "mode"
    (attentive-reader), "dictionary" and "word2vec" (skip-thoughts)

    outcome: {"state": "done"}; as soon as an evaluation has ended, it is printed as an event, {"event": "evaluated",
             "task": str, "figures": {str: float}, "seconds": float}

"encode" writes a vector for each sentence:

    model, named         as above
    input         str    absolute path of a text file, UTF-8, one sentence a line, none of them empty
    output        str    absolute path of the .npy to write, float32 [sentences, dim], replaced as a whole
    tokenized     bool   whether the sentences are tokens separated by blanks
    word2vec_binary  bool  whether the file "word2vec" is of the binary format
    and each of the recipe's options of the job, str, absolute paths by name: "dictionary", "word2vec" (skip-thoughts);
    "" for one that is not given

    outcome: {"state": "done", "shape": [int, int]}

"export" writes what the model computes, for an export to be compared with:

    model, named, tokenized, word2vec_binary and the recipe's options, as for "encode"
    texts         str    absolute path of a text file, UTF-8, one text of tokens a line; a reader's questions after its passages
    features      str    absolute path of an .npy, the features of images [N, F]; [N, 0] for a model that takes none
    outputs       str    absolute path of the .npz to write, of float32 arrays

    outcome: {"state": "done"}

All three refuse a file that cannot be used:

    outcome: {"state": "refused", "kind": "model"|"word2vec"|"text", "file": str, "details": [str], "advice": str}

"smoke" writes tiny data in the repository's own format:

    folder        str    absolute path of the folder to write it to, made where it is missing

    outcome: {"state": "done"}

An adapter has any of these functions, for the jobs that its repository supports:

    prepare(job)             before a training: may change job["settings"]; returns the trainer's positional arguments
    held_out_batches(variables, sentences)  returns functions that give the inputs of job["held_out"]["cost"], a batch
                             each; variables are the trainer's, by name. Inputs of which the first is None are left out
    count_words(inputs)      returns how many words the cost of a batch is summed over, None where it cannot tell
    evaluate(job)            returns the figures, {str: float}
    open_tasks(job)          returns a function from a task to its figures, where job["tasks"] has some
    encode(job, sentences)   returns the vectors, [sentences, dim]
    export(job, texts, features)  returns the outputs, arrays by name
    smoke(folder)            writes the tiny data
    LATE_PARAMETERS          True, where layers make parameters after load_params; it then checks those itself

Exits with 0, with 130 where Ctrl-C has ended it before anything was saved, and else as the repository's code does.
"""
from __future__ import print_function

import importlib
import json
import os
import random
import runpy
import sys
import time

import launch_checks

HERE = os.path.dirname(os.path.abspath(__file__))


def to_native_strings(value):
    """
    Convert the strings in a value of JSON to str: JSON gives unicode under 2.7, where the repositories expect bytes.
    """
    if isinstance(value, dict):
        return {to_native_strings(key): to_native_strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_native_strings(item) for item in value]
    return value if isinstance(value, (str, bytes)) or not hasattr(value, "encode") else value.encode("utf-8")


def import_owner(name):
    """Import the module of "module:attribute"; return it and the attribute's name."""
    module, _, attribute = name.partition(":")
    return importlib.import_module(module), attribute


def train(job, adapter):
    """Train to the end, to job["max_updates"], or until a signal; save what the trainer has not saved by then."""
    import launch_saves
    import launch_updates

    for folder in job["folders"]:
        if not os.path.isdir(folder):
            os.makedirs(folder)
    if job["seed"] is not None:
        seed_generators(job["seed"])
    positional = adapter.prepare(job) if hasattr(adapter, "prepare") else []
    settings = job["settings"]
    record = launch_saves.SaveRecord(job["saved"], job["updates_before"], job["answers"])
    counter = launch_updates.UpdateCounter(job["max_updates"], job["saves"], record)
    module, name = import_owner(job["call"])
    trainer = getattr(module, name)
    for optimizer in job["optimizers"]:
        owner, function = import_owner(optimizer)
        counter.watch(owner, function, trainer)
    counter.watch_saves(module)
    counter.count_words = getattr(adapter, "count_words", None)
    held_out = None
    if job["held_out"]:
        import launch_held_out

        held_out = launch_held_out.HeldOutCost(job, adapter, counter)
        held_out.watch()
    before = counter.keep_parameters(job["saves"][0]["parameters"]) if job["compares_parameters"] else None

    def call_trainer(*args, **kwargs):
        return trainer(*args, **dict(kwargs, **settings))

    outcome = {"state": "done", "settings": settings}
    try:
        counter.stop_on_signals()
        if job["entry"]:
            # an entry of the repository looks its trainer up in the module, so it finds this one
            setattr(module, name, call_trainer)
            run_entry(job["entry"], job["arguments"])
        else:
            call_trainer(*positional)
        outcome["saved"] = counter.save_rest()
    except launch_updates.StopTraining as stop:
        outcome["state"] = stop.state
        if job["compares_parameters"]:
            parameters = counter.variables()[job["saves"][0]["parameters"]]
            outcome["parameters"] = launch_updates.compare_parameters(before, parameters)
        outcome["saved"] = counter.save(job["saves"])
    if held_out and outcome["state"] == "done" and counter.cost_is_finite:
        with counter.stop_on_signals():
            held_out.report()
    outcome["updates"] = counter.count
    return outcome


def seed_generators(seed):
    """Seed the generators that the repositories draw from; here, since NumPy is not needed for every job."""
    import numpy

    random.seed(seed)
    numpy.random.seed(seed)


def run_entry(entry, arguments):
    """Run a script ("driver.py") or a module ("package.module") as a user would, with a command line."""
    sys.argv = [entry] + arguments
    if entry.endswith(".py"):
        runpy.run_path(entry, run_name="__main__")
    else:
        runpy.run_module(entry, run_name="__main__", alter_sys=True)


def evaluate(job, adapter):
    """Print the figures of the repository's own evaluation of job["model"], or of those in job["tasks"]."""
    evaluate_task = adapter.open_tasks(job) if job["tasks"] else lambda task: adapter.evaluate(job)
    for task in job["tasks"] or [""]:
        start = time.time()
        figures = evaluate_task(task)
        print_event({"event": "evaluated", "task": task, "figures": figures, "seconds": time.time() - start})
    return {"state": "done"}


def encode(job, adapter):
    """Write the vectors of the sentences in job["input"] to job["output"], float32 [sentences, dim]."""
    import numpy

    sentences = read_lines(job["input"])
    vectors = numpy.asarray(adapter.encode(job, sentences), dtype="float32")
    require_finite(job, vectors, len(sentences))
    with open(job["output"] + ".tmp", "wb") as file:
        numpy.save(file, vectors)
    os.rename(job["output"] + ".tmp", job["output"])
    return {"state": "done", "shape": list(vectors.shape)}


def export(job, adapter):
    """Write what the repository's own code computes of the model, for an export to be compared with."""
    import numpy

    outputs = adapter.export(job, read_lines(job["texts"]), numpy.load(job["features"]))
    with open(job["outputs"], "wb") as file:
        numpy.savez(file, **{name: numpy.asarray(output, dtype="float32") for name, output in outputs.items()})
    return {"state": "done"}


def require_finite(job, vectors, count):
    """Refuse vectors that are no numbers, or not one for each sentence."""
    import numpy

    path = job["named"].get(job["input"], job["input"])
    if len(vectors) != count:
        raise launch_checks.RefusedFile("text", path, ["%d vectors for %d sentences" % (len(vectors), count)])
    lines = [str(line) for line in 1 + numpy.flatnonzero(~numpy.isfinite(vectors).all(axis=1))]
    if lines:
        raise launch_checks.RefusedFile("text", path, ["no finite vector for line %s" % ", ".join(lines[:10])])


def make_smoke_data(job, adapter):
    """Write tiny data in the repository's own format to the folder job["folder"]."""
    if not os.path.isdir(job["folder"]):
        os.makedirs(job["folder"])
    adapter.smoke(job["folder"])
    return {"state": "done"}


def read_lines(path):
    """Read the lines of a text file as the repositories take them: bytes under 2.7, UTF-8 under 3; no empty ones."""
    with open(path) if sys.version_info[0] == 2 else open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip()]


def print_event(event):
    """Print an event for lnpatch, {"event": str, ...}; the repository's code may be in the middle of a line."""
    sys.stdout.flush()
    sys.stderr.write("\nlnpatch-event %s\n" % json.dumps(event))
    sys.stderr.flush()


def write_json(path, value):
    """Write a value as JSON, whole or not at all."""
    with open(path + ".tmp", "w") as file:
        json.dump(value, file, indent=2)
    os.rename(path + ".tmp", path)


JOBS = {"train": train, "evaluate": evaluate, "encode": encode, "export": export, "smoke": make_smoke_data}


def main(text):
    """Run the job; return the exit status."""
    job = to_native_strings(json.loads(text))
    # The repositories' modules have names such as utils and tools: theirs come first, this script's folder last.
    sys.path[:1] = job["path"]
    sys.path.append(HERE)
    launch_checks.guard_loading(job["path"])
    adapter = importlib.import_module("launch_" + job["launcher"]) if job["launcher"] else None
    for cell in job.get("added_cells", []):
        import launch_baseline

        launch_baseline.CELLS[cell](importlib.import_module(job["layers"]))
    if job["job"] != "smoke":
        launch_checks.watch_load_params(job, getattr(adapter, "LATE_PARAMETERS", False))
    try:
        outcome = JOBS[job["job"]](job, adapter)
    except launch_checks.RefusedFile as refused:
        if job["job"] == "train":
            sys.exit(str(refused))
        outcome = {"state": "refused", "kind": refused.kind, "file": refused.path}
        outcome.update(details=refused.details, advice=refused.advice)
    if job["result"]:
        write_json(job["result"], outcome)
    return 1 if outcome["state"] == "refused" else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
