"""The rig around a device under test that is a formula, with source, analyzer and supply in one; in virtual time."""

import math
from collections.abc import Sequence
from typing import Any

from bench.certification.rig import InstrumentClass, Rig
from bench.clock import Clock
from instruments.readings import AcMeasurement, Nameplate

RATED_VA, RATED_V, PHASES = 100e3, 480.0, 3
PHASE_V = RATED_V / math.sqrt(3.0)
"""What devices that are formulas are rated for."""


def in_pu(voltage_v: Sequence[float]) -> tuple[float, ...]:
    """Return voltages of phases, per unit: what a source puts on the device."""
    return tuple(volts / PHASE_V for volts in voltage_v)


def seen_by_analyzer(voltage_pu: Sequence[float], p_pu: float, q_pu: float, frequency_hz: float) -> AcMeasurement:
    """Return what an exact analyzer measures: the power of the device on all phases alike, and no current."""
    p_w, q_var = (share * RATED_VA / PHASES for share in (p_pu, q_pu))
    volts = tuple(v * PHASE_V for v in voltage_pu)
    return AcMeasurement(volts, (0.0,) * PHASES, (p_w,) * PHASES, (q_var,) * PHASES, frequency_hz)


def rig_around(device: Any, nameplate: Nameplate, instrument: InstrumentClass, phases: int, **others: Any) -> Rig:
    """Return a rig whose parts are all the device, but for the `others` that are given by name."""
    parts = dict.fromkeys(("functions", "source", "analyzer"), device)
    parts |= {"clock": Clock(), "advance": getattr(device, "advance", None), "supply": getattr(device, "supply", None)}
    return Rig(
        device="device",
        analyzer_name="analyzer",
        nameplate=nameplate,
        instrument=instrument,
        phases=phases,
        **(parts | others),
    )
