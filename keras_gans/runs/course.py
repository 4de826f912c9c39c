"""What changes the course of a run: the phases before its iterations, and a rule that ends it."""

import keras

from keras_gans.rows import stops
from keras_gans.runs.callbacks import Scheduled


def changes(experiment, records, history):
    """The callbacks of a row's phases and stop rule; they follow `RecordLosses`.

    Args:
        experiment: `rows.Experiment`.
        records: Function from an iteration to whether losses are recorded after it.
        history: `History`.
    """
    rule, after = stops.get(experiment.stop), max(experiment.boundaries, default=0)
    found = [ChangePhase(experiment.trains)] if experiment.phases else []
    if rule is not None:
        found.append(StopEarly(records, history, rule, after, experiment.iterations))
    return found


class ChangePhase(keras.callbacks.Callback):
    """Says who is moved in the iterations that follow.

    Args:
        trains: Function from the iterations done to `Turns.train`.
    """

    def __init__(self, trains):
        super().__init__()
        self.trains = trains

    def on_train_begin(self, logs=None):
        self.model.train_only(self.trains(self.model.iterations))

    def on_train_batch_end(self, batch, logs=None):
        self.model.train_only(self.trains(self.model.iterations))


class StopEarly(Scheduled):
    """Ends the run with a record of the reason, once its rule has one.

    Args:
        history: `History`; its `stopped` tells the callbacks that follow, which then do what they
            do at the last iteration.
        rule: `stops.Stop`.
        after: Iteration from which on the records count: the end of the phases.
        last: Last iteration, which needs no rule.
    """

    def __init__(self, when, history, rule, after, last):
        super().__init__(when)
        self.history, self.rule, self.after, self.last = history, rule, after, last

    def at(self, iteration):
        records = [r for r in self.history.losses if r["iteration"] > self.after]
        reason = self.rule.why(records, self.after) if records and iteration < self.last else None
        if reason:
            self.history.add(iteration, stopped=reason)
            self.model.stop_training = True
