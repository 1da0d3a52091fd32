"""Holds every meter that sits on the feeder itself against what the model has at its place, in the same moment."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.measurement import Measurement
from bench.truth.cross_check import AGREEMENT_CLAUSE, Claim, Finding, weigh
from bench.truth.cross_check_voices import ACTIVE, REACTIVE, REGISTER_SHARE, RESOLUTION_V, unit_of
from instruments.errors import InstrumentError, TransportError
from instruments.readings import MeterReading
from reports.verdict import Verdict

MODEL = "feeder model"


@dataclass(frozen=True)
class Truth:
    """What flows through a meter by the model, W and var in the meter's own sense, and its legs, V; () untold."""

    p_w: float
    q_var: float
    legs_v: Sequence[float] = ()


@dataclass(frozen=True)
class PlacedMeter:
    """A meter at a place of the feeder; `class_pct` of the reading, `rating_w` what its registers hold at least."""

    read: Callable[[], MeterReading]
    truth: Callable[[], Truth]
    class_pct: float
    rating_w: float


class MeterCheck:
    """Reads all meters once, at the end, and tells those that are off; of the others the farthest in each quantity."""

    def __init__(self, meters: Mapping[str, PlacedMeter]) -> None:
        self._meters = meters

    def measure(self, now_s: float) -> list[Measurement]:
        """Measure each meter that disagrees or does not answer, and how well the others agree."""
        best: dict[str, Finding] = {}
        found = []
        for name, meter in self._meters.items():
            try:
                reading = meter.read()
            except (TransportError, InstrumentError):
                found.append(_unheard(name, now_s))
                continue
            for quantity, finding in _findings(name, meter, reading):
                if finding.suspects:
                    found.append(finding.measurement(f"{quantity} at {name}", unit_of(quantity), now_s))
                elif quantity not in best or finding.share > best[quantity].share:
                    best[quantity] = finding
        return [*found, *(f.measurement(f"{q} at all meters", unit_of(q), now_s) for q, f in best.items())]


def _findings(name: str, meter: PlacedMeter, reading: MeterReading) -> Iterator[tuple[str, Finding]]:
    truth, share = meter.truth(), meter.class_pct / 100.0
    bound_kw = (share * math.hypot(truth.p_w, truth.q_var) + REGISTER_SHARE * meter.rating_w) / 1000.0
    pairs = [
        (ACTIVE, reading.p_w / 1000.0, truth.p_w / 1000.0, bound_kw),
        (REACTIVE, reading.q_var / 1000.0, truth.q_var / 1000.0, bound_kw),
    ]
    for leg, (read_v, true_v) in enumerate(zip(reading.voltage_v, truth.legs_v, strict=False), 1):
        pairs.append((f"voltage of leg {leg}", read_v, true_v, (share + RESOLUTION_V) * true_v))
    for quantity, read, true, bound in pairs:
        if math.isfinite(read):
            claims = [Claim(MODEL, true, 0.0, Verdict.ERROR, reference=True), Claim(name, read, bound, Verdict.FAIL)]
            finding = weigh(claims)
            if finding is not None:
                yield quantity, finding


def _unheard(name: str, now_s: float) -> Measurement:
    return Measurement(f"what {name} says at the end", None, "", 0.0, now_s, name, clause=AGREEMENT_CLAUSE)
