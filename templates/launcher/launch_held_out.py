"""
The cost of sentences that are kept out of training, every so many updates, by the trainer's own function. For Python 2.7 and 3.
"""
import importlib

from launch import print_event, read_lines


class HeldOutCost(object):
    """
    Computes the cost per word of the held-out sentences, and reports it as a validation.

    What it needs is the trainer's own, found among its local variables: the function that gives the cost of a batch, and
    what the adapter's held_out_batches makes batches with. It comes between two updates, where a trainer fetches its next
    batch and nothing is timed.
    """

    def __init__(self, job, adapter, counter):
        """job["held_out"] is as launch.py describes it; counter counts the updates and knows the trainer's variables."""
        self.declared = job["held_out"]
        self.updates_before = job["updates_before"]
        self.adapter = adapter
        self.counter = counter
        self.batches = None
        self.computed_at = 0

    def watch(self):
        """Have the cost computed when it is due, before the trainer calls the function between two updates."""
        name, _, attribute = self.declared["between"].partition(":")
        module = importlib.import_module(name)
        function = getattr(module, attribute)

        def call(*args, **kwargs):
            if (self.updates_before + self.counter.count) % self.declared["every"] == 0:
                self.report()
            return function(*args, **kwargs)

        setattr(module, attribute, call)

    def report(self):
        """Compute the cost after the updates so far, and print it as an event; once for each number of updates."""
        if self.counter.count == self.computed_at or self.counter.asked_to_stop:
            return
        variables = self.counter.variables()
        if self.batches is None:
            sentences = read_lines(self.declared["data"])
            self.batches = self.adapter.held_out_batches(variables, sentences)
        self.computed_at = self.counter.count  # first, since the batches may be made by the function that is watched
        cost = self.compute(variables[self.declared["cost"]])
        if cost is None:
            return
        update = self.updates_before + self.counter.count
        print_event({"event": "validation", "update": update, "figures": {"cost_per_word": cost}})

    def compute(self, function):
        """Return the cost per word; None where the user stops the training meanwhile, or there is no word."""
        total = words = 0.0
        for prepare in self.batches:
            if self.counter.asked_to_stop:
                return None
            inputs = prepare()
            if inputs[0] is None:  # no sentence of the batch is short enough
                continue
            total += float(function(*inputs))
            words += self.adapter.count_words(inputs) or 0
        return total / words if words else None
