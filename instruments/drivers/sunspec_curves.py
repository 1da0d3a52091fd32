"""Characteristics of SunSpec models 705, 706 and 712: read, written to a spare curve, adopted, and read back.

SunSpec DER Information Model: curve 1 shows what is in force; another one is written, its number requested, and the
result asked for until the device has made up its mind.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from instruments.drivers.sunspec_device import Block, SunSpecDevice
from instruments.errors import InstrumentError
from instruments.readings import Characteristic

PCT = 100.0
ACTIVE_CURVE, SPARE_CURVE = 1, 2
"""Curve 1 shows what is in force; 2 is the first that can be written."""
IN_PROGRESS, COMPLETED = 0, 1
TOLERANCE_PU, TOLERANCE_S = 1e-3, 0.1
"""What may get lost in the scale factors of common equipment: 0.1 % and 0.1 s."""
HEADER_DEFAULTS = {"VRef": PCT, "VRefAutoEna": 0.0}
"""What a device does that has no such point: its reference voltage is the nominal one, and stays."""
ADOPT_READS = 50
"""Reads of the adopt result before the device is given up."""


@dataclass(frozen=True)
class CurveModel:
    """One function: its model, the names of its axes there, what its response is in per cent of, and its name."""

    model_id: int
    x: str
    y: str
    reference: int
    name: str
    has_response_time: bool = True


VOLT_VAR = CurveModel(705, "V", "Var", 3, "volt-var")
VOLT_WATT = CurveModel(706, "V", "W", 0, "volt-watt")
WATT_VAR = CurveModel(712, "W", "Var", 3, "watt-var", has_response_time=False)
CURVE_MODELS = (VOLT_VAR, VOLT_WATT, WATT_VAR)


def read_curve(device: SunSpecDevice, model: CurveModel) -> Characteristic:
    """Read the characteristic in force, per unit."""
    block, prefix = device.read(model.model_id), f"Crv[{ACTIVE_CURVE}]."
    numbers = range(1, _count(block, prefix + "ActPt") + 1)
    if numbers and f"{prefix}Pt[{numbers[-1]}].{model.x}" not in block.plan.points:
        raise InstrumentError(
            f"the {model.name} curve has {len(numbers)} points, more than model {model.model_id} has room for"
        )
    return Characteristic(
        x_pu=_axis(block, prefix, model.x, numbers),
        y_pu=_axis(block, prefix, model.y, numbers),
        response_s=block.number(prefix + "RspTms") if model.has_response_time else 0.0,
    )


def adopt_curve(
    device: SunSpecDevice, model: CurveModel, wanted: Characteristic, header: Mapping[str, float] | None = None
) -> None:
    """Write a characteristic, have the device adopt it, and compare what is then in force; it is not enabled by that.

    `header`: further points of the curve that have to be so, written where the device holds others. Raises
    InstrumentError when the device has too few points, does not adopt, or adopts another characteristic.
    """
    points = _count(device.read(model.model_id, "ID", "NCrv"), "NPt")
    if len(wanted.x_pu) > points:
        raise InstrumentError(f"{device.name} takes {points} {model.name} points, not {len(wanted.x_pu)}")
    _write(device, model, wanted)
    for name in _differing(device, model, SPARE_CURVE, header or {}):
        device.write(model.model_id, {f"Crv[{SPARE_CURVE}].{name}": (header or {})[name]})
    device.write(model.model_id, {"AdptCrvReq": SPARE_CURVE})
    await_adoption(device, model.model_id, f"the {model.name} curve")
    held = read_curve(device, model)
    if not _same(held, wanted):
        raise InstrumentError(f"{device.name} was given {wanted} and holds {held}")
    if wrong := _differing(device, model, ACTIVE_CURVE, header or {}):
        raise InstrumentError(f"{device.name} does not keep {', '.join(wrong)} of its {model.name} curve")


def _differing(device: SunSpecDevice, model: CurveModel, number: int, header: Mapping[str, float]) -> list[str]:
    """Return the points of a curve's header that the device holds otherwise; raises InstrumentError for one it lacks.

    A device that lacks a point is as good as one that holds its default there.
    """
    if not header:
        return []
    block = device.read(model.model_id)
    held = {name: block.number(f"Crv[{number}].{name}") for name in header}
    if missing := [n for n, value in held.items() if math.isnan(value) and header[n] != HEADER_DEFAULTS.get(n)]:
        raise InstrumentError(f"{device.name} has no {', '.join(missing)} in its {model.name} curve")
    return [n for n, value in held.items() if not math.isnan(value) and abs(value - header[n]) > TOLERANCE_PU * PCT]


def _count(block: Block, name: str) -> int:
    count = block.number(name)
    if math.isnan(count):
        raise InstrumentError(f"model {block.plan.model_id} has no {name}")
    return int(count)


def _axis(block: Block, prefix: str, name: str, numbers: range) -> tuple[float, ...]:
    return tuple(block.number(f"{prefix}Pt[{number}].{name}") / PCT for number in numbers)


def _write(device: SunSpecDevice, model: CurveModel, wanted: Characteristic) -> None:
    prefix = f"Crv[{SPARE_CURVE}]."
    device.write(model.model_id, {prefix + "ActPt": len(wanted.x_pu), prefix + "DeptRef": model.reference})
    if model.has_response_time:
        device.write(model.model_id, {prefix + "RspTms": wanted.response_s})
    points: dict[str, float] = {}
    for number, (x_pu, y_pu) in enumerate(zip(wanted.x_pu, wanted.y_pu, strict=True), start=1):
        points |= {f"{prefix}Pt[{number}].{model.x}": x_pu * PCT, f"{prefix}Pt[{number}].{model.y}": y_pu * PCT}
    device.write(model.model_id, points)


def await_adoption(device: SunSpecDevice, model_id: int, what: str, result_point: str = "AdptCrvRslt") -> None:
    """Ask for the result of an adoption until there is one; raises InstrumentError when it is not that it was done."""
    result = float(IN_PROGRESS)
    for _ in range(ADOPT_READS):
        result = device.read(model_id, "ID", result_point).number(result_point)
        if result != IN_PROGRESS:
            break
    if result != COMPLETED:
        outcome = "still at work on" if result == IN_PROGRESS else "failed to adopt"
        raise InstrumentError(f"{device.name} {outcome} {what}")


def _same(held: Characteristic, wanted: Characteristic) -> bool:
    if len(held.x_pu) != len(wanted.x_pu) or abs(held.response_s - wanted.response_s) > TOLERANCE_S:
        return False
    pairs = zip(held.x_pu + held.y_pu, wanted.x_pu + wanted.y_pu, strict=True)
    return all(abs(a - b) <= TOLERANCE_PU for a, b in pairs)
