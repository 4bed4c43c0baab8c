"""
Order-embeddings: what its README has people do around driver.py, load_model and the evaluation. For Python 2.7 and 3.
"""
import io
import os
import shutil
import sys


def prepare(job):
    """Point paths.py to the data; --resume needs the options where the trainer looks for them."""
    use_data(job)
    check_features(job["data"])
    load_from = job["settings"].get("load_from")
    if load_from:  # the trainer reads load_from + ".pkl" and the parameters from load_from itself
        shutil.copyfile(load_from[: -len(".npz")] + ".pkl", load_from + ".pkl")
    return []


def use_data(job):
    """Use the folder with the captions and the features in job["data"], instead of the one that paths.py names."""
    import paths

    for name in paths.dataset_dir:
        paths.dataset_dir[name] = job["data"]


def check_features(folder):
    """Refuse features that are not finite: the cost would become NaN as soon as one of them is drawn."""
    import numpy

    for split in ("train", "val", "test"):
        path = os.path.join(folder, "images", "10crop", split + ".npy")
        if not os.path.exists(path):
            continue
        features = numpy.load(path, mmap_mode="r")
        for start in range(0, len(features), 4096):
            finite = numpy.isfinite(features[start : start + 4096]).all(axis=1)
            if not finite.all():
                sys.exit("lnpatch: %s: row %d has a feature that is NaN or infinite" % (path, start + finite.argmin()))


def load_model(job):
    """Load the model, by the repository's own loader, which takes its path without the ending."""
    import tools

    return tools.load_model(job["model"][: -len(".npz")])


def evaluate(job):
    """Run ranking_eval_5fold; return the means over the folds of R@1, R@5, R@10, median and mean rank, in both directions."""
    import evaluation

    use_data(job)
    model = load_model(job)
    results = {"t2i": [], "i2t": []}
    for name in results:
        # ranking_eval_5fold prints the figures of its folds and returns nothing
        setattr(evaluation, name, keep_results(getattr(evaluation, name), results[name]))
    if count_images(job) > 4000:
        evaluation.ranking_eval_5fold(model, split=job["split"])
    else:  # the 5-fold evaluation has no images for its last folds
        rank_fold(evaluation, model, job["split"])
    figures = {}
    for name, folds in results.items():
        for i, figure in enumerate(["r1", "r5", "r10", "medr", "meanr"]):
            figures[name + "_" + figure] = sum(float(fold[i]) for fold in folds) / len(folds)
    return figures


def count_images(job):
    """Count the images in the part of the data that is evaluated on."""
    import numpy

    split = {"dev": "val"}.get(job["split"], job["split"])
    return len(numpy.load(os.path.join(job["data"], "images", "10crop", split + ".npy"), mmap_mode="r"))


def rank_fold(evaluation, model, split):
    """Rank one fold, as the trainer's own validation does it: the first 1000 images."""
    import datasets
    import tools

    dataset = datasets.load_dataset(model["options"]["data"], model["options"]["cnn"], load_train=False)[split]
    captions = tools.encode_sentences(model, dataset["caps"])
    errors = tools.compute_errors(model, captions, tools.encode_images(model, dataset["ims"]))
    evaluation.t2i(errors)
    evaluation.i2t(errors)


def keep_results(function, results):
    """Wrap a function, so that its results are kept in a list as well."""

    def call(*args, **kwargs):
        results.append(function(*args, **kwargs))
        return results[-1]

    return call


def encode(job, sentences):
    """Return the embeddings of tokenized sentences, in the order given."""
    import tools

    return tools.encode_sentences(load_model(job), sentences)


def export(job, texts, features):
    """Return the embeddings of tokenized sentences and of images, and the errors of all pairs."""
    import tools

    model = load_model(job)
    sentences = tools.encode_sentences(model, texts)
    images = tools.encode_images(model, features)
    return {"sentences": sentences, "images": images, "scores": tools.compute_errors(model, sentences, images)}


COLORS = ["red", "green", "blue", "black", "white", "brown"]
THINGS = ["cat", "dog", "bus", "boat", "table", "apple", "kite", "clock"]
PLACES = ["on the grass", "in a street", "near the water", "in a kitchen"]
FORMS = ["a {0} {1} {2}", "there is a {0} {1} {2}", "{2} a {0} {1}", "one {1} {2} , it is {0}", "the {0} {1} is {2} today"]
SIZES = [("train", 256), ("val", 60), ("test", 5000)]


def smoke(folder):
    """
    Write images of a thing in a colour at a place: 18 features that say which (one-hot, with noise, of unit norm), 5 captions.

    The 5-fold evaluation takes five times 1000 images and 5000 captions, so there are 5000 of the test split. No two
    images of the validation split are of the same: between equal captions, rounding would decide which ranks first.
    """
    import numpy

    rng = numpy.random.RandomState(2016)
    os.makedirs(os.path.join(folder, "images", "10crop"))
    for split, size in SIZES:
        kinds = [len(names) for names in (COLORS, THINGS, PLACES)]
        drawn = rng.choice(numpy.prod(kinds), size, replace=size > numpy.prod(kinds))
        parts = numpy.unravel_index(drawn, kinds)
        blocks = [numpy.eye(len(names))[part] for names, part in zip((COLORS, THINGS, PLACES), parts)]
        features = abs(numpy.concatenate(blocks, axis=1) + rng.normal(0, 0.05, (size, 18)))
        features /= numpy.sqrt((features**2).sum(axis=1, keepdims=True))
        numpy.save(os.path.join(folder, "images", "10crop", split + ".npy"), features.astype("float32"))
        with io.open(os.path.join(folder, split + ".txt"), "w", encoding="ascii", newline="\n") as file:
            for color, thing, place in zip(*parts):
                for form in FORMS:
                    file.write(u"" + form.format(COLORS[color], THINGS[thing], PLACES[place]) + u"\n")
    with io.open(os.path.join(folder, "sentences.txt"), "w", encoding="ascii", newline="\n") as file:
        file.write(u"a red cat on the grass\nthe blue boat is near the water today\n")
