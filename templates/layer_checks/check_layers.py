"""Check the layers of a patched checkout against the NumPy reference, in the repository's own Python.

    PYTHON -u check_layers.py JOB

in a folder from which the layers module can be imported. JOB is a JSON object, made by lnpatch/training/jobs.py:

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
import layer_functions
import layer_runner
import numpy
from layer_rows import CheckRow


def find_layer(job):
    """Look the cell up in the checkout; return its row of the table, and its LayerFunctions or None."""
    row = CheckRow("layer", "float32", 0.0)
    try:
        layer = layer_functions.LayerFunctions.from_module(str(job["layers"]), str(job["cell"]))
    except layer_functions.LayerNotFound as error:
        row.fail(str(error))
    except Exception:  # importing a repository's code can raise anything
        row.fail(layer_checks.join_last_lines(traceback.format_exc()))
    else:
        row.cases = 1
        row.note = layer.convention
        return row, layer
    return row, None


def make_rows(layer, job):
    """Make the checks of a layer; yield the row of each one."""
    dtypes = [str(dtype) for dtype in job.get("dtypes", ["float32", "float64"])]
    mode = str(job.get("mode") or "FAST_COMPILE")
    for dtype in dtypes:
        runner = layer_runner.TheanoRunner(layer, dtype, job.get("seed", 0), bool(job.get("quick")), mode)
        for check in layer_checks.CHECKS:
            if check.applies(runner) and not (check.once and dtype != dtypes[0]):
                yield check.make_row(runner)


def get_versions():
    """Return the versions that the checks ran with; no Theano where it cannot be imported, which the rows say."""
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3]), "numpy": numpy.__version__}
    # not imported here: where the import fails, the row of the layer has the reason
    theano = sys.modules.get("theano")
    if hasattr(theano, "__version__"):
        versions["theano"] = theano.__version__
    return versions


def write_result(result, path):
    """Write the result as JSON, whole or not at all."""
    partial = path + ".part"
    with open(partial, "w") as file:
        json.dump(result, file, indent=1, sort_keys=True)
    os.rename(partial, path)


def main(job):
    """Check, print each row, write the result; return the exit code."""
    start, rows = time.time(), []

    def report(row):
        entry = row.as_json()
        entry["seconds"] = round(time.time() - start - sum(earlier["seconds"] for earlier in rows), 3)
        rows.append(entry)
        print(json.dumps(entry, sort_keys=True))

    row, layer = find_layer(job)
    report(row)
    if layer is not None:
        for row in make_rows(layer, job):
            report(row)
    result = {
        "cell": job["cell"],
        "convention": layer and layer.convention,
        "versions": get_versions(),
        "seconds": round(time.time() - start, 3),
        "passed": all(entry["passed"] for entry in rows),
        "rows": rows,
    }
    write_result(result, job["result"])
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    # the repository's modules come from the folder that this runs in, never from the folder of this file
    sys.path[0] = os.getcwd()
    job_from_caller = json.loads(sys.argv[1])
    if job_from_caller.get("quick"):
        # Theano's own functions are not optimized either; the user's flags come after it and win
        os.environ["THEANO_FLAGS"] = "mode=FAST_COMPILE," + os.environ.get("THEANO_FLAGS", "")
    sys.exit(main(job_from_caller))
