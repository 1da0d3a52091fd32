"""The functions of an emulated inverter that IEEE 1547-2018 asks for, each behind its SunSpec model."""

from collections.abc import Callable
from functools import partial
from itertools import chain

from instruments.emulators.curve_defects import CurveDefect
from instruments.emulators.curves import (
    VOLT_VAR,
    VOLT_WATT,
    WATT_VAR,
    Curve,
    CurveControl,
    CurveKind,
)
from instruments.emulators.der_model import DerModel
from instruments.emulators.faults import FaultSet
from instruments.emulators.frequency_droop import COUNTS as DROOP_COUNTS
from instruments.emulators.frequency_droop import DROOP, FrequencyDroop, slope_of
from instruments.emulators.reactive_control import ReactiveControl, reactive_defect
from instruments.emulators.reference_defects import ReferenceDefect, reference_defect
from instruments.emulators.sunspec_image import SunSpecImage
from instruments.emulators.trip_curves import COUNTS as TRIP_COUNTS
from instruments.emulators.trip_curves import TRIPS, TripCurve, TripDefect, trip_defect
from instruments.readings import Nameplate

CURVES = (VOLT_VAR, VOLT_WATT, WATT_VAR)
MODELS = tuple(
    sorted(
        chain(
            ((kind.model_id, kind.counts) for kind in CURVES),
            ((kind.model_id, TRIP_COUNTS) for kind in TRIPS),
            ((DROOP, DROOP_COUNTS),),
        )
    )
)
"""SunSpec models of all functions with the sizes of their groups, in the order of the chain."""
CONTROL_MODES = sum(1 << bit for bit in (0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13))
"""CtrlModes of model 702: W, var and PF commands, volt-var, frequency-watt, watt-var, volt-watt, all trips."""
VOLT_VAR_DEFAULT = {
    "A": Curve((90.0, 100.0, 100.0, 110.0), (25.0, 0.0, 0.0, -25.0), 10.0),
    "B": Curve((92.0, 98.0, 102.0, 108.0), (44.0, 0.0, 0.0, -44.0), 5.0),
}
"""IEEE 1547-2018 Table 8."""
VOLT_WATT_DEFAULT = Curve((106.0, 110.0), (100.0, 0.0), 10.0)
"""IEEE 1547-2018 Table 10 with a minimum power of 0."""
WATT_VAR_DEFAULT = {
    "A": Curve((-100.0, -50.0, -20.0, 20.0, 50.0, 100.0), (25.0, 0.0, 0.0, 0.0, 0.0, -25.0), 0.0),
    "B": Curve((-100.0, -50.0, -20.0, 20.0, 50.0, 100.0), (44.0, 0.0, 0.0, 0.0, 0.0, -44.0), 0.0),
}
"""IEEE 1547-2018 Table 9."""


class GridSupport:
    """Characteristics, droop, trips and commands of reactive power. The modes of reactive power exclude each other."""

    def __init__(
        self,
        image: SunSpecImage,
        der: DerModel,
        nameplate: Nameplate,
        volt_var: bool,
        defect: Callable[[int], CurveDefect],
        time_s: Callable[[], float],
        faults: FaultSet,
        configured: Callable[[], Nameplate],
    ) -> None:
        """Take whether volt-var is on from the start, and what tells of defects of the curve of a model.

        `configured`: the ratings as they are configured now.
        """
        self._faults, self._time_s = faults, time_s
        category = nameplate.category
        self._curves = {
            VOLT_VAR: self._curve(image, der, VOLT_VAR, VOLT_VAR_DEFAULT[category], defect, volt_var),
            VOLT_WATT: self._curve(image, der, VOLT_WATT, VOLT_WATT_DEFAULT, defect),
            WATT_VAR: self._curve(image, der, WATT_VAR, WATT_VAR_DEFAULT[category], defect),
        }

        def trips() -> TripDefect:
            return trip_defect(faults, time_s())

        self._adopting: tuple[CurveControl | TripCurve | FrequencyDroop, ...] = (
            *self._curves.values(),
            *(
                TripCurve(kind, image.model(kind.model_id), der, lambda: trip_defect(faults, time_s()))
                for kind in TRIPS
            ),
            FrequencyDroop(image.model(DROOP), der, lambda: slope_of(faults, time_s())),
        )
        self.reactive = ReactiveControl(
            image.model(704),
            nameplate,
            der,
            self._leave_to_commands,
            lambda: reactive_defect(faults, time_s()),
            configured,
        )

    def advance(self) -> None:
        """Finish adoptions that are under way, and let defects begin or end."""
        for function in self._adopting:
            function.advance()
        self.reactive.advance()

    def _curve(
        self,
        image: SunSpecImage,
        der: DerModel,
        kind: CurveKind,
        default: Curve,
        defect: Callable[[int], CurveDefect],
        on: bool = False,
    ) -> CurveControl:
        model, exclusive = image.model(kind.model_id), partial(self._exclude, kind)
        return CurveControl(kind, model, der, default, on, partial(defect, kind.model_id), exclusive, self._reference)

    def _reference(self) -> ReferenceDefect:
        return reference_defect(self._faults, self._time_s())

    def _exclude(self, chosen: CurveKind) -> None:
        """Switch off what also commands vars; volt-watt commands none."""
        if chosen is VOLT_WATT:
            return
        self.reactive.disable()
        for kind in (VOLT_VAR, WATT_VAR):
            if kind is not chosen:
                self._curves[kind].disable()

    def _leave_to_commands(self) -> None:
        for kind in (VOLT_VAR, WATT_VAR):
            self._curves[kind].disable()
