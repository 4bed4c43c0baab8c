"""One row of the table: how far a check's results are from what is right. For Python 2.7 and 3."""

import numpy


class CheckRow(object):
    """The outcome of a check: how many cases, the largest error of all, and what is wrong, if anything is.

    name: what was checked, for people
    dtype: the type that was computed in
    tolerance: the largest error that passes
    """

    def __init__(self, name, dtype, tolerance):
        self.name, self.dtype, self.tolerance = name, dtype, tolerance
        self.cases = 0
        self.largest_error = 0.0
        self.worst_case = ""  # the case with the largest error
        self.problems = []
        self.note = ""  # said of a check that passes

    def compare(self, actual, expected, case="", relative=False):
        """Count a case: two lists of arrays, which have to agree in number and shapes, and how far apart they are.

        ``relative``: errors are those of each array divided by its largest value, where that is above 1.
        """
        self.cases += 1
        if len(actual) != len(expected):
            return self.fail("%d outputs, not %d" % (len(actual), len(expected)), case)
        for ours, right in zip(actual, expected):
            if ours.shape != right.shape:
                return self.fail("shape %r, not %r" % (ours.shape, right.shape), case)
            if ours.size:
                error = abs(numpy.asarray(ours, "float64") - right).max()
                self.measure(error / max(1.0, abs(right).max()) if relative else error, case)
        return None

    def measure(self, error, case=""):
        """Take an error into account; NaN counts as infinite, since no comparison with NaN is true."""
        error = float(error) if numpy.isfinite(error) else float("inf")
        if error > self.largest_error:
            self.largest_error, self.worst_case = error, case

    def fail(self, problem, case=""):
        """Note something wrong that has no size."""
        self.problems.append("%s: %s" % (case, problem) if case else problem)

    @property
    def passed(self):
        """Whether there was a case, nothing wrong, and no error above the tolerance."""
        return self.cases > 0 and not self.problems and self.largest_error <= self.tolerance

    def as_json(self):
        """Return the row as the script prints it; an infinite error is null, for JSON has none."""
        problems = list(self.problems)
        if not self.cases and not problems:
            problems.append("nothing was compared")
        if self.largest_error > self.tolerance:
            problems.append("off by %.3g%s" % (self.largest_error, self.worst_case and " in: " + self.worst_case))
        return {
            "name": self.name,
            "dtype": self.dtype,
            "cases": self.cases,
            "largest_error": self.largest_error if numpy.isfinite(self.largest_error) else None,
            "tolerance": self.tolerance,
            "passed": self.passed,
            "detail": "; ".join(problems) if problems else self.note,
        }
