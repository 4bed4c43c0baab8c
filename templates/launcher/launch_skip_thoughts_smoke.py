"""
Tiny data for skip-thoughts: a corpus, sentences, word vectors, and the files of the eight tasks. For Python 2.7 and 3.

All sentences are of one kind. Their words belong to classes, and sentences side by side to the same ones: a model of the corpus
learns the classes, which the tasks ask for, while one that is not trained has to tell more words apart than it has units.
"""

import io
import os
import random
import struct

#: What a sentence is made of: for each of its parts the classes of words.
SUBJECTS = [
    "cats, dogs, horses, cows, goats, mice, hens, foxes, owls, bears",
    "aunts, bakers, captains, nurses, farmers, teachers, millers, girls, boys, judges",
]
ADVERBS = [
    "always, often, never, still, rarely, daily, soon, again, seldom, usually",
    "slowly, gently, loudly, quietly, badly, quickly, calmly, proudly, sadly, wisely",
]
VERBS = [
    "like, love, admire, enjoy, praise, cherish, value, welcome, trust, adore",
    "hate, fear, avoid, scold, mock, refuse, blame, despise, curse, dread",
]
OBJECTS = [
    "rivers, forests, harbours, villages, meadows, valleys",
    "apples, cheese, soup, cakes, onions, pears",
    "coats, hats, shoes, gloves, scarves, shirts",
    "hammers, saws, ropes, needles, spades, knives",
    "tables, chairs, beds, lamps, mirrors, shelves",
    "trains, boats, carts, bicycles, ships, wagons",
]
PARTS = [[words.split(", ") for words in classes] for classes in (SUBJECTS, ADVERBS, VERBS, OBJECTS)]
SUBJECT, ADVERB, VERB, OBJECT = range(4)


def write_all(folder):
    """Write a corpus of 8,000 sentences, each of nearly the classes of the one before, word vectors of size 300, and the tasks."""
    rng = random.Random(2016)
    lines = []
    kind = draw(rng)
    for _ in range(8000):
        kind = [new if rng.random() < 0.05 else old for old, new in zip(kind, draw(rng))]
        lines.append(say(rng, kind))
    write_lines(os.path.join(folder, "corpus.txt"), lines)
    write_lines(os.path.join(folder, "sentences.txt"), lines[:20])
    words = sorted({word for line in lines for word in line.split()} | {"unseen"})
    with io.open(os.path.join(folder, "word2vec.bin"), "wb") as file:
        file.write(("%d 300\n" % len(words)).encode("ascii"))
        for word in words:
            vector = [rng.random() - 0.5 for _ in range(300)]
            file.write(word.encode("ascii") + b" " + struct.pack("<300f", *vector) + b"\n")
    tasks = os.path.join(folder, "tasks")
    os.mkdir(tasks)
    write_pairs(tasks, rng)
    write_questions(tasks, rng)
    write_benchmarks(tasks, rng)
    write_captions(tasks)


def pick(rng, words):
    """Draw one of the words, the same under both Pythons, whose random.choice are not."""
    return words[int(rng.random() * len(words))]


def write_lines(path, lines):
    """Write lines of text."""
    with io.open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(u"".join(u"%s\n" % line for line in lines))


def draw(rng, **given):
    """Draw a class a part; parts that are given, by the names s, a, v and o, stay as they are."""
    return [
        pick(rng, range(len(classes))) if name not in given else given[name] for name, classes in zip("savo", PARTS)
    ]


def choose(rng, kind):
    """Draw a word of each class."""
    return [pick(rng, classes[number]) for number, classes in zip(kind, PARTS)]


def say(rng, kind):
    """Return a sentence of words of these classes, which may begin with any of its parts; some have a word more."""
    words = choose(rng, kind)
    first = pick(rng, range(len(words)))
    return " ".join((["now"] if rng.random() < 0.2 else []) + words[first:] + words[:first] + ["."])


def write_pairs(folder, rng):
    """Write SICK, the score of a pair by the classes that are equal, and MSRP, a paraphrase where all are."""
    for name, size in [("SICK_train.txt", 160), ("SICK_trial.txt", 40), ("SICK_test_annotated.txt", 60)]:
        lines = ["pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment"]
        for i in range(size):
            first, other = draw(rng), draw(rng)
            second = [b if rng.random() < 0.5 else a for a, b in zip(first, other)]
            score = 1 + sum(a == b for a, b in zip(first, second))
            lines.append("\t".join([str(i + 1), say(rng, first), say(rng, second), "%.1f" % score, "NEUTRAL"]))
        write_lines(os.path.join(folder, name), lines)
    for name, size in [("msr_paraphrase_train.txt", 160), ("msr_paraphrase_test.txt", 60)]:
        lines = ["Quality\t#1 ID\t#2 ID\t#1 String\t#2 String"]
        for i in range(size):
            first, other = draw(rng), draw(rng)
            second = first if i % 2 else [other[SUBJECT], other[ADVERB], 1 - first[VERB], other[OBJECT]]
            lines.append("\t".join([str(i % 2), str(2 * i), str(2 * i + 1), say(rng, first), say(rng, second)]))
        write_lines(os.path.join(folder, name), lines)


def write_questions(folder, rng):
    """Write TREC; the type of a question is the class of its object."""
    labels = ["ABBR:exp", "DESC:def", "ENTY:animal", "HUM:ind", "LOC:other", "NUM:count"]
    for name, size in [("train_5500.label", 120), ("TREC_10.label", 60)]:
        lines = ["%s %s" % (labels[i % 6], say(rng, draw(rng, o=i % 6))) for i in range(size)]
        write_lines(os.path.join(folder, name), lines)


def write_benchmarks(folder, rng):
    """Write MR, CR, SUBJ and MPQA; what is positive is a matter of the class of one part in each."""
    files = [
        ("rt-polarity.pos", "rt-polarity.neg", "v"),
        ("custrev.pos", "custrev.neg", "o"),
        ("plot.tok.gt9.5000", "quote.tok.gt9.5000", "s"),
        ("mpqa.pos", "mpqa.neg", "a"),
    ]
    for positive, negative, part in files:
        half = len(PARTS["savo".index(part)]) // 2
        for name, first in [(positive, 0), (negative, half)]:
            lines = [say(rng, draw(rng, **{part: first + i % half})) for i in range(40)]
            write_lines(os.path.join(folder, name), lines)


def write_captions(folder):
    """Write images of who does what to whom: features of the classes (one-hot) and of the words, with noise, and five captions."""
    import numpy

    rng = random.Random(2016)
    noise = numpy.random.RandomState(2016)
    for split, size in [("train", 120), ("dev", 20), ("test", 20)]:
        captions, features = [], []
        for i in range(size):
            kind = draw(rng)
            words = choose(rng, kind)
            parts = []
            for part in (SUBJECT, VERB, OBJECT):
                known = sum(PARTS[part], [])
                parts += [numpy.eye(len(PARTS[part]))[kind[part]], 0.5 * numpy.eye(len(known))[known.index(words[part])]]
            features.append(numpy.concatenate(parts))
            others = [pick(rng, PARTS[ADVERB][c % 2]) for c in range(5)]
            captions += [" ".join([words[SUBJECT], adverb, words[VERB], words[OBJECT], "."]) for adverb in others]
        features = numpy.asarray(features) + noise.normal(0, 0.05, (size, len(features[0])))
        numpy.save(os.path.join(folder, "coco_%s_ims.npy" % split), features.astype("float32"))
        write_lines(os.path.join(folder, "coco_%s_caps.txt" % split), captions)
