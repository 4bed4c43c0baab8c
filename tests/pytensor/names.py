"""Ask for every dotted name in a file; print those that fail, with the words.

python names.py FILE
"""

import importlib
import sys
from pathlib import Path

import theano

for line in Path(sys.argv[1]).read_text().split():
    value, path = theano, "theano"
    try:
        for part in line.split(".")[1:]:
            path = f"{path}.{part}"
            value = getattr(value, part) if hasattr(value, part) else importlib.import_module(path)
    except (ImportError, AttributeError) as error:
        sys.stdout.write(f"{line}: {type(error).__name__}: {error}\n")
