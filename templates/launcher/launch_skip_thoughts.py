"""
Skip-thoughts: what its training/README has people type around train.trainer and tools.encode. For Python 2.7 and 3.
"""
from __future__ import print_function

import io
import os
import random
import struct
import sys

from launch import read_lines


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


def encode(job, sentences):
    """Return the vectors of step 5, for sentences in the order given."""
    if not job["tokenized"]:
        require_tokenizer()
    import tools
    from gensim.models import Word2Vec

    tools.path_to_model = job["model"]
    tools.path_to_dictionary = job["dictionary"]
    load = getattr(Word2Vec, "load_word2vec_format", None)
    if load is None:  # gensim 1.0 and later
        from gensim.models import KeyedVectors

        load = KeyedVectors.load_word2vec_format
    embed_map = load(job["word2vec"], binary=not job["word2vec"].endswith(".txt"))
    model = tools.load_model(embed_map)
    if job["tokenized"]:
        tools.preprocess = list  # it splits sentences into tokens, which these are already
    return tools.encode(model, sentences, verbose=False)


def require_tokenizer():
    """Exit with what to do where NLTK's data for splitting sentences is not installed: tools.preprocess needs it."""
    import nltk

    name = "punkt_tab" if hasattr(nltk.tokenize.punkt, "PunktTokenizer") else "punkt"
    try:
        nltk.data.find("tokenizers/" + name)
    except LookupError:
        command = "%s -m nltk.downloader %s" % (sys.executable, name)
        sys.exit("NLTK's %s is not installed: %s; or give tokens separated by blanks, with --tokenized." % (name, command))


SUBJECTS = ["the cat", "a dog", "my aunt", "the old baker", "she", "the captain", "a small bird", "nobody"]
VERBS = ["sees", "finds", "likes", "hears", "follows", "paints"]
OBJECTS = ["the sea", "a red door", "her friend", "the long road", "an apple", "the night train"]
ENDINGS = ["", "today", "again", "with great care", "in the rain"]


def smoke(folder):
    """Write a corpus of 600 sentences, most about what the one before has seen, and word vectors of size 300."""
    rng = random.Random(2016)
    lines = []
    subject = SUBJECTS[0]
    for _ in range(600):
        seen = OBJECTS[int(rng.random() * len(OBJECTS))]
        verb = VERBS[int(rng.random() * len(VERBS))]
        ending = ENDINGS[int(rng.random() * len(ENDINGS))]
        lines.append(" ".join(" ".join([subject, verb, seen, ending]).split() + ["."]))
        subject = seen if rng.random() < 0.7 else SUBJECTS[int(rng.random() * len(SUBJECTS))]
    with io.open(os.path.join(folder, "corpus.txt"), "w", encoding="utf-8", newline="\n") as file:
        file.write(u"\n".join(u"" + line for line in lines) + u"\n")
    with io.open(os.path.join(folder, "sentences.txt"), "w", encoding="utf-8", newline="\n") as file:
        file.write(u"\n".join(u"" + line for line in lines[:20]) + u"\n")
    words = sorted({word for line in lines for word in line.split()} | {"unseen"})
    with io.open(os.path.join(folder, "word2vec.bin"), "wb") as file:
        file.write(("%d 300\n" % len(words)).encode("ascii"))
        for word in words:
            vector = [rng.random() - 0.5 for _ in range(300)]
            file.write(word.encode("ascii") + b" " + struct.pack("<300f", *vector) + b"\n")
