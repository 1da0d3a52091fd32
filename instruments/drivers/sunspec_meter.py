"""Driver of a revenue or credit meter with a SunSpec endpoint: model 1 and one of 201 to 204."""

import math

from instruments.drivers.sunspec_device import Block, SunSpecDevice
from instruments.errors import InstrumentError
from instruments.readings import Identity, MeterEvents, MeterReading
from instruments.transports.modbus import ModbusLink

METER_MODELS = (201, 202, 203, 204)
UNDER_VOLTAGE, OVER_VOLTAGE = 1 << 3, 1 << 6
"""Bits of Evt."""
IN_ORDER = 1 << 16
"""The first bit of Evt that makers may use, OEM01; for the meters of this bench: alerts wait their turn."""
CLOCK_MODEL = 122
LEGS = ("PhVphA", "PhVphB", "PhVphC")


class SunSpecMeter:
    """Fits the role Meter."""

    def __init__(self, link: ModbusLink) -> None:
        self._device = SunSpecDevice(link)
        self._model_id: int | None = None

    def identify(self) -> Identity:
        """Read who answers."""
        return self._device.identify()

    def read_meter(self) -> MeterReading:
        """Read voltage, power and energy, in one request.

        Raises InstrumentError when it gives no active power or energy, which every meter has to: the value is beyond
        its register. Reactive power is NaN where it has none.
        """
        block = self._device.read(self._model(), "A", "TotWh_SF")
        self._device.require(block, "W", "TotWhImp", "TotWhExp")
        line_v = block.number("PPV")
        return MeterReading(
            voltage_v=_legs_v(block),
            line_voltage_v=0.0 if math.isnan(line_v) else line_v,
            frequency_hz=block.number("Hz"),
            p_w=block.number("W"),
            q_var=block.number("VAR"),
            import_wh=block.number("TotWhImp"),
            export_wh=block.number("TotWhExp"),
        )

    def read_voltage_v(self) -> tuple[float, ...]:
        """Read the voltages of the legs to neutral, V, in one short request; raises InstrumentError without any."""
        legs_v = _legs_v(self._device.read(self._model(), "PhV", "V_SF"))
        if not legs_v:
            raise InstrumentError(f"{self._device.name} gives no voltage")
        return legs_v

    def read_events(self) -> MeterEvents:
        """Read the event flags that the meter set by itself.

        Raises InstrumentError when it reports no event register: silence would look like health.
        """
        value = self._device.read(self._model(), "Evt", "Evt").number("Evt")
        if math.isnan(value):
            raise InstrumentError(f"{self._device.name} has no event register")
        raw = int(value)
        return MeterEvents(bool(raw & UNDER_VOLTAGE), bool(raw & OVER_VOLTAGE), raw, bool(raw & IN_ORDER))

    def read_clock_s(self) -> float | None:
        """Read the meter's own time, seconds since the beginning of the year 2000; None of a meter without a clock."""
        if CLOCK_MODEL not in self._device.models():
            return None
        told = self._device.read(CLOCK_MODEL, "Tms", "Tms").number("Tms")
        return None if math.isnan(told) else told

    def _model(self) -> int:
        if self._model_id is None:
            found = [model_id for model_id in self._device.models() if model_id in METER_MODELS]
            if not found:
                raise InstrumentError(f"{self._device.name} has none of the meter models {METER_MODELS}")
            self._model_id = found[0]
        return self._model_id


def _legs_v(block: Block) -> tuple[float, ...]:
    return tuple(volts for volts in map(block.number, LEGS) if not math.isnan(volts))
