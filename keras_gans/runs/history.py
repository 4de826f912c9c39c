"""What a run has recorded so far: losses, measurements, seconds, and whether weights are finite."""

import json

from keras_gans.files import replacing


class History:
    """The lines of log.jsonl, and what the callbacks of a run tell one another.

    Args:
        folder: The run's folder. Its log.jsonl is written anew from `records`, then appended to.
        records: List of dicts to begin with.
        seconds: Dict of the time that earlier parts of the run took: "wall" for everything, and of
            it "training" for the iterations and "saving" for checkpoints; None for a new run.
        go_on: Whether the run goes on where something is no longer finite.

    Attributes:
        recorded: Iteration of the last record of losses, or None.
        stopped: The record with which a stop rule ended the run, or None.
        finite: Whether all weights were finite when they were last looked at.
    """

    def __init__(self, folder, records=(), seconds=None, go_on=False):
        self.folder, self.go_on = folder, go_on
        self.path = folder / "log.jsonl"
        self.records = list(records)
        self.seconds = dict(seconds or {"wall": 0.0, "training": 0.0, "saving": 0.0})
        self.recorded, self.finite = None, True
        self.stopped = next((r for r in self.records if "stopped" in r), None)
        self.write()

    def add(self, iteration, **values):
        """Appends one record. None stands for a value that is not finite or was not measured."""
        record = {"iteration": iteration, **values}
        self.records.append(record)
        self.stopped = record if "stopped" in values else self.stopped
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def write(self):
        """Writes the whole file anew and brings it to the disk, which `add` leaves undone."""
        with replacing(self.path) as partial:
            partial.write_text(lines(self.records))

    @property
    def losses(self):
        """The records of losses."""
        return [record for record in self.records if "d_loss" in record]

    def values(self, name):
        """Pairs (iteration, value) of all records that hold a value of this name."""
        return [(r["iteration"], r[name]) for r in self.records if r.get(name) is not None]


def lines(records):
    """Records as the text of log.jsonl."""
    return "".join(json.dumps(record) + "\n" for record in records)
