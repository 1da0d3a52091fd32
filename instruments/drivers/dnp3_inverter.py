"""Driver of an inverter on DNP3 by the profile of IEEE 1815.2: charge/discharge mode, volt-var curves, service."""

import math
from contextlib import suppress

from instruments.dnp3_map import Dnp3Map
from instruments.drivers.dnp3_labels import Dnp3Labels
from instruments.drivers.dnp3_point_device import Dnp3PointDevice, Dnp3Readings
from instruments.drivers.dnp3_volt_var import POINTS as VOLT_VAR_POINTS
from instruments.drivers.dnp3_volt_var import check_maximum, command_curve, read_curve
from instruments.drivers.fence import UNFENCED, DerEnvelope, check_curve, check_reversion, require_within
from instruments.drivers.labelled_functions import LabelledFunctions
from instruments.errors import InstrumentError, Unmapped
from instruments.readings import AcReading, Identity, InverterModes, Nameplate, PowerCommand, VoltVarCurve
from instruments.transports.dnp3 import Dnp3Link

PCT = 100.0
LONGEST_REVERSION_S = 2**31 - 1
"""A command of 32 bits with a sign."""
_RATINGS = ("rated_power", "rated_charge", "rated_injected", "rated_absorbed", "rated_apparent", "reference_voltage")
_CATEGORIES = ("normal_category", "abnormal_category")
_CONNECTED = ("connected_idle", "connected_generating", "connected_charging")
_VOLTAGES = ("voltage_a", "voltage_b", "voltage_c")
_CURRENTS = ("current_a", "current_b", "current_c")
_METER = ("frequency", "power", "reactive_power", "apparent_power")
_STATE = ("started", "alarm")
_POWER = ("power_enabled", "power_target", "power_reversion")
_NEEDED = (
    *(*_RATINGS, *_CATEGORIES, *_CONNECTED, *_VOLTAGES, *_CURRENTS, *_METER, *_STATE, *_POWER),
    *("maximum_power", "local", "permission", "start_up", "stop"),
)


