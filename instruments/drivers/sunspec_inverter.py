"""Driver of a SunSpec inverter that follows IEEE 1547-2018: models 1, 701 to 705 and, where it has them, 706 to 715."""

import math
from collections.abc import Mapping

from instruments.drivers.fence import (
    check_curve,
    check_droop,
    check_power,
    check_power_factor,
    check_reversion,
    check_trip,
    check_vars,
)
from instruments.drivers.sunspec_curves import (
    CURVE_MODELS,
    VOLT_VAR,
    VOLT_WATT,
    WATT_VAR,
    CurveModel,
    adopt_curve,
    read_curve,
)
from instruments.drivers.sunspec_der import command_power
from instruments.drivers.sunspec_der_driver import SunSpecDer
from instruments.drivers.sunspec_droop import DROOP, adopt_droop, read_droop
from instruments.drivers.sunspec_ratings import configure, read_configuration, read_functions
from instruments.drivers.sunspec_reactive import (
    command_power_factor,
    command_vars,
    disable_vars,
    read_reference,
    reference_points,
)
from instruments.drivers.sunspec_service import read_settings, write_settings
from instruments.drivers.sunspec_trips import adopt_trip, read_trip
from instruments.errors import InstrumentError, SafetyTrip
from instruments.readings import (
    Characteristic,
    EnterServiceSettings,
    FrequencyDroop,
    InverterModes,
    PowerCommand,
    Trip,
    TripKind,
    VoltVarCurve,
)

PCT = 100.0
REMOTE, ENABLED = 0, 1
SUPERVISION = 715
OFF, ON = 0, 1


