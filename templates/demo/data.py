"""
Sentences in, minibatches out
"""
from collections import Counter

import numpy


def load_corpus(path):
    """
    Read the sentences of a text file, each a list of words
    """
    with open(path) as f:
        return [line.split() for line in f if line.strip()]


def build_dictionary(sentences):
    """
    Number the words, frequent ones first; 0 is the end of a sentence
    """
    counts = Counter(word for sentence in sentences for word in sentence)
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    worddict = {'<eos>': 0}
    for number, word in enumerate(ordered):
        worddict[word] = number + 1
    return worddict


def minibatches(sentences, batch_size):
    """
    Yield the sentences in a new order, batch_size at a time
    """
    order = numpy.random.permutation(len(sentences))
    for start in xrange(0, len(order), batch_size):
        yield [sentences[i] for i in order[start:start + batch_size]]


def prepare_data(batch, worddict):
    """
    Make word numbers and mask, [words, sentences]; each sentence ends with an <eos>
    """
    steps = max(len(sentence) for sentence in batch) + 1
    x = numpy.zeros((steps, len(batch))).astype('int64')
    mask = numpy.zeros((steps, len(batch))).astype('float32')
    for i, sentence in enumerate(batch):
        x[:len(sentence), i] = [worddict[word] for word in sentence]
        mask[:len(sentence) + 1, i] = 1.
    return x, mask
