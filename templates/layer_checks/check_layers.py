"""Checks the layers of a patched checkout against the NumPy reference, in the repository's own Python.

    PYTHON -u check_layers.py JOB

in a folder from which the layers module can be imported. JOB is a JSON file:

    layers    the importable name of the layers module: "layers", "att_reader.layers"
    cell      the cell's name in its table: "lngru" or "lnlstm"
    result    the JSON file to write, whole or not at all
    dtypes    the types to compute in, one after the other; default ["float32", "float64"]
    seed      of the random parameters, inputs and masks; default 0
    quick     true for fewer cases, without what only the optimized graph shows
    mode      Theano's mode of all but the optimized graph; default FAST_COMPILE

The result is {"cell", "convention", "versions": {...}, "seconds", "passed", "rows": [...]}, a row for each check:
{"name", "dtype", "cases", "largest_error", "tolerance", "passed", "detail"}. Each row is printed as well, as one line of
JSON, as soon as it is known. A check that crashes is a row that has not passed; if the layer cannot be had, that is the
only row. Exits with 0 if all have passed and with 1 if not; on any other code there is no result.

For Python 2.7 and 3.
"""

from __future__ import print_function

import json
import os
import sys
import time
import traceback

import layer_checks
import layer_engine
import layer_target
import numpy
from layer_figures import Figure


def checked_rows(job):
    """The rows, one after the other, and the convention of the layer, which is None where there is no layer."""
    figure = Figure("layer", "float32", 0.0)
    target = None
    try:
        target = layer_target.Target.imported(str(job["layers"]), str(job["cell"]))
        figure.cases = 1
        figure.note = target.convention
    except layer_target.LayerNotFound as error:
        figure.fail(str(error))
    except Exception:  # whatever importing a repository's code raises
        figure.fail(layer_checks.last_lines(traceback.format_exc()))
    yield figure.row(), target
    if target is None:
        return
    dtypes = [str(dtype) for dtype in job.get("dtypes", ["float32", "float64"])]
    for dtype in dtypes:
        mode = str(job.get("mode") or "FAST_COMPILE")
        engine = layer_engine.TheanoEngine(target, dtype, job.get("seed", 0), bool(job.get("quick")), mode)
        for check in layer_checks.CHECKS:
            if check.applies(engine) and not (check.once and dtype != dtypes[0]):
                yield check.figure(engine).row(), target


def versions():
    """What the figures were made with; no Theano where it cannot be imported, which the rows tell."""
    found = {"python": ".".join(str(part) for part in sys.version_info[:3]), "numpy": numpy.__version__}
    theano = sys.modules.get("theano")
    return dict(found, theano=theano.__version__) if hasattr(theano, "__version__") else found


def main(job):
    """Check, print each row, write the result; returns the exit code."""
    start, rows, target = time.time(), [], None
    for row, target in checked_rows(job):  # the target is the same each time
        row["seconds"] = round(time.time() - start - sum(other["seconds"] for other in rows), 3)
        rows.append(row)
        print(json.dumps(row, sort_keys=True))
    result = {
        "cell": job["cell"],
        "convention": target and target.convention,
        "versions": versions(),
        "seconds": round(time.time() - start, 3),
        "passed": all(row["passed"] for row in rows),
        "rows": rows,
    }
    partial = job["result"] + ".part"
    with open(partial, "w") as file:
        json.dump(result, file, indent=1, sort_keys=True)
    os.rename(partial, job["result"])
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    # the repository's modules come from the folder that this runs in, never from the folder of this file
    sys.path[0] = os.getcwd()
    with open(sys.argv[1]) as given:
        sys.exit(main(json.load(given)))
