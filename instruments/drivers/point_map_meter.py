"""Meter on Modbus, whatever its register layout: the role Meter over a point map."""

import math

from instruments.drivers.point_map_der import PHASES, DerPoints
from instruments.errors import InstrumentError
from instruments.point_map import PointMap
from instruments.readings import Identity, MeterEvents, MeterReading
from instruments.transports.modbus import ModbusLink

UNDER, OVER = 1, 2
"""Bits of `MeterEvents.raw`, which this driver makes of the map's flags."""


class PointMapMeter:
    """Fits the role Meter, as far as its map has points for it; `lacking` tells what it has not."""

    def __init__(self, link: ModbusLink, point_map: PointMap) -> None:
        """Nothing is sent yet; raises ConfigError with all that keeps the map from the role.

        A map that does not say what it counts as positive counts as a meter does, towards the customer.
        """
        self.points = DerPoints(link, point_map, "meter", positive="absorbed")

    @property
    def lacking(self) -> dict[str, list[str]]:
        """Functions of the role that the map does not offer, with what it lacks for them."""
        return self.points.lacking

    def identify(self) -> Identity:
        """Read who answers, as far as it says."""
        return self.points.device.identify()

    def read_meter(self) -> MeterReading:
        """Read voltage, power and energy; raises InstrumentError when it gives no active power, voltage or energy."""
        values = self.points.read(
            "power", "reactive_power", "line_voltage", "frequency", "import_energy", "export_energy", *PHASES
        )
        line_v = values.number("line_voltage")
        values.needed(PHASES[0])
        return MeterReading(
            voltage_v=tuple(volts for volts in map(values.number, PHASES) if not math.isnan(volts)),
            line_voltage_v=0.0 if math.isnan(line_v) else line_v,
            frequency_hz=values.number("frequency"),
            p_w=-values.needed("power"),
            q_var=-values.number("reactive_power"),
            import_wh=values.needed("import_energy"),
            export_wh=values.needed("export_energy"),
        )

    def read_voltage_v(self) -> tuple[float, ...]:
        """Read the voltages of the legs to neutral, V; raises InstrumentError without any."""
        values = self.points.read(*PHASES)
        values.needed(PHASES[0])
        return tuple(volts for volts in map(values.number, PHASES) if not math.isnan(volts))

    def read_events(self) -> MeterEvents:
        """Read the event flags that the meter set by itself; raises InstrumentError where the map has none."""
        if "read_events" in self.lacking:
            raise InstrumentError(f"{self.points.name} has no event flags in its point map: silence is no health")
        values = self.points.read("under_voltage", "over_voltage")
        under, over = bool(values.flag("under_voltage")), bool(values.flag("over_voltage"))
        return MeterEvents(under, over, under * UNDER | over * OVER)

    def read_clock_s(self) -> float | None:
        """A map has no clock."""
        return None
