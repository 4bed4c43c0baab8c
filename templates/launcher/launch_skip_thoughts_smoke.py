"""
Tiny data for skip-thoughts: a corpus, sentences, word vectors, and the files of the eight tasks. For Python 2.7 and 3.

All sentences are of one kind and of some fifty words, so that a model of the corpus knows the words of the tasks.
"""
import io
import os
import random
import struct

SUBJECTS = ["the cat", "a dog", "my aunt", "the old baker", "she", "the captain", "a small bird", "nobody"]
VERBS = ["sees", "finds", "likes", "hears", "follows", "paints"]
OBJECTS = ["the sea", "a red door", "her friend", "the long road", "an apple", "the night train"]
ENDINGS = ["", "today", "again", "with great care", "in the rain"]
SLOTS = [SUBJECTS, VERBS, OBJECTS, ENDINGS]
SUBJECT, VERB, OBJECT, ENDING = range(4)


def write_all(folder):
    """Write a corpus of 600 sentences, most about what the one before has seen, word vectors of size 300, and the tasks."""
    rng = random.Random(2016)
    lines = []
    subject = SUBJECTS[0]
    for _ in range(600):
        seen, verb, ending = [pick(rng, words) for words in (OBJECTS, VERBS, ENDINGS)]
        lines.append(" ".join(" ".join([subject, verb, seen, ending]).split() + ["."]))
        subject = seen if rng.random() < 0.7 else pick(rng, SUBJECTS)
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


def draw(rng, **slots):
    """Draw the words of a sentence, one a slot; slots that are given, by the names s, v, o and e, stay as they are."""
    given = [slots.get(name) for name in "svoe"]
    return [int(rng.random() * len(words)) if word is None else word for word, words in zip(given, SLOTS)]


def say(drawn):
    """Return the sentence of a word a slot."""
    return " ".join(" ".join(words[i] for i, words in zip(drawn, SLOTS)).split() + ["."])


def write_pairs(folder, rng):
    """Write SICK, the score of a pair by the slots that are equal, and MSRP, a paraphrase where the verbs are."""
    for name, size in [("SICK_train.txt", 160), ("SICK_trial.txt", 40), ("SICK_test_annotated.txt", 60)]:
        lines = ["pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment"]
        for i in range(size):
            first, other = draw(rng), draw(rng)
            second = [b if rng.random() < 0.5 else a for a, b in zip(first, other)]
            score = 1 + sum(a == b for a, b in zip(first, second))
            lines.append("\t".join([str(i + 1), say(first), say(second), "%.1f" % score, "NEUTRAL"]))
        write_lines(os.path.join(folder, name), lines)
    for name, size in [("msr_paraphrase_train.txt", 100), ("msr_paraphrase_test.txt", 40)]:
        lines = ["Quality\t#1 ID\t#2 ID\t#1 String\t#2 String"]
        for i in range(size):
            first = draw(rng)
            verb = first[VERB] if i % 2 else (first[VERB] + 1 + int(rng.random() * 5)) % len(VERBS)
            second = draw(rng, s=first[SUBJECT], v=verb, o=first[OBJECT])
            lines.append("\t".join([str(i % 2), str(2 * i), str(2 * i + 1), say(first), say(second)]))
        write_lines(os.path.join(folder, name), lines)


def write_questions(folder, rng):
    """Write TREC; the type of a question is its object."""
    labels = ["ABBR:exp", "DESC:def", "ENTY:animal", "HUM:ind", "LOC:other", "NUM:count"]
    for name, size in [("train_5500.label", 120), ("TREC_10.label", 48)]:
        lines = ["%s %s" % (labels[i % 6], say(draw(rng, o=i % 6))) for i in range(size)]
        write_lines(os.path.join(folder, name), lines)


def write_benchmarks(folder, rng):
    """Write MR, CR, SUBJ and MPQA; what is positive is a matter of one slot in each."""
    files = [
        ("rt-polarity.pos", "rt-polarity.neg", VERB),
        ("custrev.pos", "custrev.neg", OBJECT),
        ("plot.tok.gt9.5000", "quote.tok.gt9.5000", SUBJECT),
        ("mpqa.pos", "mpqa.neg", ENDING),
    ]
    for positive, negative, slot in files:
        words = SLOTS[slot]
        half = len(words) // 2
        for name, choice in [(positive, range(half)), (negative, range(half, len(words)))]:
            drawn = [draw(rng, **{"svoe"[slot]: choice[i % len(choice)]}) for i in range(40)]
            write_lines(os.path.join(folder, name), [say(words) for words in drawn])


def write_captions(folder):
    """Write images of who does what to whom: 20 features that say which (one-hot, with noise), and a caption an ending."""
    import numpy

    rng = numpy.random.RandomState(2016)
    kinds = [len(words) for words in SLOTS[:ENDING]]
    drawn = rng.permutation(numpy.prod(kinds))
    for split, numbers in [("train", drawn[:80]), ("dev", drawn[80:100]), ("test", drawn[100:120])]:
        parts = numpy.unravel_index(numbers, kinds)
        blocks = [numpy.eye(size)[part] for size, part in zip(kinds, parts)]
        features = numpy.concatenate(blocks, axis=1) + rng.normal(0, 0.05, (len(numbers), sum(kinds)))
        numpy.save(os.path.join(folder, "coco_%s_ims.npy" % split), features.astype("float32"))
        captions = [say(list(image) + [e]) for image in zip(*parts) for e in range(len(ENDINGS))]
        write_lines(os.path.join(folder, "coco_%s_caps.txt" % split), captions)
