"""Driver of a SunSpec inverter that follows IEEE 1547-2018: models 1, 701 to 705 and, where it has them, 706 to 715."""

import math

from instruments.drivers.fence import UNFENCED, DerEnvelope, check_curve, check_reversion
from instruments.drivers.sunspec_der import (
    check_power,
    command_power,
    read_ac,
    read_command,
    read_nameplate,
    release_power,
)
from instruments.drivers.sunspec_device import Block, SunSpecDevice
from instruments.errors import InstrumentError, SafetyTrip
from instruments.readings import AcReading, Identity, InverterModes, Nameplate, PowerCommand, VoltVarCurve
from instruments.transports.modbus import ModbusLink

PCT = 100.0
VA_MAX_PCT = 3
SPARE_CURVE = 2
"""Curve 1 shows what is in force; 2 is the first that can be written."""
IN_PROGRESS, COMPLETED = 0, 1
CURVE_TOLERANCE_PU, CURVE_TOLERANCE_S = 1e-3, 0.1
"""What may get lost in the scale factors of common equipment: 0.1 % and 0.1 s."""
REMOTE, ENABLED = 0, 1
ADOPT_READS = 50
"""Reads of the adopt result before the device is given up."""


class SunSpecInverter:
    """Fits the role Inverter."""

    def __init__(self, link: ModbusLink, envelope: DerEnvelope = UNFENCED) -> None:
        """Take what the bench allows, beside the nameplate."""
        self._envelope = envelope
        self._device = SunSpecDevice(link)
        self._nameplate: Nameplate | None = None

    def identify(self) -> Identity:
        """Read who answers."""
        return self._device.identify()

    def read_nameplate(self) -> Nameplate:
        """Read the ratings; asked of the device once."""
        if self._nameplate is None:
            self._nameplate = read_nameplate(self._device)
        return self._nameplate

    def read_ac(self) -> AcReading:
        """Read what the inverter says of its terminals."""
        return read_ac(self._device)

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Command active power, W, > 0 to deliver, which ends by itself after `reversion_s`; return the read-back.

        Raises SafetyTrip, before anything is sent, for a power outside nameplate or envelope, and for a command
        without an end to an inverter with storage behind it.
        """
        nameplate = self.read_nameplate()
        check_reversion(self._device.name, reversion_s, shortest_s=1.0 if nameplate.charge_max_w > 0.0 else 0.0)
        check_power(self._device, nameplate, self._envelope, power_w)
        return command_power(self._device, power_w, reversion_s)

    def read_command(self) -> PowerCommand:
        """Read the set-point that the inverter holds, which is not what it delivers."""
        return read_command(self._device)

    def read_modes(self) -> InverterModes:
        """Read who may command it, whether it may be in service, and whether its volt-var function is enabled."""
        return InverterModes(
            remote=self._is(715, "LocRemCtl", REMOTE),
            permitted=self._is(703, "ES", ENABLED),
            volt_var=self._is(705, "Ena", ENABLED),
        )

    def release(self) -> None:
        """End the active-power command."""
        release_power(self._device)

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
        return _curve(self._device.read(705), 1)

    def set_volt_var(self, curve: VoltVarCurve) -> None:
        """Write a curve, have the inverter adopt it, compare what is then in force, and enable it.

        Raises SafetyTrip, before anything is sent, for what is no curve or asks for more vars than nameplate and
        envelope have; InstrumentError when the inverter has too few points, does not adopt, or adopts another curve.
        """
        check_curve(self._device.name, curve, self.read_nameplate(), self._envelope)
        points = _count(self._device.read(705, "ID", "NCrv"), "NPt")
        if len(curve.v_pu) > points:
            raise InstrumentError(f"{self._device.name} takes {points} volt-var points, not {len(curve.v_pu)}")
        self._write_curve(curve)
        self._device.write(705, {"AdptCrvReq": SPARE_CURVE})
        self._await_adoption()
        held = self.read_volt_var()
        if not _same_curve(held, curve):
            raise InstrumentError(f"{self._device.name} was given {curve} and holds {held}")
        self._write_checked(705, "Ena", 1)

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

    def _write_curve(self, curve: VoltVarCurve) -> None:
        prefix = f"Crv[{SPARE_CURVE}]."
        self._device.write(705, {prefix + "ActPt": len(curve.v_pu), prefix + "DeptRef": VA_MAX_PCT})
        self._device.write(705, {prefix + "RspTms": curve.response_s})
        pairs = zip(curve.v_pu, curve.q_pu, strict=True)
        points: dict[str, float] = {}
        for number, (v_pu, q_pu) in enumerate(pairs, start=1):
            points |= {f"{prefix}Pt[{number}].V": v_pu * PCT, f"{prefix}Pt[{number}].Var": q_pu * PCT}
        self._device.write(705, points)

    def _await_adoption(self) -> None:
        result = float(IN_PROGRESS)
        for _ in range(ADOPT_READS):
            result = self._device.read(705, "ID", "NCrv").number("AdptCrvRslt")
            if result != IN_PROGRESS:
                break
        if result != COMPLETED:
            outcome = "still at work on" if result == IN_PROGRESS else "failed to adopt"
            raise InstrumentError(f"{self._device.name} {outcome} the volt-var curve")

    def _is(self, model_id: int, name: str, value: int) -> bool | None:
        held = self._device.read(model_id, name, name).number(name)
        return None if math.isnan(held) else held == value

    def _write_checked(self, model_id: int, name: str, value: int) -> None:
        self._device.write(model_id, {name: value})
        held = self._device.read(model_id, name, name).number(name)
        if held != value:
            raise InstrumentError(f"{self._device.name}: {name} of model {model_id} reads {held}, not {value}")


def _curve(block: Block, index: int) -> VoltVarCurve:
    prefix = f"Crv[{index}]."
    numbers = range(1, _count(block, prefix + "ActPt") + 1)
    if numbers and f"{prefix}Pt[{numbers[-1]}].V" not in block.plan.points:
        raise InstrumentError(f"the volt-var curve has {len(numbers)} points, more than model 705 has room for")
    return VoltVarCurve(
        v_pu=tuple(block.number(f"{prefix}Pt[{number}].V") / PCT for number in numbers),
        q_pu=tuple(block.number(f"{prefix}Pt[{number}].Var") / PCT for number in numbers),
        response_s=block.number(prefix + "RspTms"),
    )


def _count(block: Block, name: str) -> int:
    count = block.number(name)
    if math.isnan(count):
        raise InstrumentError(f"model {block.plan.model_id} has no {name}")
    return int(count)


def _same_curve(held: VoltVarCurve, wanted: VoltVarCurve) -> bool:
    if len(held.v_pu) != len(wanted.v_pu) or abs(held.response_s - wanted.response_s) > CURVE_TOLERANCE_S:
        return False
    pairs = zip(held.v_pu + held.q_pu, wanted.v_pu + wanted.q_pu, strict=True)
    return all(abs(a - b) <= CURVE_TOLERANCE_PU for a, b in pairs)
