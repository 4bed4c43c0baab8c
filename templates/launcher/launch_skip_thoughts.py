"""
Skip-thoughts: what its READMEs have people type around train.trainer, tools.encode and eval_*.py. For Python 2.7 and 3.
"""
from __future__ import print_function

import io
import os
import sys
from numbers import Integral

from launch import read_lines
from launch_checks import RefusedFile
from launch_saves import load_pickle


def prepare(job):
    """Return the sentences for trainer(X, ...); build the dictionary first (step 1), unless an earlier run has made it."""
    import vocab

    settings = job["settings"]
    sentences = read_lines(job["data"])
    if not os.path.exists(settings["dictionary"]):
        worddict, wordcount = vocab.build_dictionary(sentences)
        vocab.save_dictionary(worddict, wordcount, settings["dictionary"] + ".tmp")
        os.rename(settings["dictionary"] + ".tmp", settings["dictionary"])
    words = 2 + len(vocab.load_dictionary(settings["dictionary"]))
    if words < settings.get("n_words", 20000):  # tools.py asks for the word of each index below n_words
        settings["n_words"] = words
    return [sentences]


def held_out_batches(variables, sentences):
    """
    Return the batches of sentences that are kept out of training: functions that give the inputs of the trainer's cost.

    The batches are made as the trainer makes its own, of its local variables; a word that is not in its dictionary is
    unknown (UNK). The generator of its random numbers stays as it is.
    """
    import numpy
    from homogeneous_data import HomogeneousData, grouper, prepare_data

    state = numpy.random.get_state()
    numpy.random.seed(0)  # the same batches whenever it is asked for them
    try:
        batches = list(HomogeneousData(grouper(sentences), variables["batch_size"], variables["maxlen_w"]))
    finally:
        numpy.random.set_state(state)
    words = KnownWords(variables["worddict"])

    def prepare(batch):
        return lambda: prepare_data(*batch, worddict=words, maxlen=variables["maxlen_w"], n_words=variables["n_words"])

    return [prepare(batch) for batch in batches]


class KnownWords(dict):
    """A dictionary in which every other word is the unknown one."""

    def __missing__(self, word):
        return 1


def count_words(inputs):
    """
    Return how many words the cost of a batch is summed over: those of both neighbours, and their ends; None for a model
    that takes something else than three sentences with their masks.
    """
    if len(inputs) != 6:
        return None
    _, _, _, y_mask, _, z_mask = inputs
    return float(y_mask.sum() + z_mask.sum())


def encode(job, sentences):
    """Return the vectors of step 5, for sentences in the order given."""
    tools, model = load_encoder(job)
    return tools.encode(model, sentences, verbose=False)


def export(job, texts, features):
    """Return the vectors of the texts, which are tokenized."""
    return {"sentences": encode(job, texts)}


def open_tasks(job):
    """Return a function that evaluates the model in one of job["tasks"], by name; it loads the model once for all."""
    import launch_skip_thoughts_tasks

    return launch_skip_thoughts_tasks.open_tasks(job, *load_encoder(job))


def load_encoder(job):
    """Return the module tools and the model that its encode takes (step 4)."""
    if not job["tokenized"]:
        require_tokenizer()
    require_dictionary(job)
    import tools

    tools.path_to_model = job["model"]
    tools.path_to_dictionary = job["dictionary"]
    if job["word2vec"]:
        model = tools.load_model(load_word_vectors(job))
    else:
        # without vectors of other words there is no mapping of them to learn, and the table has the model's own words
        tools.lookup_table = lambda options, embed_map, worddict, word_idict, f_emb: tools.get_embeddings(
            options, word_idict, f_emb
        )
        model = tools.load_model({})
    if job["tokenized"]:
        tools.preprocess = list  # it splits sentences into tokens, which these are already
    return tools, model


def require_dictionary(job):
    """Refuse a dictionary that is not the model's: tools.py asks for the word of each number below n_words."""
    with open(job["model"] + ".pkl", "rb") as file:
        n_words = load_pickle(file)["n_words"]
    with open(job["dictionary"], "rb") as file:
        worddict = load_pickle(file)
    if not hasattr(worddict, "keys") or not all(isinstance(number, Integral) for number in worddict.values()):
        raise RefusedFile("model", job["named"][job["dictionary"]], ["it is no dictionary of words to numbers"])
    # the first words by their order are those that the mapping of word2vec is learnt from
    numbers = [worddict[word] for word in list(worddict.keys())[: n_words - 2]]
    if sorted(numbers) != list(range(2, n_words)):
        found = "the first %d words of the dictionary have other numbers than 2 to %d" % (len(numbers), n_words - 1)
        details = ["n_words is %d, and %s" % (n_words, found)]
        raise RefusedFile("model", job["named"][job["dictionary"]], details)


#: The size of the vectors that tools.train_regressor takes.
WORD_VECTOR_SIZE = 300


def load_word_vectors(job):
    """Load the vectors of word2vec that map words which training has not seen to the model's own."""
    import numpy
    from gensim.models import Word2Vec

    path = job["word2vec"]
    load = getattr(Word2Vec, "load_word2vec_format", None)
    if load is None or sys.version_info[0] > 2:  # gensim 1.0 and later
        from gensim.models import KeyedVectors

        load = KeyedVectors.load_word2vec_format
    try:
        vectors = load(path, binary=job["word2vec_binary"])
    except (ValueError, EOFError) as error:
        raise RefusedFile("word2vec", path, ["gensim cannot read it (%s)" % error])
    table = vectors.vectors if hasattr(vectors, "vectors") else vectors.syn0
    if table.shape[1] != WORD_VECTOR_SIZE:
        details = ["its vectors have %d numbers; skip-thoughts takes those of %d" % (table.shape[1], WORD_VECTOR_SIZE)]
        raise RefusedFile("word2vec", path, details)
    count = int(io.open(path, "rb").readline().split()[0])
    if len(table) < count:  # gensim keeps the first of each
        details = ["%d of its %d words stand there more than once" % (count - len(table), count)]
        raise RefusedFile("word2vec", path, details)
    if not numpy.isfinite(table).all():
        raise RefusedFile("word2vec", path, ["it has numbers that are not finite (NaN)"])
    return vectors


def require_tokenizer():
    """Exit with what to do where NLTK's data for splitting sentences is not installed: tools.preprocess needs it."""
    import nltk

    name = "punkt_tab" if hasattr(nltk.tokenize.punkt, "PunktTokenizer") else "punkt"
    try:
        nltk.data.find("tokenizers/" + name)
    except LookupError:
        command = "%s -m nltk.downloader %s" % (sys.executable, name)
        sys.exit("NLTK's %s is not installed: %s; or give tokens separated by blanks, with --tokenized." % (name, command))


def smoke(folder):
    """Write a tiny corpus, sentences to encode, word vectors, and the data of all tasks."""
    import launch_skip_thoughts_smoke

    launch_skip_thoughts_smoke.write_all(folder)
