"""The words of a model by their numbers, from the pickles of the repositories."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lnpatch.errors import ModelMismatchError, ModelMissingError
from lnpatch.pickles.load import load_pickle
from lnpatch.training.models import Model

#: The words with the first numbers, which no dictionary has: the end of a sentence, and any unknown word.
END, UNKNOWN = "<eos>", "UNK"


def read_dictionary(file: Path, count: int, model: Path) -> list[str]:
    """Return the first *count* words of a dictionary, from words to numbers, by number.

    Raises:
        ModelMismatchError: it is no dictionary, or none of this model.
        LnpatchError: the pickle is refused.
    """
    return _order_words(load_pickle(file), count, str(file), model)


def read_own_words(model: Model, count: int) -> list[str]:
    """Return the words that a model's own pickle has beside its hyperparameters, by number.

    Raises:
        ModelMissingError: it has none.
        ModelMismatchError: they are none of this model.
    """
    value = load_pickle(model.pickle, str(model.file))
    words = value.get("worddict") if isinstance(value, dict) else None
    if words is None:
        raise ModelMissingError(str(model.file), "its words are not in its .pkl, and no --dictionary is named")
    return _order_words(words, count, str(model.file), model.file)


def _order_words(words: Any, count: int, name: str, model: Path) -> list[str]:
    if not isinstance(words, Mapping) or not all(isinstance(number, int) for number in words.values()):
        raise ModelMismatchError(name, ("it is no dictionary of words to numbers",))
    by_number = {number: _decode(word) for word, number in words.items() if number < count}
    ordered = [by_number.get(number) for number in range(count)]
    # the numbers before those of the dictionary are the end and the unknown word; attentive-reader's has the latter
    for number, word in enumerate((END, UNKNOWN)):
        if ordered[number : number + 1] == [None]:
            ordered[number] = word
    known = [word for word in ordered if word is not None]
    if len(known) < count:
        missing = [number for number, word in enumerate(ordered) if word is None]
        details = f"{model.name} has {count} words, and there is none with the number {missing[0]}"
        raise ModelMismatchError(name, (details,))
    unusual = [word for word in known if "\n" in word]
    if unusual:
        raise ModelMismatchError(name, (f"{unusual[0]!r} is no word",))
    return known


def _decode(word: object) -> str:
    """Return a word of either Python: byte strings come as Latin-1, and are UTF-8."""
    text = word.decode("latin-1") if isinstance(word, bytes) else str(word)
    try:
        return text.encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # it was text all along
        return text