class Dnp3Inverter(LabelledFunctions):
    """Fits the roles Inverter and DerFunctions. Set-points are per cent of its maximum power, as coarse as its map."""

    def __init__(self, link: Dnp3Link, point_map: Dnp3Map, envelope: DerEnvelope = UNFENCED) -> None:
        """Take what the bench allows, beside the nameplate; raises ConfigError naming all points the map lacks."""
        self.points = Dnp3PointDevice(link, point_map)
        self.points.require(dict.fromkeys((*_NEEDED, *VOLT_VAR_POINTS), ()))
        super().__init__(Dnp3Labels(self.points, self.read_nameplate), envelope)
        self._nameplate: Nameplate | None = None

    def identify(self) -> Identity:
        """Read who answers."""
        return self.points.identify()

    def read_nameplate(self) -> Nameplate:
        """Read the ratings; asked of the device once. One that it does not state counts as 0.

        Raises Doubtful for one that it does state and that is no reading now.
        """
        if self._nameplate is None:
            readings = self.points.read(*_RATINGS, *_CATEGORIES)
            power, charge, injected, absorbed, apparent, voltage_v = (
                readings.number(name) if readings.is_offered(name) else 0.0 for name in _RATINGS
            )
            normal, abnormal = (readings.label(name).upper() for name in _CATEGORIES)
            self._nameplate = Nameplate(
                p_max_w=power,
                va_max_va=apparent,
                q_max_injected_var=injected,
                q_max_absorbed_var=abs(absorbed),
                charge_max_w=abs(charge),
                v_nom_v=voltage_v,
                category="" if normal == "UNKNOWN" else normal,
                abnormal="" if abnormal == "UNKNOWN" else abnormal,
            )
        return self._nameplate

    def read_ac(self) -> AcReading:
        """Read what the inverter says of its terminals, in one request; what is no reading is NaN, or left out.

        Raises InstrumentError when it gives no active power, or does not say whether it is connected.
        """
        readings = self.points.read(*_METER, *_VOLTAGES, *_CURRENTS, *_CONNECTED, *_STATE)
        frequency_hz, reactive_var, apparent_va = (_number(readings, n) for n in (_METER[0], *_METER[2:]))
        voltages, currents = ([_number(readings, n) for n in names] for names in (_VOLTAGES, _CURRENTS))
        flowing = [current for current in currents if not math.isnan(current)]
        return AcReading(
            p_w=readings.number("power"),
            q_var=reactive_var,
            va=apparent_va,
            frequency_hz=frequency_hz,
            voltage_v=tuple(v for v in voltages if not math.isnan(v)),
            current_a=sum(flowing) if flowing else math.nan,
            connected=any(readings.flag(name) for name in _CONNECTED),
            running=readings.flag("started"),
            alarms=int(readings.flag("alarm")),
        )

    def read_modes(self) -> InverterModes:
        """Read who may command it, whether it may be in service, and whether its volt-var function is enabled."""
        readings = self.points.read("local", "permission", "volt_var_enabled")
        return InverterModes(
            remote=not readings.flag("local"),
            permitted=readings.flag("permission"),
            volt_var=readings.flag("volt_var_enabled"),
        )

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Command active power, W, > 0 to deliver, which ends by itself after `reversion_s`; return the read-back.

        It is rounded towards zero, to what its map can tell. Raises SafetyTrip, before anything is sent, for a power
        outside nameplate or envelope, and for a command without an end to an inverter with storage behind it.
        """
        plate = self.read_nameplate()
        check_reversion(self._name, reversion_s, shortest_s=1.0 if plate.charge_max_w > 0.0 else 0.0)
        require_within(self._name, "reversion time", (reversion_s,), (0.0, LONGEST_REVERSION_S))
        rated = (0.0 - plate.charge_max_w, plate.p_max_w)
        require_within(self._name, "power_w", (power_w,), rated, self._envelope.power_w)
        step = self.points.point_map.find("power_target").scale
        target_pct = math.trunc(round(power_w / self._maximum_w() * PCT / step, 6)) * step
        self.points.write("power_reversion", math.ceil(reversion_s))
        self.points.write("power_target", target_pct)
        self.points.write("power_enabled", True)
        return self.read_command()

    def read_command(self) -> PowerCommand:
        """Read the set-point that the inverter holds; how long its timer still runs it does not say: NaN."""
        readings, maximum_w = self.points.read(*_POWER), self._maximum_w()
        power_w = readings.number("power_target") / PCT * maximum_w
        return PowerCommand(enabled=readings.flag("power_enabled"), power_w=power_w, remaining_s=math.nan)

    def release(self) -> None:
        """End the active-power command, and read that back."""
        self.points.write("power_enabled", False)

    def read_volt_var(self) -> VoltVarCurve:
        """Read the volt-var curve in force; it is selected for that, for the profile shows one curve at a time."""
        return read_curve(self.points, self.read_nameplate())

    def set_volt_var(self, curve: VoltVarCurve) -> None:
        """Write a curve into one that is not in use, compare it, have volt-var follow it, and enable that.

        Raises SafetyTrip, before anything is sent, for what is no curve or asks for more vars than nameplate and
        envelope have, Unmapped for another reference than nominal, which the profile's points cannot tell;
        InstrumentError when the inverter refuses or holds another curve.
        """
        plate = self.read_nameplate()
        check_curve(self._name, curve, plate, self._envelope)
        if curve.reference_pu != 1.0:
            raise Unmapped(f"{self._name}: its volt-var has no reference of {curve.reference_pu:g}; nothing was sent")
        check_maximum(self.points, curve, plate)
        command_curve(self.points, curve, plate)

    def cease_to_energize(self) -> None:
        """Withdraw the permission to be in service and stop; IEEE 1547-2018 4.6.1 gives the inverter 2 s."""
        self.points.write("permission", False)
        self.points.write("stop", "stop")

    def enter_service(self) -> None:
        """Permit service and start; the inverter waits for its enter-service criteria and ramps."""
        self.points.write("permission", True)
        self.points.write("start_up", "start")

    def make_safe(self) -> None:
        """Cease to energize and end the active-power command; both are tried, also when one fails."""
        try:
            self.cease_to_energize()
        finally:
            self.release()

    def _maximum_w(self) -> float:
        """Return what per cent of power are of: the maximum that is configured, which may be below the rating."""
        maximum_w = self.points.read("maximum_power").number("maximum_power")
        if maximum_w <= 0.0:
            raise InstrumentError(f"{self._name} states a maximum power of {maximum_w:g} W")
        return maximum_w


def _number(readings: Dnp3Readings, name: str) -> float:
    """Return a number, NaN for one that is no reading."""
    with suppress(InstrumentError):
        return readings.number(name)
    return math.nan
