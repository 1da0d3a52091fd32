"""Who can say what a control senses: its source was told, measures at its own output, and the control reports it.

Quantities are those on the PT and CT secondaries of the one phase sensed: V, A, W and var, power > 0 towards the load.
How far each may be off, and from where that is known:

- sources: their limits of error by the bench file (`bench.accuracy`), of power that of voltage and of current together;
- controls: `OWN_ERROR` of the reading and what their registers resolve (engineering values; a common class of such
  controls' metering is 0.5 to 1 %).

A source whose output and whose own measurement drift together looks right here, and its control wrong.
"""

import math
from collections.abc import Callable

from bench.accuracy import Exactness
from bench.plant.contacts import RESOLUTION, SourcedSensing
from bench.truth.cross_check_voices import SECONDARY_UNITS, Said, Voice
from instruments.readings import SecondaryReading
from reports.verdict import Verdict

VOLTAGE, CURRENT, ACTIVE, REACTIVE = SECONDARY_UNITS
OWN_ERROR = 0.005
"""Of what a control measures, as a share of the reading."""
REGISTER_V, REGISTER_A, REGISTER_VA = 0.02, 0.005, 1.0
"""What registers of controls resolve at worst: V, A, and W or var."""
ANGLE_RAD = math.radians(0.3)
"""What a control may be off in phase, and so what share of apparent power its W and var may."""


def told(sensing: SourcedSensing, limits: Exactness) -> Voice:
    """Let speak what a source was told: the feeder's voltage and current there, over the transformers' ratios."""
    return Voice(sensing.name, Verdict.ERROR, lambda: _instrument(sensing.told, limits))


def measured(sensing: SourcedSensing, limits: Exactness) -> Voice:
    """Let a source say what it measures at its own output."""
    return Voice(sensing.name, Verdict.ERROR, lambda: _instrument(sensing.source.measure(), limits))


def reported(control: str, read: Callable[[], SecondaryReading]) -> Voice:
    """Let a control say what it senses; what its registers do not show it says nothing of."""

    def say() -> Said:
        reading = read()
        apparent = reading.voltage_v * reading.current_a
        power = (OWN_ERROR + ANGLE_RAD) * apparent + REGISTER_VA
        return {
            VOLTAGE: (reading.voltage_v, OWN_ERROR * reading.voltage_v + REGISTER_V),
            CURRENT: (reading.current_a, OWN_ERROR * reading.current_a + REGISTER_A),
            ACTIVE: (reading.p_w, power),
            REACTIVE: (reading.q_var, power),
        }

    return Voice(control, Verdict.FAIL, say)


def _instrument(reading: SecondaryReading, limits: Exactness) -> Said:
    step_v, step_a, step_deg = RESOLUTION
    voltage_v, current_a = reading.voltage_v, reading.current_a
    off_v, off_a = limits.voltage_v(voltage_v), limits.current_a(current_a)
    power = off_v * current_a + off_a * voltage_v + math.radians(step_deg) * voltage_v * current_a
    return {
        VOLTAGE: (voltage_v, off_v + step_v),
        CURRENT: (current_a, off_a + step_a),
        ACTIVE: (reading.p_w, power),
        REACTIVE: (reading.q_var, power),
    }
