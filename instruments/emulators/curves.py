"""Curve models 705 (volt-var), 706 (volt-watt) and 712 (watt-var) of emulated equipment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from instruments.emulators.adoption import Adoption
from instruments.emulators.curve_defects import SOUND, CurveDefect
from instruments.emulators.der_model import DerModel
from instruments.emulators.reference_defects import SOUND as SOUND_REFERENCE
from instruments.emulators.reference_defects import ReferenceDefect
from instruments.emulators.sunspec_image import ModelImage
from instruments.sunspec.layout import Counts

CURVES = 3
PCT = 100.0
AUTONOMOUS_S, LONGEST_AUTONOMOUS_S = 300, 5000
"""Time constant of the autonomous reference voltage, from default, the shortest, to longest, IEEE 1547-2018 Table 8."""
REFERENCES_PCT = (95.0, 105.0)
"""Reference voltages that may be set, IEEE 1547-2018 Table 8, per cent of nominal."""
CURVE_SCALES = {"V_SF": -2, "W_SF": -2, "DeptRef_SF": -2, "RspTms_SF": -1}


@dataclass(frozen=True)
class CurveKind:
    """One curve function: its points on the wire in percent, and in OpenDER in per unit."""

    model_id: int
    x: str
    y: str
    reference: int
    enable: str
    x_settings: tuple[str, ...]
    y_settings: tuple[str, ...]
    response: str | None = None

    @property
    def counts(self) -> Counts:
        """Numbers of points and curves that the emulated equipment has."""
        return ("NPt", len(self.x_settings)), ("NCrv", CURVES)


VOLT_VAR = CurveKind(
    model_id=705,
    x="V",
    y="Var",
    reference=3,
    enable="QV_MODE_ENABLE",
    x_settings=("QV_CURVE_V1", "QV_CURVE_V2", "QV_CURVE_V3", "QV_CURVE_V4"),
    y_settings=("QV_CURVE_Q1", "QV_CURVE_Q2", "QV_CURVE_Q3", "QV_CURVE_Q4"),
    response="QV_OLRT",
)
VOLT_WATT = CurveKind(
    model_id=706,
    x="V",
    y="W",
    reference=0,
    enable="PV_MODE_ENABLE",
    x_settings=("PV_CURVE_V1", "PV_CURVE_V2"),
    y_settings=("PV_CURVE_P1", "PV_CURVE_P2"),
    response="PV_OLRT",
)
WATT_VAR = CurveKind(
    model_id=712,
    x="W",
    y="Var",
    reference=3,
    enable="QP_MODE_ENABLE",
    x_settings=(
        *("QP_CURVE_P3_LOAD", "QP_CURVE_P2_LOAD", "QP_CURVE_P1_LOAD"),
        *("QP_CURVE_P1_GEN", "QP_CURVE_P2_GEN", "QP_CURVE_P3_GEN"),
    ),
    y_settings=(
        *("QP_CURVE_Q3_LOAD", "QP_CURVE_Q2_LOAD", "QP_CURVE_Q1_LOAD"),
        *("QP_CURVE_Q1_GEN", "QP_CURVE_Q2_GEN", "QP_CURVE_Q3_GEN"),
    ),
)


@dataclass(frozen=True)
class Curve:
    """Corner points in percent, and the open-loop response time where the function has one."""

    x_pct: tuple[float, ...]
    y_pct: tuple[float, ...]
    response_s: float


class CurveControl:
    """One curve model of an emulated device.

    `defect` tells what is wrong with the function at this moment, `reference` what is wrong with the reference voltage
    of volt-var; `exclusive` switches off what excludes it.
    """

    def __init__(
        self,
        kind: CurveKind,
        model: ModelImage,
        der: DerModel,
        default: Curve,
        enabled: bool,
        defect: Callable[[], CurveDefect] = lambda: SOUND,
        exclusive: Callable[[], None] = lambda: None,
        reference: Callable[[], ReferenceDefect] = lambda: SOUND_REFERENCE,
    ) -> None:
        self._exclusive = exclusive
        self._reference, self._reference_applied = reference, SOUND_REFERENCE
        self._defect, self._applied = defect, SOUND
        self._kind = kind
        self._model = model
        self._der = der
        scales = {name: exponent for name, exponent in CURVE_SCALES.items() if name in model.layout.points}
        model.set({**scales, "Ena": int(enabled)})
        points = ("AdptCrvReq", "AdptCrvRslt")
        self._adoption = Adoption(model, "Crv", points, CURVES, self._sound, self._apply, self._completes)
        for index in range(1, CURVES + 1):
            self._show(index, default)
        model.refresh, model.on_write = self._adoption.before_read, self._written
        self._apply()

    def disable(self) -> None:
        """Switch the function off, as equipment does when an exclusive function is switched on."""
        self._model.set({"Ena": 0})
        self._apply()

    def advance(self) -> None:
        """Finish an adoption that is under way, and let a defect begin or end."""
        self._adoption.finish()
        if self._defect() != self._applied or self._reference() != self._reference_applied:
            self._apply()

    def _show(self, index: int, curve: Curve) -> None:
        prefix, points = self._adoption.prefix(index), len(curve.x_pct)
        header = {"ActPt": points, "DeptRef": self._kind.reference, "Pri": 1, "VRef": PCT, "RspTms": curve.response_s}
        header |= {"ReadOnly": int(index == 1), "VRefAutoEna": 0, "VRefAutoTms": AUTONOMOUS_S}
        self._model.set({prefix + n: v for n, v in header.items() if prefix + n in self._model.layout.points})
        for number, (x, y) in enumerate(zip(curve.x_pct, curve.y_pct, strict=True), start=1):
            self._model.set({f"{prefix}Pt[{number}].{self._kind.x}": x, f"{prefix}Pt[{number}].{self._kind.y}": y})

    def _written(self, names: frozenset[str]) -> None:
        self._adoption.written(names)
        if "Ena" in names:
            if self._model.get("Ena") == 1:
                self._exclusive()
            self._apply()

    def _completes(self) -> bool:
        return self._defect().adopts

    def _sound(self, prefix: str) -> bool:
        """Judge a shape: all points used, the right reference, rising along x, never rising along y."""
        points = len(self._kind.x_settings)
        if self._model.get(prefix + "ActPt") != points or self._model.get(prefix + "DeptRef") != self._kind.reference:
            return False
        x, y = self._points(prefix, self._kind.x), self._points(prefix, self._kind.y)
        if self._kind is VOLT_VAR and not self._reference_sound(prefix):
            return False
        return list(x) == sorted(x) and list(y) == sorted(y, reverse=True) and max(map(abs, y)) <= PCT

    def _reference_sound(self, prefix: str) -> bool:
        times_s = self._model.get(prefix + "VRefAutoTms")
        return REFERENCES_PCT[0] <= self._model.get(prefix + "VRef") <= REFERENCES_PCT[1] and (
            AUTONOMOUS_S <= times_s <= LONGEST_AUTONOMOUS_S
        )

    def _points(self, prefix: str, name: str) -> tuple[float, ...]:
        return tuple(self._model.get(f"{prefix}Pt[{i}].{name}") for i in range(1, len(self._kind.x_settings) + 1))

    def _apply(self) -> None:
        settings: dict[str, Any] = {self._kind.enable: self._model.get("Ena") == 1}
        active = self._adoption.active
        defect = self._applied = self._defect()
        self._reference_applied = self._reference()
        x, y = defect.bent(self._points(active, self._kind.x), self._points(active, self._kind.y))
        if self._kind is VOLT_VAR:
            moved_pct = self._moved_pct(active)
            x = [point - moved_pct for point in x]
        for names, values in ((self._kind.x_settings, x), (self._kind.y_settings, y)):
            settings |= {name: pct / PCT for name, pct in zip(names, values, strict=True)}
        if self._kind.response is not None:
            settings[self._kind.response] = self._model.get(active + "RspTms") * defect.response
        if self._kind is VOLT_VAR:
            settings |= {
                "QV_VREF": self._model.get(active + "VRef") / PCT,
                "QV_VREF_AUTO_MODE": self._follows(active),
                "QV_VREF_TIME": self._model.get(active + "VRefAutoTms") * self._reference_applied.time,
            }
        self._der.configure(**settings)

    def _follows(self, active: str) -> bool:
        return self._model.get(active + "VRefAutoEna") == 1 and not self._reference_applied.frozen

    def _moved_pct(self, active: str) -> float:
        """OpenDER takes corners as for a reference voltage of 1 and moves them by what the reference differs; undo it.

        On the wire they are per cent of nominal voltage and stand as they are written, whatever the reference.
        """
        return 0.0 if self._reference_applied.shifts else self._model.get(active + "VRef") - PCT
