"""Volt-var curves of an inverter on DNP3 (IEEE 1815.2): a selector shows one curve of several, which is then edited.

Voltages are per cent of the reference voltage, vars per cent of the most that the inverter injects or absorbs.
"""

import math

from instruments.drivers.dnp3_point_device import Dnp3PointDevice
from instruments.errors import InstrumentError, SafetyTrip
from instruments.readings import Nameplate, VoltVarCurve

PCT = 100.0
MOST_POINTS = 10
"""Points of a curve that the map has; the profile has up to 100."""
FIRST, SECOND = 1, 2
"""Curves that are written in turn: the one in use is left alone until the other one stands."""
_CORNERS = tuple(f"curve_{axis}_{n}" for n in range(1, MOST_POINTS + 1) for axis in ("x", "y"))
_FORM = ("curve_type", "curve_points", "curve_x_unit", "curve_y_unit")
_MODE = ("volt_var_curve", "volt_var_rise", "volt_var_fall", "volt_var_enabled", "reference_follows", "reference_time")
POINTS = (*_MODE, *_FORM, *_CORNERS, "curve_selected", "maximum_injected", "maximum_absorbed")


def check_maximum(points: Dnp3PointDevice, curve: VoltVarCurve, plate: Nameplate) -> None:
    """Raise SafetyTrip for a curve with too many points, or with more vars than the inverter is configured to."""
    name = points.link.name
    if not 0 < len(curve.v_pu) <= MOST_POINTS:
        raise SafetyTrip(f"{name}: {curve} has not 1 to {MOST_POINTS} points; nothing was sent")
    asked = _shares_pct(curve, plate, *_maxima_var(points))
    if any(abs(share) > PCT + points.point_map.find("curve_y_1").scale for share in asked):
        raise SafetyTrip(f"{name}: {curve} asks for more vars than it is configured to; nothing was sent")


def command_curve(points: Dnp3PointDevice, curve: VoltVarCurve, plate: Nameplate) -> None:
    """Write a curve, have the mode follow it and enable that; each point is read back as it is written."""
    in_use = round(points.read("volt_var_curve").number("volt_var_curve"))
    chosen = SECOND if in_use == FIRST else FIRST
    points.write("curve_selected", chosen)
    points.write("curve_type", "volt_var")
    points.write("curve_points", len(curve.v_pu))
    points.write("curve_x_unit", "percent_voltage")
    points.write("curve_y_unit", "percent_of_max_var")
    shares = _shares_pct(curve, plate, *_maxima_var(points))
    for number, (volts_pu, share_pct) in enumerate(zip(curve.v_pu, shares, strict=True), start=1):
        points.write(f"curve_x_{number}", volts_pu * PCT)
        points.write(f"curve_y_{number}", max(-PCT, min(PCT, share_pct)))
    _command_mode(points, curve, chosen)


def _command_mode(points: Dnp3PointDevice, curve: VoltVarCurve, chosen: int) -> None:
    points.write("volt_var_rise", curve.response_s)
    points.write("volt_var_fall", curve.response_s)
    if curve.autonomous_s is not None:
        points.write("reference_time", curve.autonomous_s)
    points.write("reference_follows", curve.autonomous_s is not None)
    points.write("volt_var_curve", chosen)
    points.write("volt_var_enabled", True)


def read_curve(points: Dnp3PointDevice, plate: Nameplate) -> VoltVarCurve:
    """Read the curve that the mode follows; raises InstrumentError when it follows none, or one of another form."""
    mode = points.read(*_MODE)
    in_use = round(mode.number("volt_var_curve"))
    if in_use == 0:
        raise InstrumentError(f"{points.link.name}: its volt-var follows no curve")
    points.write("curve_selected", in_use)
    seen = points.read(*_FORM, *_CORNERS)
    form = seen.label("curve_type"), seen.label("curve_x_unit"), seen.label("curve_y_unit")
    if form != ("volt_var", "percent_voltage", "percent_of_max_var"):
        raise InstrumentError(f"{points.link.name}: curve {in_use} is one of {', '.join(form)}")
    numbers = range(1, round(seen.number("curve_points")) + 1)
    injected_var, absorbed_var = _maxima_var(points)
    shares = [seen.number(f"curve_y_{n}") / PCT for n in numbers]
    return VoltVarCurve(
        v_pu=tuple(seen.number(f"curve_x_{n}") / PCT for n in numbers),
        q_pu=tuple(s * (injected_var if s > 0.0 else absorbed_var) / plate.va_max_va for s in shares),
        response_s=mode.number("volt_var_rise"),
        autonomous_s=mode.number("reference_time") if mode.flag("reference_follows") else None,
    )


def _maxima_var(points: Dnp3PointDevice) -> tuple[float, float]:
    """Read the most that it injects and absorbs, var, both > 0."""
    readings = points.read("maximum_injected", "maximum_absorbed")
    return abs(readings.number("maximum_injected")), abs(readings.number("maximum_absorbed"))


def _shares_pct(curve: VoltVarCurve, plate: Nameplate, injected_var: float, absorbed_var: float) -> tuple[float, ...]:
    """Turn shares of rated VA into per cent of the most vars on their side."""

    def share_pct(asked_var: float) -> float:
        most_var = injected_var if asked_var > 0.0 else absorbed_var
        return asked_var / most_var * PCT if most_var else asked_var and math.copysign(math.inf, asked_var)

    return tuple(share_pct(share * plate.va_max_va) for share in curve.q_pu)
