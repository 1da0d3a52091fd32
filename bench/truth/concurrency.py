"""Whether sequences of rows ran at the same time, by the times at which their rows were met."""

from bench.measurement import Limits, Measurement
from bench.use_case.conformance import Conformance
from bench.use_case.dispatch_judge import sequence_of


def under_way_together(conformance: Conformance, branch: str, time_s: float) -> Measurement:
    """Count the most sequences of a branch that were under way at one time; all that have begun have to be.

    A sequence is under way from its first row to its last, for each device by itself.
    """
    spans = [span for name in _sequences(conformance, branch) for span in _spans(conformance, branch, name)]
    names = {name for name, _, _ in spans}
    most = max((len({n for n, begin, end in spans if begin <= t <= end}) for _, t, _ in spans), default=0)
    return Measurement(
        quantity=f"sequences of {branch} under way at the same time",
        value=float(most) if spans else None,
        unit="sequences",
        uncertainty=0.0,
        time_s=time_s,
        source="times of their messages in the trace",
        limits=Limits(lower=float(max(2, len(names)))),
        clause="sequences A to D run concurrently",
    )


def _sequences(conformance: Conformance, branch: str) -> list[str]:
    rows = (watch.row for watch in conformance.watches.values() if watch.row.number.startswith(f"{branch}."))
    return sorted({name for row in rows if (name := sequence_of(row))})


def _spans(conformance: Conformance, branch: str, name: str) -> list[tuple[str, float, float]]:
    """Return sequence, first and last time, s, of each device whose rows have all been met."""
    watches = [w for n, w in conformance.watches.items() if n.startswith(f"{branch}.{name}.")]
    watches = [w for w in watches if sequence_of(w.row) == name] or [
        w for n, w in conformance.watches.items() if n.startswith(f"{branch}.") and sequence_of(w.row) == name
    ]
    spans = []
    for instance in watches[0].instances:
        times = [w.instances[instance].time_s for w in watches if instance in w.instances]
        known = [time for time in times if time is not None]
        if len(known) == len(watches):
            spans.append((name, min(known), max(known)))
    return spans
