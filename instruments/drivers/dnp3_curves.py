"""Curves of an inverter on DNP3 (IEEE 1815.2): a selector shows one curve of several, which is then edited.

A mode follows the curve whose number it is told. The one in use is left alone until another one stands. Voltages and
active power are per cent of their references, vars per cent of the most that the inverter injects or absorbs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from instruments.drivers.dnp3_point_device import Dnp3PointDevice
from instruments.errors import InstrumentError

MOST_POINTS = 10
"""Points of a curve that the map has; the profile has up to 100."""
FORM = ("curve_type", "curve_points", "curve_x_unit", "curve_y_unit")
CORNERS = tuple(f"curve_{axis}_{n}" for n in range(1, MOST_POINTS + 1) for axis in ("x", "y"))


@dataclass(frozen=True)
class CurveForm:
    """What a mode follows: type and units of its curves, the point that tells which, and the two that are its own."""

    type: str
    x_unit: str
    y_unit: str
    index: str
    numbers: tuple[int, int]


VOLT_VAR = CurveForm("volt_var", "percent_voltage", "percent_of_max_var", "volt_var_curve", (1, 2))
VOLT_WATT = CurveForm("volt_watt", "percent_voltage", "percent_of_max_power", "volt_watt_curve", (3, 4))
WATT_VAR = CurveForm("watt_var", "percent_power", "percent_of_max_var", "watt_var_curve", (5, 6))

Corners = tuple[tuple[float, ...], tuple[float, ...]]
"""Both axes of a curve, per cent."""


def write_curve(points: Dnp3PointDevice, form: CurveForm, x_pct: Sequence[float], y_pct: Sequence[float]) -> int:
    """Write a curve into the one of the mode's two that is not in use, and return its number; nothing follows it yet.

    Each point is read back as it is written.
    """
    in_use = round(points.read(form.index).number(form.index))
    chosen = form.numbers[1] if in_use == form.numbers[0] else form.numbers[0]
    points.write("curve_selected", chosen)
    points.write("curve_type", form.type)
    points.write("curve_points", len(x_pct))
    points.write("curve_x_unit", form.x_unit)
    points.write("curve_y_unit", form.y_unit)
    for number, (x, y) in enumerate(zip(x_pct, y_pct, strict=True), start=1):
        points.write(f"curve_x_{number}", x)
        points.write(f"curve_y_{number}", y)
    return chosen


def read_corners(points: Dnp3PointDevice, form: CurveForm) -> Corners:
    """Read the curve that a mode follows; raises InstrumentError when it follows none, or one of another form."""
    in_use = round(points.read(form.index).number(form.index))
    if in_use == 0:
        raise InstrumentError(f"{points.link.name}: its {form.type.replace('_', '-')} follows no curve")
    points.write("curve_selected", in_use)
    seen = points.read(*FORM, *CORNERS)
    found = seen.label("curve_type"), seen.label("curve_x_unit"), seen.label("curve_y_unit")
    if found != (form.type, form.x_unit, form.y_unit):
        raise InstrumentError(f"{points.link.name}: curve {in_use} is one of {', '.join(found)}")
    numbers = range(1, round(seen.number("curve_points")) + 1)
    x_pct, y_pct = (tuple(seen.number(f"curve_{axis}_{n}") for n in numbers) for axis in ("x", "y"))
    return x_pct, y_pct
