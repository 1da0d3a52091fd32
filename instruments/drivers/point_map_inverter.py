"""Inverter on Modbus, whatever its register layout: the role Inverter over a point map."""

from instruments.drivers.fence import check_curve
from instruments.drivers.point_map_der import PointMapDer
from instruments.errors import InstrumentError, Unmapped
from instruments.point_map_roles import corners
from instruments.readings import InverterModes, Nameplate, PowerCommand, VoltVarCurve

TOLERANCE_PU, TOLERANCE_S = 1e-3, 0.1
"""How far a curve that is held may be from the one that was written: what scales round off."""


class PointMapInverter(PointMapDer):
    """Fits the role Inverter, as far as its map has points for it; `lacking` tells what it has not."""

    role = "inverter"

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Command active power, W, > 0 to deliver, which ends by itself after `reversion_s`; return the read-back.

        Raises SafetyTrip, before anything is sent, for a power outside nameplate, envelope or map, and for a command
        without an end to an inverter with storage behind it.
        """
        nameplate = self.read_nameplate()
        shortest_s = 1.0 if nameplate.charge_max_w > 0.0 else 0.0
        return self._commands.set_power_w(nameplate, power_w, reversion_s, shortest_s)

    def read_modes(self) -> InverterModes:
        """Read who may command it, whether it may be in service, and whether its volt-var function is enabled."""
        values = self.points.read("panel_switch", "volt_var_enable", "service")
        switch = values.label("panel_switch")
        return InverterModes(
            remote=switch == "remote" if switch else None,
            permitted=values.label("service") == "enter",
            volt_var=values.flag("volt_var_enable"),
        )

    def read_volt_var(self) -> VoltVarCurve:
        """Read the volt-var curve that it holds; shares are of rated voltage and rated apparent power."""
        self.points.require("set_volt_var")
        numbers, nameplate = range(1, corners(self.points.point_map) + 1), self.read_nameplate()
        volts = self.points.read(*(f"volt_var_v_{n}" for n in numbers), base=nameplate.v_nom_v)
        shares = self.points.read(
            *(f"volt_var_q_{n}" for n in numbers), "volt_var_response_time", base=nameplate.va_max_va
        )
        response_s = shares.number("volt_var_response_time")
        return VoltVarCurve(
            tuple(volts.needed(f"volt_var_v_{n}") / nameplate.v_nom_v for n in numbers),
            tuple(shares.needed(f"volt_var_q_{n}") / nameplate.va_max_va for n in numbers),
            response_s if self.points.has("volt_var_response_time") else 0.0,
        )

    def set_volt_var(self, curve: VoltVarCurve) -> None:
        """Switch volt-var off, write a curve, compare what is then held, and switch it on.

        Raises SafetyTrip, before anything is sent, for what is no curve or asks for more vars than nameplate, envelope
        and map have; Unmapped where the map cannot hold such a curve, InstrumentError when the inverter holds another.
        """
        self.points.require("set_volt_var")
        nameplate = self.read_nameplate()
        check_curve(self.points.name, curve, nameplate, self._envelope)
        self._check_shape(curve)
        wanted = self._registers_of(curve, nameplate)
        for name, (value, base) in wanted.items():
            self.points.check(name, value, base)
        self.points.device.write("volt_var_enable", False)
        for name, (value, base) in wanted.items():
            self.points.write(name, value, base)
        held = self.read_volt_var()
        if not _same(held, curve, self.points.has("volt_var_response_time")):
            raise InstrumentError(f"{self.points.name} was given {curve} and holds {held}")
        self.points.device.write("volt_var_enable", True)

    def cease_to_energize(self) -> None:
        """Withdraw the permission to be in service."""
        self.points.device.write("service", "cease")

    def enter_service(self) -> None:
        """Permit service; the inverter waits for its enter-service criteria and ramps."""
        self.points.device.write("service", "enter")

    def make_safe(self) -> None:
        """Cease to energize and end the active-power command, where there is one; both are tried, also if one fails."""
        try:
            self.cease_to_energize()
        finally:
            if "set_power_w" not in self.lacking:
                self.release()

    def _check_shape(self, curve: VoltVarCurve) -> None:
        count = corners(self.points.point_map)
        if len(curve.v_pu) != count:
            told = f"{self.points.name} takes {count} volt-var corners, not {len(curve.v_pu)}"
            raise Unmapped(f"{told}; nothing was sent")
        if curve.reference_pu != 1.0 or curve.autonomous_s is not None:
            raise Unmapped(f"{self.points.name} has no volt-var reference in its point map; nothing was sent")

    def _registers_of(self, curve: VoltVarCurve, nameplate: Nameplate) -> dict[str, tuple[float, float]]:
        """Return value and base of each point that holds a curve."""
        volts, va = nameplate.v_nom_v, nameplate.va_max_va
        wanted = {f"volt_var_v_{n}": (v * volts, volts) for n, v in enumerate(curve.v_pu, start=1)}
        wanted |= {f"volt_var_q_{n}": (q * va, va) for n, q in enumerate(curve.q_pu, start=1)}
        timed = self.points.has("volt_var_response_time")
        return wanted | ({"volt_var_response_time": (curve.response_s, 1.0)} if timed else {})


def _same(held: VoltVarCurve, wanted: VoltVarCurve, timed: bool) -> bool:
    pairs = zip(held.v_pu + held.q_pu, wanted.v_pu + wanted.q_pu, strict=True)
    late = timed and abs(held.response_s - wanted.response_s) > TOLERANCE_S
    return not late and all(abs(a - b) <= TOLERANCE_PU for a, b in pairs)
