"""
The attentive reader: its data from a folder of the user's, and the validation error of a saved model. For Python 2.7 and 3.
"""
import importlib
import os
import sys

from launch_checks import require_parameters
from launch_saves import dump_pickle, load_pickle

#: The layers make the learnt initial states, which load_initial_states sees to.
LATE_PARAMETERS = True
INTEGERS = (int, long) if sys.version_info[0] == 2 else (int,)  # noqa: F821


def get_package_prefix(job):
    """Return what stands before the names of the repository's modules: "att_reader." where they are a package's."""
    return job["call"].rpartition(".")[0] + "." if "." in job["call"] else ""


def import_module(job, name):
    """Import one of the repository's modules."""
    return importlib.import_module(get_package_prefix(job) + name)


def prepare(job):
    """
    Prepare a training: say where the data is, check it when it is read, and load what the repository's own reload leaves out.
    """
    use_data(job)
    check_data_when_read(import_module(job, "pkl_data_iterator"))
    arguments = job["arguments"]
    if "--reloadm" in arguments:
        folder = arguments[arguments.index("--model_dir") + 1]
        path = os.path.join(folder, arguments[arguments.index("--model") + 1])
        reader = import_module(job, "attentive_reader")
        load_last(reader, path)
        load_initial_states(job, reader, path)
    return []


def load_last(reader, path):
    """
    Have a training go on from the model that was saved last, the one at path.

    The repository takes the best of an earlier validation, where there is one; the updates after it would be counted and lost.
    """
    load_params = reader.load_params

    def load(named, *args, **kwargs):
        return load_params(path, *args, **kwargs)

    reader.load_params = load


def check_data_when_read(iterator):
    """Have the data checked as soon as it is read, which is before anything is compiled."""
    reader_class = iterator.DataIterator
    read = reader_class.__init__

    def read_and_check(self, *args, **kwargs):
        read(self, *args, **kwargs)
        message = find_fault(self)
        if message:
            sys.exit("lnpatch: " + message)

    reader_class.__init__ = read_and_check


def find_fault(data):
    """Return why the data of an iterator of the repository's cannot be trained on; "" where it can."""
    parts = [(data.desc_file, data.dvals), (data.q_file, data.qvals), (data.ans_file, data.avals)]
    for path, part in parts:
        if not isinstance(part, list) or not all(isinstance(ids, list) for ids in part):
            return "%s: expected a list of lists of word ids" % path
        if len(part) != len(data.dvals):
            return "%s has %d entries, and %s %d" % (path, len(part), data.desc_file, len(data.dvals))
    if len(data.dvals) < data.batch_size:
        return "%s: no batch can be made: %d stories, and batches of %d" % (data.desc_file, len(data.dvals), data.batch_size)
    for path, part in parts:
        shortest = 1 if path == data.ans_file else 2
        for number, ids in enumerate(part):
            # 0 ends a story and a question, which needs a word before it; an answer is one word
            if len(ids) < shortest or shortest == 1 and len(ids) != 1:
                return "%s: entry %d has %d word ids" % (path, number, len(ids))
            wrong = [i for i in ids if not isinstance(i, INTEGERS) or not 0 <= i <= data.vsize]
            if wrong:
                return "%s: entry %d has the word id %r, and the dictionary goes to %d" % (path, number, wrong[0], data.vsize)
    return ""


def load_initial_states(job, reader, path):
    """
    Have build_model load the learnt initial states too: its layers make them, so load_params does not know of them.

    Only then is it known which parameters there are.
    """
    import numpy

    build_model = reader.build_model

    def build_and_load(tparams, *args, **kwargs):
        loaded = set(tparams)
        built = build_model(tparams, *args, **kwargs)
        require_parameters(job, path, {key: tparams[key].get_value() for key in tparams})
        stored = numpy.load(path)
        for key in tparams:
            if key not in loaded and key in stored.files:
                tparams[key].set_value(stored[key])
        return built

    reader.build_model = build_and_load


def use_data(job):
    """Have get_data_files name the files in job["data"], instead of those in somebody's home."""
    iterator = import_module(job, "pkl_data_iterator")
    get_named_files = iterator.get_data_files

    def get_data_files(*args, **kwargs):
        train, valid, vocabulary = get_named_files(*args, **kwargs)
        return [move(path) for path in train], [move(path) for path in valid], move(vocabulary)

    def move(path):
        return os.path.join(job["data"], os.path.basename(path))

    iterator.get_data_files = get_data_files