class SunSpecInverter(SunSpecDer):
    """Fits the role Inverter."""

    @staticmethod
    def unmapped(*_names: str) -> list[str]:
        """Return the points that a map lacks: there is none, and what the device has not it is asked for."""
        return []

    def read_functions(self) -> frozenset[str]:
        """Read which functions it says it has, by what the labels of their settings begin with."""
        return read_functions(self._device)

    def read_configuration(self) -> dict[str, float]:
        """Read what its ratings are configured to, by the labels of `read_as_set`, in W, VA, var and V."""
        return read_configuration(self._device)

    def configure(self, label: str, value: float) -> None:
        """Configure a rating to less than it is, or back to it; raises as `sunspec_ratings.configure`."""
        configure(self._device, label, value)

    def reset_alarms(self) -> None:
        """Acknowledge alarms that are latched, where it can be told to; raises InstrumentError when it refuses."""
        if SUPERVISION in self._device.models():
            self._device.write(SUPERVISION, {"AlarmReset": 1})

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Command active power, W, > 0 to deliver, which ends by itself after `reversion_s`; return the read-back.

        Raises SafetyTrip, before anything is sent, for a power outside nameplate or envelope, and for a command
        without an end to an inverter with storage behind it.
        """
        nameplate = self.read_nameplate()
        check_reversion(self._device.name, reversion_s, shortest_s=1.0 if nameplate.charge_max_w > 0.0 else 0.0)
        check_power(self._device.name, nameplate, self._envelope, power_w)
        return command_power(self._device, power_w, reversion_s)

    def read_modes(self) -> InverterModes:
        """Read who may command it, whether it may be in service, and whether its volt-var function is enabled."""
        return InverterModes(
            remote=self._is(715, "LocRemCtl", REMOTE),
            permitted=self._is(703, "ES", ENABLED),
            volt_var=self._is(705, "Ena", ENABLED),
        )

    def limit_power_pct(self, limit_pct: float, reversion_s: float) -> None:
        """Limit active power to a share of the rating, which ends by itself after `reversion_s`.

        Raises SafetyTrip for a share outside 0 to 100 %, InstrumentError when the limit does not read back.
        """
        if not 0.0 <= limit_pct <= PCT:
            raise SafetyTrip(f"{self._device.name}: a limit of {limit_pct:g} % lies outside 0 to 100 %")
        check_reversion(self._device.name, reversion_s, shortest_s=0.0)
        self._device.write(704, {"WMaxLimPct": limit_pct})
        self._device.write(704, {"WMaxLimPctEnaRvrt": 0, "WMaxLimPctRvrtTms": reversion_s})
        self._write_checked(704, "WMaxLimPctEna", 1)

    def read_volt_var(self) -> VoltVarCurve:
        """Read the volt-var curve in force."""
        held = read_curve(self._device, VOLT_VAR)
        return VoltVarCurve(held.x_pu, held.y_pu, held.response_s, *read_reference(self._device))

    def set_volt_var(self, curve: VoltVarCurve) -> None:
        """Write a curve, have the inverter adopt it, compare what is then in force, and enable it.

        Raises SafetyTrip, before anything is sent, for what is no curve or asks for more vars than nameplate and
        envelope have; InstrumentError when the inverter has too few points, does not adopt, or adopts another curve.
        """
        check_curve(self._device.name, curve, self.read_nameplate(), self._envelope)
        characteristic = Characteristic(curve.v_pu, curve.q_pu, curve.response_s)
        self._set_curve(VOLT_VAR, characteristic, reference_points(curve))

    def set_volt_watt(self, characteristic: Characteristic) -> None:
        """Have the inverter adopt and enable voltage over limit of active power; raises as `set_volt_var`."""
        self._set_curve(VOLT_WATT, characteristic)

    def set_watt_var(self, characteristic: Characteristic) -> None:
        """Have the inverter adopt and enable active over reactive power; raises as `set_volt_var`."""
        self._set_curve(WATT_VAR, characteristic)

    def read_frequency_droop(self) -> FrequencyDroop:
        """Read the frequency-droop that it has, and whether it follows it."""
        return read_droop(self._device)

    def set_frequency_droop(self, droop: FrequencyDroop) -> None:
        """Have the inverter adopt a frequency-droop, and switch it on, or off where it is not enabled.

        Raises SafetyTrip, before anything is sent, for what is no droop or for a power below what the nameplate has;
        InstrumentError when the inverter does not adopt it, or adopts another.
        """
        check_droop(self._device.name, droop, self.read_nameplate())
        adopt_droop(self._device, droop)
        self._write_checked(DROOP, "Ena", ON if droop.enabled else OFF)

    def set_power_factor(self, power_factor: float, injects: bool) -> None:
        """Command a constant power factor at which it `injects` or absorbs vars, with storage behind it both ways.

        Raises SafetyTrip, before anything is sent, for more vars than nameplate or envelope have; InstrumentError when
        the command does not read back.
        """
        check_power_factor(self._device.name, self.read_nameplate(), self._envelope, power_factor, injects)
        command_power_factor(self._device, power_factor, injects)

    def set_reactive_power(self, share_pu: float) -> None:
        """Command constant reactive power, a share of rated VA, > 0 injected; raises as `set_power_factor`."""
        check_vars(self._device.name, self.read_nameplate(), self._envelope, share_pu)
        command_vars(self._device, share_pu)

    def disable_reactive_commands(self) -> None:
        """Switch off constant power factor and constant reactive power; InstrumentError when one stays on."""
        disable_vars(self._device)

    def disable_functions(self) -> None:
        """Switch off every function that it has and that follows a characteristic, and all commands of power."""
        for model_id in (*(model.model_id for model in CURVE_MODELS), DROOP):
            if model_id in self._device.models():
                self._write_checked(model_id, "Ena", OFF)
        self.disable_reactive_commands()
        self._write_checked(704, "WMaxLimPctEna", OFF)
        self.release()

    def read_enter_service(self) -> EnterServiceSettings:
        """Read when it may enter service, and how."""
        return read_settings(self._device)

    def set_enter_service(self, settings: EnterServiceSettings) -> None:
        """Set the criteria, the delay and the ramp, or the drawn delay, of entering service, and read them back.

        Raises InstrumentError when the inverter does not hold what was written, or draws no delays and should.
        """
        write_settings(self._device, settings)

    def read_trip(self, kind: TripKind) -> Trip:
        """Read both stages of a trip that is in force."""
        return read_trip(self._device, kind)

    def set_trip(self, kind: TripKind, trip: Trip) -> None:
        """Have the inverter adopt both stages of a trip, compare what is then in force, and see that it is enabled.

        Raises SafetyTrip, before anything is sent, for what is no trip; InstrumentError when it is not adopted.
        """
        check_trip(self._device.name, kind, trip)
        self._write_checked(adopt_trip(self._device, kind, trip), "Ena", ON)

    def disable_frequency_droop(self) -> None:
        """Switch off what answers frequency with power; it would hide a trip."""
        self._write_checked(DROOP, "Ena", OFF)

    def enable_frequency_droop(self) -> None:
        """Switch on the frequency-droop that it has."""
        self._write_checked(DROOP, "Ena", ON)

    def cease_to_energize(self) -> None:
        """Withdraw the permission to be in service; IEEE 1547-2018 4.6.1 gives the inverter 2 s."""
        self._write_checked(703, "ES", 0)

    def enter_service(self) -> None:
        """Permit service; the inverter waits for its enter-service criteria and ramps."""
        self._write_checked(703, "ES", 1)

    def make_safe(self) -> None:
        """Cease to energize and end the active-power command; both are tried, also when one fails."""
        try:
            self.cease_to_energize()
        finally:
            self.release()

    def _set_curve(
        self, model: CurveModel, characteristic: Characteristic, header: Mapping[str, float] | None = None
    ) -> None:
        adopt_curve(self._device, model, characteristic, header)
        self._write_checked(model.model_id, "Ena", ON)

    def _is(self, model_id: int, name: str, value: int) -> bool | None:
        held = self._device.read(model_id, name, name).number(name)
        return None if math.isnan(held) else held == value

    def _write_checked(self, model_id: int, name: str, value: int) -> None:
        self._device.write(model_id, {name: value})
        held = self._device.read(model_id, name, name).number(name)
        if held != value:
            raise InstrumentError(f"{self._device.name}: {name} of model {model_id} reads {held}, not {value}")
