"""metrics.json: the summary of a finished run."""

_FINAL = ("d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake")


def summary(planned, data, history, metrics):
    """The content of metrics.json without the sha256 of the files.

    Args:
        planned: `rows.PlannedRun`.
        data: `datasets.Source`.
        history: `History` of the run.
        metrics: Tuple of `measured.Metric`.

    Returns:
        Dict of plain values.
    """
    records, stopped = history.records, history.stopped
    final = history.losses[-1]
    ended = {"stopped_at": stopped["iteration"], "why": stopped["stopped"]} if stopped else {}
    trained = ended.get("stopped_at", planned.experiment.iterations)
    return {
        **about(planned, data),
        **ended,
        "final": {key: final[key] for key in _FINAL if key in final},
        "diverged_at": diverged_at(records),
        **results(planned, history, metrics),
        "iterations_per_second": round(trained / history.seconds["training"], 2),
    }


def diverged_at(records):
    """The first iteration at which a loss or a weight was not finite, or None.

    Args:
        records: List of dicts, as log.jsonl has them.
    """
    lost = [r["iteration"] for r in records if "not_finite" in r or None in _losses(r)]
    return min(lost, default=None)


def about(planned, data):
    """What was run; arguments as for `summary`."""
    return {
        "table": planned.table,
        "experiment": planned.number,
        "changed": planned.changed,
        "seed": planned.seed,
        "derived_from": planned.experiment.derived_from,
        "data": data.source,
        "samples": len(data),
        "iterations": planned.experiment.iterations,
    }


def results(planned, history, metrics):
    """What was measured, and how long it took; arguments as for `summary`."""
    return {
        "measured": {metric.name: _measured(metric, history) for metric in metrics},
        "printed": planned.experiment.printed,
        "seconds": {part: round(value, 1) for part, value in history.seconds.items()},
    }


def _losses(record):
    return [record[key] for key in ("d_loss", "g_loss", "loss") if key in record]


def _measured(metric, history):
    """Values before and after training, and the best in it; null where nothing was measured."""
    values = history.values(metric.name)
    trained = [pair for pair in values if pair[0]]
    at, best = metric.best(trained, key=lambda pair: pair[1]) if trained else (None, None)
    last_at, last = trained[-1] if trained else (None, None)
    records = history.records
    if last is not None and diverged_at(records) and last_at < max(r["iteration"] for r in records):
        last = None  # at the end there was nothing to measure
    return {
        "metric": metric.metric,
        "better": metric.better,
        "first": values[0][1] if values and not values[0][0] else None,
        "last": last,
        "best": best,
        "best_iteration": at,
    }