def evaluate(job):
    """Compute the error and the cost over the part of the data in job["split"], by the repository's own eval_model."""
    import scipy.sparse

    use_data(job)
    reader = import_module(job, "attentive_reader")
    load_initial_states(job, reader, job["model"])
    with open(job["model"] + ".pkl", "rb") as file:
        options = load_pickle(file)
    _, valid_files, vocabulary = import_module(job, "pkl_data_iterator").get_data_files(mode=job["mode"])
    # it names no test files, and reads them as it does those to validate
    files = [rename_split(path, job["split"]) for path in valid_files]
    _, data, _ = reader.load_pkl_data(
        valid_file_paths=files,
        batch_size=options["valid_batch_size"],
        vocab=vocabulary,
        eyem=scipy.sparse.eye(options["n_words_q"], format="csr"),
        use_sent_reps=False,
    )
    tparams = reader.init_tparams(reader.load_params(job["model"], reader.init_params(options)))
    built = reader.build_model(tparams, options, reader.prepare_data, data, cost_mask=None)
    _, use_noise, inputs, returned, cost, errors, ent_errors, ent_derrors, probs = built
    names = ["desc", "word_mask", "q", "q_mask", "ans", "wlen", "qlen"]
    outputs = [cost, errors, probs, returned["dec_alphas"]] + [output for output in (ent_errors, ent_derrors) if output]
    use_noise.set_value(0.0)
    function = reader.theano.function([inputs[name] for name in names], outputs)
    if data.done:
        data.reset()
    costs, errs = reader.eval_model(function, reader.prepare_data, options, data, use_sent_rep=False)[:2]
    return {"error": float(errs.mean()), "cost": float(costs.mean())}


def export(job, texts, features):
    """Return the probabilities of the answers, [N, words], to the second half of the texts about the first half."""
    reader = import_module(job, "attentive_reader")
    load_initial_states(job, reader, job["model"])
    with open(job["model"] + ".pkl", "rb") as file:
        options = load_pickle(file)
    with open(job["dictionary"], "rb") as file:
        ids = load_pickle(file)
    tparams = reader.init_tparams(reader.load_params(job["model"], reader.init_params(options)))
    built = reader.build_model(tparams, options, reader.prepare_data, None, cost_mask=None)
    _, use_noise, inputs, _, _, _, _, _, probs = built
    use_noise.set_value(0.0)
    names = ["desc", "word_mask", "q", "q_mask", "wlen", "qlen"]
    function = reader.theano.function([inputs[name] for name in names], probs, on_unused_input="ignore")
    numbers = [[ids[word] for word in text.split()] + [0] for text in texts]
    count = len(numbers) // 2
    desc, desc_mask, q, q_mask, wlen, qlen = reader.prepare_data(numbers[:count], numbers[count:])
    return {"probabilities": function(desc, desc_mask, q, q_mask, wlen, qlen)}


def rename_split(path, split):
    """Return the path of another part of the data: test4_pass.pkl for valid4_pass.pkl."""
    folder, name = os.path.split(path)
    return os.path.join(folder, name.replace("valid", split, 1))


def smoke(folder):
    """
    Write 96, 48 and 48 little stories about numbered entities, with a question whose answer is one of them.

    The repository's format: lists of word ids that end in 0, answers as one-element lists. Without the repair, its validation
    fails where all batches have the same length, or where there is only one; so each 48 grow longer.
    """
    import numpy

    rng = numpy.random.RandomState(2016)
    entities = ["@entity%d" % i for i in range(6)]
    words = entities + "went to the sea and saw a boat then he came home who did that @placeholder".split()
    ids = {word: i + 1 for i, word in enumerate(sorted(set(words)))}
    write_pickle(os.path.join(folder, "dict.pkl"), ids)
    fillers = ["and", "then", "he", "came", "home", "the", "boat"]
    for split, size in [("train", 96), ("valid", 48), ("test", 48)]:
        stories, questions, answers = [], [], []
        for i in range(size):
            who, other = [entities[k] for k in rng.permutation(len(entities))[:2]]
            length = 1 + (i * 7 % 12 if split == "train" else i // 4)
            padding = [fillers[k] for k in rng.randint(0, len(fillers), length)]
            story = [who] + "went to the sea and saw a boat".split() + padding + [other, "came", "home"]
            question = "who went to the sea".split() + ["@placeholder"] + padding[: i % 3]
            stories.append([ids[word] for word in story] + [0])
            questions.append([ids[word] for word in question] + [0])
            answers.append([ids[who]])
        for name, value in [("pass", stories), ("qs", questions), ("ans", answers)]:
            write_pickle(os.path.join(folder, "%s4_%s.pkl" % (split, name)), value)


def write_pickle(path, value):
    """Write a pickle that both Pythons read."""
    with open(path, "wb") as file:
        dump_pickle(value, file, 2)
