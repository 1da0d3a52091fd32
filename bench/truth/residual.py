"""Proof that a terminal is dead once its source is off: by the analyzer, which is no part of the source."""

from typing import Protocol

from bench.accuracy import Exactness
from bench.measurement import Limits, Measurement
from instruments.errors import InstrumentError, TransportError
from instruments.roles import GridSimulator, PowerAnalyzer
from reports.verdict import Verdict

RESIDUAL_CLAUSE = "safe state: no voltage behind a source that is off"


class FedTerminal(Protocol):
    """A device behind a source and an analyzer."""

    device: str
    source: GridSimulator
    source_name: str
    analyzer: PowerAnalyzer
    analyzer_name: str


def residual_voltage(terminal: FedTerminal, limits: Exactness, allowed_v: float, time_s: float) -> Measurement:
    """Measure the highest voltage of any phase at a terminal whose source has been switched off.

    `limits` are the analyzer's; what does not answer has measured nothing.
    """
    try:
        highest_v = max(terminal.analyzer.measure().voltage_v)
    except (TransportError, InstrumentError):
        highest_v = None
    return Measurement(
        quantity=f"voltage at {terminal.device} after {terminal.source_name} was switched off",
        value=highest_v,
        unit="V",
        uncertainty=limits.voltage_v(highest_v or 0.0),
        time_s=time_s,
        source=terminal.analyzer_name,
        limits=Limits(upper=allowed_v),
        clause=RESIDUAL_CLAUSE,
        outside=Verdict.ERROR,
    )
