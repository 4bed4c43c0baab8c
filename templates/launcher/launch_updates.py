"""
Count a trainer's updates from outside, stop it between two of them, and save what it has learnt.

The trainers have no limit on updates and save seldom. All of them make two functions with their optimizer and call the
first once an update; so that one is watched. For Python 2.7 and 3.
"""
import signal
import sys

from launch import print_event
from launch_saves import ReplacingFile, replace_file, same_path, save_model


class StopTraining(Exception):
    """Ends a trainer between two updates; state is "done" at the limit, "stopped" by the user."""

    def __init__(self, state):
        Exception.__init__(self, state)
        self.state = state


class UpdateCounter(object):
    """Counts the updates begun so far, says whether another one may begin, and has the model saved along with others."""

    def __init__(self, limit, saves, record):
        """Stop at limit, None for no limit; saves are job["saves"], record is told of the first of them."""
        self.limit = limit
        self.saves = saves
        self.record = record
        self.count = 0
        self.saved_at = 0
        self.save_is_due = False
        self.cost_is_finite = True
        self.asked_to_stop = False
        self.frame = None
        self.before_first = lambda: None
        self.count_words = None

    def keep_parameters(self, variable):
        """Return a dictionary that will hold the parameters as they are before the first update, copied."""
        kept = {}

        def keep():
            for key, value in self.variables()[variable].items():
                kept[key] = value.get_value()

        self.before_first = keep
        return kept

    def watch(self, module, name, trainer):
        """Watch the first function that the optimizer called name in module makes; trainer calls it."""
        optimizer = getattr(module, name)

        def watched_optimizer(*args, **kwargs):
            functions = optimizer(*args, **kwargs)
            watch_calls(functions[0], lambda inputs: self.begin_update(trainer, inputs), self.look_at_cost)
            return functions

        setattr(module, name, watched_optimizer)

    def begin_update(self, trainer, inputs):
        """Count an update, which is given the arrays inputs, or stop before it."""
        if self.frame is None:
            # kept, so that its variables can be saved after the trainer has returned
            self.frame = find_frame(trainer)
        if self.save_is_due:
            self.save(self.saves[:1])
        if self.asked_to_stop:
            raise StopTraining("stopped")
        if self.limit is not None and self.count >= self.limit:
            raise StopTraining("done")
        self.record.require_reader()
        if not self.count:
            self.before_first()
        self.count += 1
        if self.count_words is not None and self.is_printed():
            words = self.count_words(inputs)
            if words is not None:
                print_event({"event": "words", "update": self.record.updates_before + self.count, "words": words})

    def is_printed(self):
        """Return whether the trainer will print this update; all three call the updates from one line to the next dispFreq."""
        return self.count % (self.variables().get("dispFreq") or 1) == 0

    def look_at_cost(self, result):
        """Remember whether the cost, which comes first in the result of an update, is a finite number."""
        cost = result[0] if isinstance(result, (list, tuple)) else result
        try:
            self.cost_is_finite = abs(float(cost)) < float("inf")
        except (TypeError, ValueError):
            self.cost_is_finite = True  # no single number: nothing is known of it

    def variables(self):
        """Return the variables of the trainer, by name, as they are now."""
        return dict(self.frame.f_locals)

    def save(self, saves):
        """Save what the trainer has learnt, each of saves; return the paths written."""
        self.save_is_due = False
        names = self.variables()
        written = []
        for number, save in enumerate(saves):
            record = self.record if save is self.saves[0] else None
            written += save_model(save, names, record and record.keep(self.count))
            if record and written:
                self.saved_at = self.count
        return written

    def save_rest(self):
        """Save what the trainer has not saved itself when it has returned; not where it has given up, its cost being NaN."""
        if self.frame is None or not self.saves or self.saved_at == self.count or not self.cost_is_finite:
            return []
        parameters = self.variables().get(self.saves[0]["parameters"])
        if parameters is None or not are_finite(parameters):
            return []
        return self.save(self.saves)

    def watch_saves(self, module):
        """
        Have the files that the trainer in module saves replaced as a whole, and the first of saves written with the
        number of its update, both where the trainer writes this one and where it writes another one.
        """
        import numpy

        savez = numpy.savez
        builtin_open = getattr(module, "open", open)

        def save_whole(file, *args, **kwargs):
            if hasattr(file, "write"):
                return savez(file, *args, **kwargs)
            path = file if file.endswith(".npz") else file + ".npz"
            if self.frame is not None and self.saves:
                # by the recipe the same is saved there, with its pickles first; and of now, where attentive-reader saves
                # the parameters that it began with, once a validation before its first save has found a best model
                if same_path(path, self.saves[0]["file"].format(**self.variables())):
                    self.save(self.saves[:1])
                    return None
                self.save_is_due = True
            with replace_file(path) as whole:
                savez(whole, *args, **kwargs)

        def open_whole(name, mode="r", *args, **kwargs):
            return ReplacingFile(name) if mode == "wb" else builtin_open(name, mode, *args, **kwargs)

        numpy.savez, module.open = save_whole, open_whole

    def stop_on_signals(self):
        """
        Stop at Ctrl-C and at the signals of a batch scheduler, from now on to the end of the process.

        The first one ends the update and saves. Before there is anything to save it ends all, and so does a second Ctrl-C;
        no second one of the others, which a scheduler may send to each process of a job, and lnpatch passes on as well.
        """

        def stop(signum, frame):
            if not self.count or self.asked_to_stop and signum == signal.SIGINT:
                raise KeyboardInterrupt
            if self.asked_to_stop:
                return
            # not raised here: in the middle of an update some of the parameters would be old and some new
            self.asked_to_stop = True
            try:
                sys.stderr.write("lnpatch: stopping after this update\n")
                sys.stderr.flush()
            except (IOError, OSError):
                pass  # the terminal is gone, which may be why

        # a batch scheduler sends SIGTERM, and SIGUSR1 ahead of a time limit
        numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is under nohup
            numbers.append(signal.SIGHUP)
        for number in numbers:
            signal.signal(number, stop)


def are_finite(parameters):
    """Return whether no parameter is NaN or infinite."""
    import numpy

    return all(bool(numpy.isfinite(value.get_value()).all()) for value in parameters.values())


def watch_calls(function, before, after):
    """
    Call before(args) before each call of function and after(result) after it; function stays the object that it is: it may be
    printed or pickled.
    """
    kind = type(function)

    def call(self, *args, **kwargs):
        before(args)
        result = kind.__call__(self, *args, **kwargs)
        after(result)
        return result

    # Python looks __call__ up in the class, so an attribute of the object would not do
    function.__class__ = type(kind.__name__, (kind,), {"__call__": call, "__module__": kind.__module__})


def find_frame(function):
    """Find the frame of function, which has called this one."""
    frame = sys._getframe()
    while frame.f_code is not function.__code__:
        frame = frame.f_back
    return frame


def compare_parameters(before, parameters):
    """Return how many parameters there are, which have not changed at all, and whether all are finite."""
    import numpy

    now = {key: value.get_value() for key, value in parameters.items()}
    return {
        "count": len(now),
        "unchanged": sorted(key for key, value in now.items() if (value == before[key]).all()),
        "finite": all(bool(numpy.isfinite(value).all()) for value in now.values()),
    }
