"""Trip settings of emulated equipment: SunSpec models 707 to 710 over OpenDER's two-stage trips.

A must-trip curve goes from the inner stage to the outer one: beyond the first point's value the equipment trips after
its time, beyond the second's after a shorter one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from instruments.emulators.adoption import Adoption
from instruments.emulators.der_model import DerModel
from instruments.emulators.faults import FaultSet
from instruments.emulators.sunspec_image import ModelImage
from instruments.emulators.timing import NEVER_S
from instruments.sunspec.layout import Counts

STAGES, SETS = 2, 2
COUNTS: Counts = (("NPt", STAGES), ("NCrvSet", SETS))
PCT = 100.0


@dataclass(frozen=True)
class TripKind:
    """One trip model: its axis, the OpenDER settings of both stages, and what one unit of the axis is to OpenDER."""

    model_id: int
    axis: str
    settings: tuple[tuple[str, str], tuple[str, str]]
    unit: float
    rising: bool


UNDER_VOLTAGE = TripKind(707, "V", (("UV1_TRIP_V", "UV1_TRIP_T"), ("UV2_TRIP_V", "UV2_TRIP_T")), PCT, rising=False)
OVER_VOLTAGE = TripKind(708, "V", (("OV1_TRIP_V", "OV1_TRIP_T"), ("OV2_TRIP_V", "OV2_TRIP_T")), PCT, rising=True)
UNDER_FREQUENCY = TripKind(709, "Hz", (("UF1_TRIP_F", "UF1_TRIP_T"), ("UF2_TRIP_F", "UF2_TRIP_T")), 1.0, rising=False)
OVER_FREQUENCY = TripKind(710, "Hz", (("OF1_TRIP_F", "OF1_TRIP_T"), ("OF2_TRIP_F", "OF2_TRIP_T")), 1.0, rising=True)
TRIPS = (UNDER_VOLTAGE, OVER_VOLTAGE, UNDER_FREQUENCY, OVER_FREQUENCY)


@dataclass(frozen=True)
class TripDefect:
    """How equipment trips otherwise than it says: share of the time, and how much farther out, per unit and Hz.

    Levels are off once they were set; those that it came with are right.
    """

    time: float = 1.0
    farther: float = 0.0


SOUND = TripDefect()


def trip_defect(faults: FaultSet, time_s: float) -> TripDefect:
    """Return what is wrong with trips at a moment."""
    found = (faults.active(kind, time_s) for kind in ("late-trip", "early-trip"))
    share = next((fault.value for fault in found if fault), SOUND.time)
    never, off = faults.active("does-not-trip", time_s), faults.active("trip-level-off", time_s)
    return TripDefect(time=NEVER_S if never else share, farther=off.value if off else SOUND.farther)


class TripCurve:
    """One trip model of an emulated device, with the defaults that OpenDER has for its category.

    `defect` tells what is wrong with trips at this moment.
    """

    def __init__(
        self, kind: TripKind, model: ModelImage, der: DerModel, defect: Callable[[], TripDefect] = lambda: SOUND
    ) -> None:
        self._kind, self._model, self._der = kind, model, der
        self._defect, self._applied, self._told = defect, SOUND, False
        model.set({f"{kind.axis}_SF": -2, "Tms_SF": -2, "Ena": 1})
        points = ("AdptCrvReq", "AdptCrvRslt")
        self._adoption = Adoption(model, "Crv", points, SETS, self._sound, self._adopted)
        for index in range(1, SETS + 1):
            self._show(self._adoption.prefix(index), index == 1)
        model.refresh, model.on_write = self._adoption.before_read, self._adoption.written

    def advance(self) -> None:
        """Finish an adoption that is under way, and let a defect begin or end."""
        self._adoption.finish()
        if self._defect() != self._applied:
            self._apply()

    def _show(self, prefix: str, read_only: bool) -> None:
        self._model.set({prefix + "ReadOnly": int(read_only)})
        for curve in ("MustTrip.", "MayTrip.", "MomCess."):
            self._model.set({prefix + curve + "ActPt": STAGES if curve == "MustTrip." else 0})
        for number, (value, time) in enumerate(self._kind.settings, start=1):
            place = f"{prefix}MustTrip.Pt[{number}]."
            held, held_s = self._der.setting(value), self._der.setting(time)
            self._model.set({place + self._kind.axis: held * self._kind.unit, place + "Tms": held_s})

    def _stages(self, prefix: str) -> list[tuple[float, float]]:
        places = [f"{prefix}MustTrip.Pt[{number}]." for number in range(1, STAGES + 1)]
        return [(self._model.get(place + self._kind.axis), self._model.get(place + "Tms")) for place in places]

    def _sound(self, prefix: str) -> bool:
        """Judge a set: both stages, the outer one farther away and not slower."""
        if self._model.get(prefix + "MustTrip.ActPt") != STAGES:
            return False
        (inner, inner_s), (outer, outer_s) = self._stages(prefix)
        return (outer >= inner if self._kind.rising else outer <= inner) and 0.0 < outer_s <= inner_s

    def _adopted(self) -> None:
        self._told = True
        self._apply()

    def _apply(self) -> None:
        defect = self._applied = self._defect()
        unit = PCT if self._kind.axis == "V" else 1.0
        farther = defect.farther * unit * (1.0 if self._kind.rising else -1.0) if self._told else 0.0
        for (value, time), (held, held_s) in zip(self._kind.settings, self._stages(self._adoption.active), strict=True):
            self._der.configure(**{value: (held + farther) / self._kind.unit, time: held_s * defect.time})
