"""``python -m tests.fuzz READER [SECONDS] [FOLDER]``: search for bytes that make a reader raise, hang or fill memory.

What is found is written to FOLDER (the current one) and its traceback to standard error; the exit status is not zero then.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["lnpatch"]):
    from tests.fuzz.readers import READERS, is_accepted

from tests.fuzz.corpus import CORPORA

#: An input that takes longer has hung, in seconds.
TIMEOUT = 60
#: A reader that takes more has filled memory, in MiB.
MEMORY = 2048
#: The longest input that is made, in bytes; what is larger stands in the corpus.
LONGEST = 8192


def search_one(name: str, data: bytes) -> None:
    is_accepted(READERS[name], data)


def main(name: str, seconds: str = "60", folder: str = ".") -> None:
    # what a reader imports when it is first called takes long under atheris: on a busy machine it would count as a hang,
    # whose report waits for ever for a lock that the interrupted call holds
    search_one(name, CORPORA[name]()[0])
    with tempfile.TemporaryDirectory(prefix="fuzz-") as corpus:
        for number, data in enumerate(CORPORA[name]()):
            (Path(corpus) / str(number)).write_bytes(data[:LONGEST])
        options = [
            f"-max_total_time={seconds}",
            f"-timeout={TIMEOUT}",
            f"-report_slow_units={TIMEOUT}",  # else what takes ten seconds on a busy machine is written as a find
            f"-rss_limit_mb={MEMORY}",
            f"-max_len={LONGEST}",
            f"-artifact_prefix={folder}/{name}-",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], corpus, *options], partial(search_one, name))
        atheris.Fuzz()


main(*sys.argv[1:])
