"""Holds what a meter has counted against the power through its terminal, added up over the same time."""

import math
from collections.abc import Callable

from bench.measurement import Limits, Measurement, PowerReading
from bench.truth.cross_check import AGREEMENT_CLAUSE
from instruments.errors import InstrumentError, TransportError
from instruments.readings import MeterReading

HOUR_S = 3600.0
COUNT_KWH = 0.002
"""What two readings of a counter in Wh may round off, kWh."""


class EnergyCheck:
    """Reads a counter at the first step and at the end, and adds up the power of each step in between.

    `off_kw` returns by how much meter and terminal together may be off at a power, kW, in the latest step. What power
    changes by within a step is not known: half of it, over the step's length, is allowed.
    """

    def __init__(
        self,
        meter: str,
        read: Callable[[], MeterReading],
        power: Callable[[], PowerReading | None],
        off_kw: Callable[[float], float],
    ) -> None:
        self._meter, self._read, self._power, self._off_kw = meter, read, power, off_kw
        self._latest: PowerReading | None = None
        self._counted_before: float | None = None
        self._net_kwh = self._off_kwh = self._sampling_kwh = 0.0

    def take(self) -> None:
        """Take a step of the plant."""
        reading = self._power()
        if reading is None:
            return
        if self._latest is None:
            self._counted_before = self._count_kwh()
        else:
            self._add(reading, self._latest)
        self._latest = reading

    def measure(self, now_s: float) -> list[Measurement]:
        """Measure what the meter has counted since the first step; nothing where there was none."""
        if self._latest is None:
            return []
        before, after = self._counted_before, self._count_kwh()
        allowed = self._off_kwh + self._sampling_kwh + COUNT_KWH
        return [
            Measurement(
                quantity=f"energy that {self._meter} counted",
                value=None if before is None or after is None else after - before,
                unit="kWh",
                uncertainty=0.0,
                time_s=now_s,
                source=f"{self._meter} against {self._latest.source}",
                limits=Limits.around(self._net_kwh, allowed),
                clause=AGREEMENT_CLAUSE,
            )
        ]

    def _add(self, reading: PowerReading, before: PowerReading) -> None:
        hours = (reading.time_s - before.time_s) / HOUR_S
        self._net_kwh += reading.power_kw * hours
        self._off_kwh += self._off_kw(reading.power_kw) * hours
        self._sampling_kwh += abs(reading.power_kw - before.power_kw) * hours

    def _count_kwh(self) -> float | None:
        """Return what has been delivered into the feeder, less what was taken; None of a meter that does not answer."""
        try:
            reading = self._read()
        except (TransportError, InstrumentError):
            return None
        counted = (reading.export_wh - reading.import_wh) / 1000.0
        return counted if math.isfinite(counted) else None
