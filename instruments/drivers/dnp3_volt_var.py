"""Volt-var of an inverter on DNP3 (IEEE 1815.2): its mode and its curve."""

import math

from instruments.drivers.dnp3_curves import CORNERS, FORM, MOST_POINTS, VOLT_VAR, read_corners, write_curve
from instruments.drivers.dnp3_point_device import Dnp3PointDevice
from instruments.errors import SafetyTrip
from instruments.readings import Nameplate, VoltVarCurve

PCT = 100.0
_MODE = ("volt_var_curve", "volt_var_rise", "volt_var_fall", "volt_var_enabled", "reference_follows", "reference_time")
POINTS = (*_MODE, *FORM, *CORNERS, "curve_selected", "maximum_injected", "maximum_absorbed")


def check_maximum(points: Dnp3PointDevice, curve: VoltVarCurve, plate: Nameplate) -> None:
    """Raise SafetyTrip for a curve with too many points, or with more vars than the inverter is configured to."""
    name = points.link.name
    if not 0 < len(curve.v_pu) <= MOST_POINTS:
        raise SafetyTrip(f"{name}: {curve} has not 1 to {MOST_POINTS} points; nothing was sent")
    asked = _shares_pct(curve, plate, *maxima_var(points))
    if any(abs(share) > PCT + points.point_map.find("curve_y_1").scale for share in asked):
        raise SafetyTrip(f"{name}: {curve} asks for more vars than it is configured to; nothing was sent")


def command_curve(points: Dnp3PointDevice, curve: VoltVarCurve, plate: Nameplate) -> None:
    """Write a curve, have the mode follow it and enable that; each point is read back as it is written."""
    shares = _shares_pct(curve, plate, *maxima_var(points))
    kept = [max(-PCT, min(PCT, share)) for share in shares]
    _command_mode(points, curve, write_curve(points, VOLT_VAR, [volts * PCT for volts in curve.v_pu], kept))


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
    x_pct, y_pct = read_corners(points, VOLT_VAR)
    mode = points.read(*_MODE)
    injected_var, absorbed_var = maxima_var(points)
    shares = [share / PCT for share in y_pct]
    return VoltVarCurve(
        v_pu=tuple(volts / PCT for volts in x_pct),
        q_pu=tuple(s * (injected_var if s > 0.0 else absorbed_var) / plate.va_max_va for s in shares),
        response_s=mode.number("volt_var_rise"),
        autonomous_s=mode.number("reference_time") if mode.flag("reference_follows") else None,
    )


def maxima_var(points: Dnp3PointDevice) -> tuple[float, float]:
    """Read the most that it injects and absorbs, var, both > 0."""
    readings = points.read("maximum_injected", "maximum_absorbed")
    return abs(readings.number("maximum_injected")), abs(readings.number("maximum_absorbed"))


def share_pct(asked_var: float, injected_var: float, absorbed_var: float) -> float:
    """Turn vars into per cent of the most on their side; infinite where there are none."""
    most_var = injected_var if asked_var > 0.0 else absorbed_var
    return asked_var / most_var * PCT if most_var else asked_var and math.copysign(math.inf, asked_var)


def _shares_pct(curve: VoltVarCurve, plate: Nameplate, injected_var: float, absorbed_var: float) -> tuple[float, ...]:
    """Turn shares of rated VA into per cent of the most vars on their side."""
    return tuple(share_pct(share * plate.va_max_va, injected_var, absorbed_var) for share in curve.q_pu)
