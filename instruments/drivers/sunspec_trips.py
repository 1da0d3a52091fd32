"""Trip settings of SunSpec models 707 to 710: read, written to the spare set, adopted, and read back.

A must-trip curve of two points is taken as two stages: beyond the first point's level equipment clears within its
time, beyond the second's, which lies farther out, within a shorter one.
"""

from dataclasses import dataclass
from itertools import chain

from instruments.drivers.sunspec_curves import ACTIVE_CURVE, PCT, SPARE_CURVE, await_adoption
from instruments.drivers.sunspec_device import SunSpecDevice
from instruments.errors import InstrumentError
from instruments.readings import Trip, TripKind, TripStage

STAGES = 2
TOLERANCE = {"V": 1e-3, "Hz": 0.01}
"""What may get lost in the scale factors of common equipment, per unit and Hz."""
TOLERANCE_S = 0.011
"""The same for times, s: one step of a hundredth, and what a comparison of decimal fractions may add."""


@dataclass(frozen=True)
class TripModel:
    """Model of a trip, the name of its axis, and what one unit of ours is on that axis."""

    model_id: int
    axis: str
    unit: float


TRIP_MODELS: dict[TripKind, TripModel] = {
    "under_voltage": TripModel(707, "V", PCT),
    "over_voltage": TripModel(708, "V", PCT),
    "under_frequency": TripModel(709, "Hz", 1.0),
    "over_frequency": TripModel(710, "Hz", 1.0),
}


def read_trip(device: SunSpecDevice, kind: TripKind) -> Trip:
    """Read the stages in force; raises InstrumentError for a curve of more or fewer points, or without values."""
    model = TRIP_MODELS[kind]
    block, prefix = device.read(model.model_id), f"Crv[{ACTIVE_CURVE}].MustTrip."
    points = block.number(prefix + "ActPt")
    if points != STAGES:
        raise InstrumentError(f"model {model.model_id} of {device.name} holds {points:g} trip points, not {STAGES}")
    device.require(block, *_names(model, prefix))
    values = [block.number(name) for name in _names(model, prefix)]
    return Trip(TripStage(values[0] / model.unit, values[1]), TripStage(values[2] / model.unit, values[3]))


def adopt_trip(device: SunSpecDevice, kind: TripKind, wanted: Trip) -> int:
    """Write both stages, have the device adopt them, and compare what is then in force; return the model's number.

    Raises InstrumentError when the device does not adopt them, or adopts others.
    """
    model, prefix = TRIP_MODELS[kind], f"Crv[{SPARE_CURVE}].MustTrip."
    values = chain.from_iterable((stage.level * model.unit, stage.time_s) for stage in (wanted.inner, wanted.outer))
    named = dict(zip(_names(model, prefix), values, strict=True))
    device.write(model.model_id, {prefix + "ActPt": STAGES} | named)
    device.write(model.model_id, {"AdptCrvReq": SPARE_CURVE})
    await_adoption(device, model.model_id, f"the {kind.replace('_', '-')} trip")
    held = read_trip(device, kind)
    if not _same(held, wanted, model.axis):
        raise InstrumentError(f"{device.name} was given {wanted} and holds {held}")
    return model.model_id


def _names(model: TripModel, prefix: str) -> list[str]:
    return [f"{prefix}Pt[{number}].{name}" for number in range(1, STAGES + 1) for name in (model.axis, "Tms")]


def _same(held: Trip, wanted: Trip, axis: str) -> bool:
    pairs = ((held.inner, wanted.inner), (held.outer, wanted.outer))
    return all(abs(a.level - b.level) <= TOLERANCE[axis] and abs(a.time_s - b.time_s) <= TOLERANCE_S for a, b in pairs)
